"""alerts irrelevant, alerts relevant: what the desk says of an alert, and the exclusion that follows from it."""

import difflib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import ConfigError, PortalwatchError, WrongUseError
from pipelines.store import verdicts
from pipelines.store.database import in_one_transaction, open_store, reading
from portalwatch import show
from portalwatch.commands.alerts import alerts

if TYPE_CHECKING:
    from pipelines.store.recent import Recent
    from pipelines.watch.irrelevant import Case, Exclusion
    from pipelines.watch.readable import Readable
    from pipelines.watch.watchlist import Watchlist

COMPARED = 1000  # other alerts of the topic that an exclusion is tried on

Named = Annotated[str, typer.Argument(metavar="MESSAGE|ALERT", help="A message's id, or an alert's number.")]
OneTopic = Annotated[str | None, typer.Option(help="Only this topic of the message.")]


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `alerts`."""
    alerts.command("irrelevant")(irrelevant)
    alerts.command("relevant")(relevant)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What follows from a verdict on one topic. `take` is the exclusion that is taken, `text` the watchlist with it."""

    topic: str
    article: "Recent"
    exclusions: "list[Exclusion]"
    compared: int
    take: "Exclusion | None"
    sample: str | dict[str, str] | None
    before: str
    text: str

    @property
    def patch(self) -> str:
        """The change of the watchlist's file, as a unified diff."""
        name = str(settings().watchlist)
        lines = difflib.unified_diff(self.before.splitlines(), self.text.splitlines(), name, name, lineterm="", n=2)
        return "\n".join(lines)


def irrelevant(
    name: Named,
    because: Annotated[str | None, typer.Option(metavar="WORD", help="The word that is to blame.")] = None,
    topic: OneTopic = None,
    take: Annotated[int | None, typer.Option(min=1, help="Which proposal; the first where it is left out.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Change the watchlist's file, once it is checked with the change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines, one a topic.")] = False,
) -> None:
    """An alert was not relevant: remember it, and propose an exclusion that keeps the others, with the article as a sample.

    Example: `portalwatch alerts irrelevant 17 --because 足球`
    """
    for row in _judged(name, topic, because, relevant=False):
        answer = _answer(row, because, take)
        if write:
            _write(answer, is_chosen=take is not None)
        if as_json:
            show.jsonl([_line(answer, written=write)])
        else:
            typer.echo("\n".join(_sentences(answer, name, written=write)))


def relevant(name: Named, topic: OneTopic = None) -> None:
    """An alert was relevant after all: take an earlier verdict back.

    Example: `portalwatch alerts relevant 17`
    """
    for row in _judged(name, topic, None, relevant=True):
        typer.echo(f"{row.topic}: article {row.article_id} counts as relevant; a sample in the watchlist is yours to remove")


def _judged(name: str, topic: str | None, because: str | None, *, relevant: bool) -> list[Any]:
    """One alert for each topic that was judged; the verdicts are kept."""
    from spiders.job import now

    with reading(open_store(settings())) as session:
        found = [row for row in verdicts.alerts_named(session, name) if topic in (None, row.topic)]
        session.expunge_all()
    rows = list({row.topic: row for row in found}.values())
    if not rows:
        raise WrongUseError(f"`{name}` says nothing about the topic `{topic}`")
    if len({row.article_id for row in found}) > 1:
        raise WrongUseError(f"`{name}` tells several articles; name one alert: `portalwatch alerts list --message {name}` shows them")

    def keep(session: Any) -> None:
        for row in rows:
            verdicts.remember(session, row, because, now(), relevant=relevant)

    in_one_transaction(open_store(settings()), keep)
    return rows


