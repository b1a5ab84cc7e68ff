"""stories show and diff: the chain of one story, why each of its tellings belongs to it, and what each changed."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pipelines.config import settings
from pipelines.errors import ConfigError, PortalwatchError
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from portalwatch import reader, show
from portalwatch.commands.stories import stories

if TYPE_CHECKING:
    from pipelines.dedup.altered import Altered
    from pipelines.dedup.chain import Step
    from pipelines.dedup.difference import Change
    from pipelines.store.chains import Names, Told
    from pipelines.store.tables import ArticleRow, Ruling

AROUND = 12
"""Characters of the text on either side of a change."""
Script = Annotated[str | None, typer.Option(metavar="hans|hant", help=reader.HELP)]


def add_to(_app: typer.Typer) -> None:
    """Nothing to hang in: `show` and `diff` belong to the stories."""


@stories.command("show")
def show_story(
    story: Annotated[int, typer.Argument(max=LARGEST, help="The story's number.")],
    diff: Annotated[bool, typer.Option("--diff", help="With what each telling added and cut.")] = False,
    script: Script = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """A story's chain: who had it first, who told it when, what decided that, and what each added and cut.

    Example: `portalwatch stories show 12 --diff`
    """
    reader.in_script("", script)
    with reading(open_store(settings())) as session:
        told = _told(session, story)
        if as_json:
            show.jsonl([_as_json(told, diff)])
            return
        _tell_head(told)
        for number, step in enumerate(told.chain.steps, 1):
            _tell_step(told, number, step, script)
            if diff:
                _tell_diff(told, step.article_id, None, script)
        _tell_relatives(told)


@stories.command("diff")
def diff_story(
    story: Annotated[int, typer.Argument(max=LARGEST, help="The story's number.")],
    article: Annotated[int | None, typer.Argument(max=LARGEST, help="One of its articles; all where it is left out.")] = None,
    against: Annotated[
        int | None, typer.Option(max=LARGEST, help="The article that it is held against; the chain's first where it is left out.")
    ] = None,
    script: Script = None,
) -> None:
    """What a telling added to the first one and cut from it, in one script if you like.

    Example: `portalwatch stories diff 12 31 --script hant`
    """
    reader.in_script("", script)
    with reading(open_store(settings())) as session:
        told = _told(session, story)
        for each in (article, against):
            if each is not None and each not in told.articles:
                raise PortalwatchError(
                    f"article {each} does not tell story {story}; these do: {', '.join(map(str, sorted(told.articles)))}"
                )
        wanted = [step.article_id for step in told.chain.steps] if article is None else [article]
        base = told.chain.steps[0].article_id if against is None else against
        if wanted == [base] and article is None:
            typer.echo(f"story {story} was told once, by article {base}: `portalwatch stories revisions {base}` shows what changed in it")
        for each in wanted:
            if each != base or article is not None:
                typer.echo(f"article {each} against article {base}: {_sentence(told, each, base)}")
                _tell_diff(told, each, base, script)


def _told(session: Any, story: int) -> "Told":
    from pipelines.store.chains import told
    from pipelines.store.rulings import survivor

    found = told(session, story, _names())
    home = survivor(session, story)
    if found is None and home != story:
        raise PortalwatchError(f"story {story} was joined by hand into story {home}: see `portalwatch stories show {home}`")
    if found is None:
        raise PortalwatchError(f"no story has the number {story}; `portalwatch stories list` shows them")
    return found


def _names() -> "Callable[[str], Names]":
    from pipelines.store.chains import Names
    from spiders import loader

    known: dict[str, Names] = {}

    def names(portal: str) -> Names:
        if portal not in known:
            try:
                sheet = loader.sheet(portal, settings())
                own = tuple(filter(None, (sheet.extract.own_publisher, sheet.name)))
                known[portal] = Names(own=own, zone=ZoneInfo(sheet.timezone))
            except ConfigError:
                known[portal] = Names(own=(portal,), zone=ZoneInfo(settings().timezone))
        return known[portal]

    return names


def _tell_head(told: "Told") -> None:
    typer.echo(f"story {told.story.id}: {show.plain(told.story.title)}")
    typer.echo(f"had it first: {show.plain(told.chain.publisher)} ({show.plain(told.chain.why)})")


def _tell_step(told: "Told", number: int, step: "Step", script: str | None) -> None:
    article, telling = told.articles[step.article_id], told.tellings[step.article_id]
    share = f"  {telling.containment:.0%}" if telling.partner_id else ""
    publisher = show.plain("、".join(article.publisher))
    typer.echo(f"\n{number}  {telling.role:<6} article {article.id}  {article.portal}  {publisher}  {_delay(step)}{share}")
    lines = [
        article.title,
        article.url,
        f"published {_published(article)}; first seen {show.plain(article.first_seen_at)}",
        *([f"revision {article.revision}"] if article.revision else []),
        *step.doubts,
        f"why: {telling.why}{f' (by article {telling.partner_id})' if telling.partner_id else ''}",
        *_evidence(telling.evidence, script),
        *([f"against the first: {_sentence(told, article.id, told.chain.steps[0].article_id)}"] if number > 1 else []),
        *(f"also tells a part of story {story}" for story in told.also.get(article.id, ())),
        *([f"by hand on {show.plain(telling.by_hand)}"] if telling.by_hand else []),
    ]
    for line in lines:
        typer.echo(f"   {show.plain(line)}")


def _delay(step: "Step") -> str:
    from pipelines.dedup.chain import told

    if step.after is None:
        return "first"
    sign = "-" if step.after.total_seconds() < 0 else "+"
    return f"{sign}{told(step.after)}" if step.is_exact else f"at most {sign}{told(step.after)}"


def _published(article: "ArticleRow") -> str:
    if article.published_at:
        return show.plain(article.published_at)
    return f"{article.published_on} (a day)" if article.published_on else "at an unknown time"


def _evidence(evidence: dict[str, Any] | None, script: str | None) -> Iterator[str]:
    found = (evidence or {}).get("nearest", evidence)
    if found:
        passages = " ".join(f"「{reader.in_script(passage, script)}」" for passage in found["passages"])
        yield f"{found['shared']} of {found['of']} shingles shared, {found['lead']:.0%} of the lead: {passages}"


def _sentence(told: "Told", article: int, against: int) -> str:
    from pipelines.text import fold, letters

    row, base = told.articles[article], told.articles[against]
    said = [told.altered(article, against).sentence]
    said += ["another headline"] if letters(fold(row.title)) != letters(fold(base.title)) else []
    said += ["the other script"] if {row.script, base.script} == {"Hans", "Hant"} else []
    return ", ".join(said)


def _tell_diff(told: "Told", article: int, against: int | None, script: str | None) -> None:
    row, base = told.articles[article], told.articles[told.chain.steps[0].article_id if against is None else against]
    theirs = (row.script or "").lower() if {row.script, base.script} == {"Hans", "Hant"} else ""
    for line in _diff(told.altered(article, against), row.text, theirs):
        typer.echo(f"     {show.plain(reader.in_script(line, script))}")


def _diff(altered: "Altered", after: str, theirs: str) -> Iterator[str]:
    """Whole paragraphs with - and +, other changes as [-cut-]{+added+}; what was cut from the other text in the script of this one."""
    yield from (f"- {reader.in_script(paragraph, theirs)}" for paragraph in altered.cut)
    yield from (f"+ {paragraph}" for paragraph in altered.added)
    yield from (_shown(change, after, theirs) for change in altered.changes)


def _shown(change: "Change", after: str, theirs: str) -> str:
    start, end = change.at
    before, behind = after[max(0, start - AROUND) : start], after[end : end + AROUND]
    cut = f"[-{reader.in_script(change.cut, theirs)}-]" if change.cut else ""
    added = f"{{+{change.added}+}}" if change.added else ""
    return f"~ …{before}{cut}{added}{behind}…"


def _tell_relatives(told: "Told") -> None:
    if told.related or told.rulings:
        typer.echo("")
    for story, title, link in told.related:
        typer.echo(f"related: story {story} {show.plain(title)} ({link.containment:.0%} with article {link.partner_id})")
    for ruling in told.rulings:
        typer.echo(f"by hand: {_ruled(ruling, told.story.id)}")


def _ruled(ruling: "Ruling", story: int) -> str:
    other = ruling.other_id if ruling.story_id == story else ruling.story_id
    words = f"joined with story {other}" if ruling.verdict == "joined" else f"split from story {other}"
    return f"{words} on {show.plain(ruling.ruled_at)}"


def _as_json(told: "Told", diff: bool) -> dict[str, Any]:
    chain = told.chain
    return {
        "story": told.story.id,
        "title": told.story.title,
        "first_seen_at": told.story.first_seen_at,
        "first": {"publisher": chain.publisher, "why": chain.why, "is_here": chain.is_here},
        "tellings": [_step_as_json(told, step, diff) for step in chain.steps],
        "related": [
            {"story": story, "title": title, "partner": link.partner_id, "containment": link.containment, "why": link.why}
            for story, title, link in told.related
        ],
        "by_hand": [{"verdict": each.verdict, "stories": [each.story_id, each.other_id], "at": each.ruled_at} for each in told.rulings],
    }


def _step_as_json(told: "Told", step: "Step", diff: bool) -> dict[str, Any]:
    article, telling = told.articles[step.article_id], told.tellings[step.article_id]
    altered = told.altered(article.id)
    published: date | None = article.published_at or article.published_on
    return {
        "article": article.id,
        "portal": article.portal,
        "publisher": article.publisher,
        "title": article.title,
        "url": article.url,
        "script": article.script,
        "role": telling.role,
        "published_at": published,
        "first_seen_at": article.first_seen_at,
        "clock": step.moment.clock,
        "after_seconds": None if step.after is None else round(step.after.total_seconds()),
        "after_is_exact": step.is_exact,
        "doubts": step.doubts,
        "containment": telling.containment,
        "partner": telling.partner_id,
        "why": telling.why,
        "evidence": telling.evidence,
        "by_hand": telling.by_hand,
        "also": told.also.get(article.id, []),
        "revision": article.revision,
        "added": len(altered.added),
        "cut": len(altered.cut),
        "changed": len(altered.changes),
        **({"diff": _diff_as_json(altered)} if diff else {}),
    }


def _diff_as_json(altered: "Altered") -> dict[str, Any]:
    changes = [{"cut": each.cut, "added": each.added, "was": each.was, "at": each.at} for each in altered.changes]
    return {"added": altered.added, "cut": altered.cut, "changed": changes}
