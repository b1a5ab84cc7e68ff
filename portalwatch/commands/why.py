"""why: an article's whole way from a listing to a recipient, and where it ended."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from pipelines.config import Settings, settings
from pipelines.errors import ConfigError, PortalwatchError, WrongUseError
from pipelines.sheet import Sheet
from portalwatch import show

if TYPE_CHECKING:
    from pipelines.why.asked import Candidate
    from pipelines.why.stage import Case, Stage

ADDRESS = 80  # characters of an address that are shown
_ADDRESSES = re.compile(r"`[^`]*`|[a-z]+://\S+")
SIGNS = {"yes": ("✓", "green"), "no": ("✗", "red"), "wait": ("…", "yellow"), "note": ("·", "cyan")}


def add_to(app: typer.Typer) -> None:
    """Hang in the command."""
    app.command()(why)


def why(
    reference: Annotated[
        str, typer.Argument(metavar="URL|NUMBER|HEADLINE", help="An address in any form, an article's number, or a headline.")
    ],
    topic: Annotated[str | None, typer.Option(help="Only this topic.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every topic with its clauses, however far it was from a match.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Why an article was told, or was not: every stage from its listing to its recipients, each with its answer, time and evidence.

    Example: `portalwatch why https://www.storm.mg/article/4869000 --topic dprk-russia`
    """
    from pipelines.store.database import open_store, reading
    from pipelines.store.watchlists import running
    from pipelines.why.stage import Case, conclusion
    from pipelines.why.topics import near
    from pipelines.why.walk import walk
    from spiders.job import now

    engine = open_store(settings())
    watchlist = running(engine, settings().compiled if settings().home.is_dir() else None)
    if topic and (watchlist is None or topic not in watchlist.topics):
        from pipelines.yamlfile import suggestion

        known = sorted(watchlist.topics) if watchlist else []
        raise WrongUseError(f"no topic is called `{topic}`{suggestion(topic, known)} in the watchlist that runs")
    with reading(engine) as session:
        sheets, unread = _sheets(settings())
        case = Case(session=session, now=now(), zone=ZoneInfo(settings().timezone), watchlist=watchlist, unread=unread)
        begun = _begun(case, reference.strip(), sheets)
        stages = [*begun, *walk(case, topic, everyone=everyone), *_archived(case)] if case.identity else begun
        if as_json:
            show.jsonl([_object(case, reference, stages, conclusion(stages))])
        else:
            _print(conclusion(stages), stages if topic or everyone else near(stages))


def _begun(case: "Case", reference: str, sheets: Mapping[str, Sheet]) -> "list[Stage]":
    """The first stages, which find out what is meant."""
    from pipelines.why import asked

    if reference.isascii() and reference.isdigit():
        begun = asked.by_number(case, int(reference), sheets)
        if begun is None:
            raise PortalwatchError(f"no article has the number {reference}")
    elif _is_address(reference):
        begun = asked.by_url(case, reference if "://" in reference else f"https://{reference}", sheets)
    else:
        begun = asked.by_number(case, _meant(asked.by_headline(case.session, reference), reference), sheets) or []
    return begun


def _is_address(reference: str) -> bool:
    """Whether it is an address: by its scheme, or since what stands before its first slash is a host's name."""
    host = reference.partition("/")[0]
    return "://" in reference or ("/" in reference and "." in host and host.isascii() and " " not in host)


def _meant(candidates: "Sequence[Candidate]", headline: str) -> int:
    """The article of a headline; wrong use, with what may be meant, where that is not one."""
    if not candidates:
        raise PortalwatchError(f"no stored title is like “{show.plain(headline)}”; its address tells more: `portalwatch why URL`")
    if len(candidates) > 1:
        lines = "\n".join(f"  {each.article}  {each.portal}  {show.plain(each.title)}  {show.plain(each.url)}" for each in candidates)
        raise WrongUseError(f"{len(candidates)} titles are like it; ask for one by its number:\n{lines}")
    return candidates[0].article


def _sheets(settings: Settings) -> tuple[dict[str, Sheet], dict[str, str]]:
    """(every sheet that reads, those of portals that are left out with them; why a portal is not read, by slug)."""
    from pipelines.sheet import read_sheet
    from spiders import loader

    sheets, unread, kept = {}, {}, loader.paths(settings)
    for slug, path in loader.every_path(settings).items():
        try:
            sheets[slug] = read_sheet(path, base=loader.SHIPPED)
        except ConfigError as error:
            unread[slug] = f"its sheet does not read: {error}"
        if slug not in kept:
            unread[slug] = "left out by PORTALWATCH_PORTALS"
    return sheets, unread


def _archived(case: "Case") -> "Iterator[Stage]":
    """That its page lies in the archive, where it gave no article: the proof of what the portal sent."""
    from pipelines.archive import reader
    from pipelines.archive.index import catalogue
    from pipelines.archive.place import open_place
    from pipelines.why.stage import Mark, Stage

    if case.page is None or case.article is not None or not settings().archive:
        return
    known = catalogue(open_place(settings()), case.page.portal, case.page.first_seen_at)
    found = reader.captures(known, case.page.url, case.sheet.identify if case.sheet else None)
    if found:
        says = f"archived {len(found)} times, last on {case.when(found[-1].at)}; `portalwatch archive show {case.page.url}` prints it"
        yield Stage(name="archive", mark=Mark.NOTE, says=says, at=found[-1].at)


def _print(answer: "Stage", stages: "Sequence[Stage]") -> None:
    console = Console()
    if console.is_terminal:
        tree = Tree(_line(answer, bold=True), guide_style="dim")
        for stage in stages:
            _grow(tree, stage)
        console.print(tree)
    else:
        typer.echo("\t".join((SIGNS[answer.mark][0], "answer", _readable(answer.says), "")))
        for stage in stages:
            _tabbed(stage)


def _object(case: "Case", reference: str, stages: "Sequence[Stage]", answer: "Stage") -> dict[str, Any]:
    return {
        "reference": reference,
        "answer": {"stage": answer.name, "answer": str(answer.mark), "says": answer.says},
        "portal": case.portal,
        "identity": case.identity,
        "url": case.url,
        "article": case.article.id if case.article else None,
        "title": case.article.title if case.article else None,
        "stages": [stage.as_json() for stage in stages],
    }


def _grow(tree: Tree, stage: "Stage") -> None:
    branch = tree.add(_line(stage))
    for line in stage.evidence:
        branch.add(Text(_readable(line), style="dim"))
    for each in stage.below:
        _grow(branch, each)


def _line(stage: "Stage", *, bold: bool = False) -> Text:
    sign, colour = SIGNS[stage.mark]
    return Text.assemble((sign, colour), f" {stage.name}: " if not bold else " ", (_readable(stage.says), "bold" if bold else ""))


def _tabbed(stage: "Stage", depth: int = 0) -> None:
    typer.echo("\t".join((SIGNS[stage.mark][0], "  " * depth + stage.name, _readable(stage.says), _readable(" | ".join(stage.evidence)))))
    for each in stage.below:
        _tabbed(each, depth + 1)


def _readable(line: str) -> str:
    """The line for a person, its long addresses clipped in the middle; those of commands are to be copied, and stay."""
    return show.plain(_ADDRESSES.sub(lambda found: found[0] if found[0][0] == "`" else _clipped(found[0]), line))


def _clipped(address: str) -> str:
    return address if len(address) <= ADDRESS else f"{address[: ADDRESS * 2 // 3]}…{address[1 - ADDRESS // 3 :]}"