def _answer(row: Any, because: str | None, take: int | None) -> _Answer:
    from pipelines.watch.irrelevant import exclusions, sample_of
    from pipelines.watch.patch import patched

    read = _watchlist(before := _source(settings().watchlist))
    if row.topic not in read.topics:
        raise PortalwatchError(f"{settings().watchlist}: no topic is called `{row.topic}` any more; the verdict is kept")
    with reading(open_store(settings())) as session:
        (article, text), told = verdicts.article_of(session, row), list(verdicts.others(session, row, COMPARED))
    case = _case(read, row.topic, text, told)
    found = exclusions(read.aliases, case, because) if _matches(read, case) else []
    if take is not None and take > len(found):
        raise WrongUseError(f"there are {len(found)} proposals, no number {take}")
    chosen = found[(take or 1) - 1] if found else None
    sample = sample_of(read.aliases, case, chosen) if chosen or not _matches(read, case) else None
    query = chosen.query if chosen else case.asked.query
    after = patched(str(settings().watchlist), before, row.topic, query, sample) if chosen or sample else before
    return _Answer(
        topic=row.topic,
        article=article,
        exclusions=found,
        compared=len(case.others),
        take=chosen,
        sample=sample,
        before=before,
        text=after,
    )


def _case(read: "Watchlist", topic: str, article: "Readable", told: "list[Readable]") -> "Case":
    """The article beside those alerts that the present query still takes: the others are lost already."""
    from pipelines.watch.irrelevant import Case
    from pipelines.watch.trials import Trials
    from portalwatch.commands.lint import asked_of

    asked = asked_of(read)[topic]
    trials = Trials(read.aliases, [asked])
    return Case(asked=asked, article=article, others=[each for each in told if trials.hits(each)], must_match=read.topics[topic].must_match)


def _matches(read: "Watchlist", case: "Case") -> bool:
    from pipelines.watch.trials import Trials

    return bool(Trials(read.aliases, [case.asked]).hits(case.article))


def _source(path: Path) -> str:
    """The file as it stands, its line breaks too."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None


def _watchlist(text: str) -> "Watchlist":
    """The watchlist of a text, checked whole as `topics check` does."""
    from pipelines.watch.watchlist import Watchlist
    from spiders import loader

    aliases, path = settings().aliases, settings().watchlist
    read = Watchlist.from_text(text, str(path), _source(aliases) if aliases.exists() else "", aliases_name=str(aliases))
    loader.refuse_unknown_portals(read, settings())
    return read


def _write(answer: _Answer, *, is_chosen: bool) -> None:
    """Change the file, all of it or nothing."""
    path = settings().watchlist.resolve()
    if answer.text == answer.before:
        raise PortalwatchError(f"{path}: nothing to write; name the word that is to blame with --because")
    if answer.take is not None and answer.take.lost and not is_chosen:
        raise PortalwatchError(f"{path}: not written: it would also lose {_lost(answer, answer.take)}; say --take 1 if that is meant")
    _watchlist(answer.text)
    if _source(path) != answer.before:
        raise PortalwatchError(f"{path}: changed meanwhile; not written")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(answer.text)
        shutil.copymode(path, draft)
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise PortalwatchError(f"{path}: cannot be written: {error.strerror}") from None


def _sentences(answer: _Answer, name: str, *, written: bool) -> Iterator[str]:
    yield show.plain(f"{answer.topic}: 「{answer.article.title}」 counts as not relevant (undo: `portalwatch alerts relevant {name}`)")
    if not answer.exclusions:
        done = "the query does not match it" if answer.sample else "no exclusion keeps it out alone; name the word with --because"
        yield f"  {done}"
    for number, each in enumerate(answer.exclusions, 1):
        yield show.plain(f"  {number}. {each.query}") + f"   (would also lose {_lost(answer, each)})"
    if answer.text != answer.before:
        yield (f"written to {settings().watchlist}:" if written else "the change, which --write makes:")
        yield from (show.plain(line) for line in answer.patch.splitlines())


def _lost(answer: _Answer, exclusion: "Exclusion") -> str:
    return f"{exclusion.lost} of {answer.compared} alerts"


def _line(answer: _Answer, *, written: bool) -> dict[str, Any]:
    proposals = [{"query": each.query, "words": each.words, "lost": each.lost, "of": answer.compared} for each in answer.exclusions]
    return {
        "topic": answer.topic,
        "article": answer.article.id,
        "title": answer.article.title,
        "proposals": proposals,
        "query": answer.take.query if answer.take else None,
        "sample": answer.sample,
        "patch": answer.patch,
        "written": written,
    }
