"""Sheets on disk: the shipped ones, and the operator's own in config/portals/, which win where both have a stem.

Imports no Scrapy, since DAG files read sheets through it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipelines.config import Settings
from pipelines.errors import ConfigError, WrongUseError
from pipelines.sheet import Sheet, read_sheet
from pipelines.text import fold
from pipelines.watch.edits import wanted
from pipelines.watch.nodes import Kind, Term
from pipelines.watch.query import parse
from pipelines.yamlfile import Document, Path_, suggestion

if TYPE_CHECKING:
    from pipelines.watch.topic import Topic
    from pipelines.watch.watchlist import Watchlist

SHIPPED = Path(__file__).with_name("portals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Every sheet that reads, and for each that does not, why."""

    sheets: dict[str, Sheet]
    broken: dict[str, str]


def paths(settings: Settings) -> dict[str, Path]:
    """{slug: file} of the portals that are read, the operator's file where there are two.

    WrongUseError where PORTALWATCH_PORTALS names one that has no sheet.
    """
    found = every_path(settings)
    unknown = [
        f"PORTALWATCH_PORTALS: no portal is called `{slug}`{suggestion(slug, sorted(found))}" for slug in settings.portals - set(found)
    ]
    if unknown:
        raise WrongUseError(sorted(unknown))
    return {slug: path for slug, path in found.items() if slug in settings.portals} if settings.portals else found


def every_path(settings: Settings) -> dict[str, Path]:
    """{slug: file} of all portals that have a sheet, those that PORTALWATCH_PORTALS leaves out with them."""
    own = settings.config / "portals"
    return {path.stem: path for folder in (SHIPPED, own) for path in sorted(folder.glob("*.yaml"))}


def shelf(settings: Settings) -> Shelf:
    """All sheets; a broken one is told, and the others live."""
    sheets, broken = {}, {}
    for slug, path in paths(settings).items():
        try:
            sheets[slug] = read_sheet(path, base=SHIPPED)
        except ConfigError as error:
            broken[slug] = str(error)
    return Shelf(sheets=sheets, broken=broken)


def names(settings: Settings) -> dict[str, str]:
    """What messages call each portal, by slug."""
    return {slug: each.name for slug, each in shelf(settings).sheets.items()}


def sheet(slug: str, settings: Settings) -> Sheet:
    """One portal's sheet; WrongUseError as `path_of`, ConfigError for a broken file."""
    return read_sheet(path_of(slug, settings), base=SHIPPED)


def path_of(slug: str, settings: Settings) -> Path:
    """The file of a portal that is read; WrongUseError for one that is left out, and for an unknown one, with the nearest."""
    known = paths(settings)
    if slug not in known:
        raise WrongUseError(f"{_not_read(slug, settings)} (`portalwatch portals list` shows those that are read)")
    return known[slug]


def _not_read(slug: str, settings: Settings) -> str:
    every = every_path(settings)
    if slug in every:
        return f"the portal `{slug}` is left out by PORTALWATCH_PORTALS"
    return f"no portal is called `{slug}`{suggestion(slug, sorted(every))}"


def unknown_portals(watchlist: "Watchlist", settings: Settings) -> list[str]:
    """A sentence for every portal that a topic names and that is not read: such a topic would wait in silence."""
    return [sentence for _, sentence in _unknown(watchlist, settings)]


def refuse_unknown_portals(watchlist: "Watchlist", settings: Settings) -> None:
    """ConfigError with the place of every portal that a topic names and that is not read."""
    if unknown := list(_unknown(watchlist, settings)):
        document = Document(watchlist.name, watchlist.source[0])
        raise ConfigError([f"{document.where(named.path, offset=named.offset)}: {sentence}" for named, sentence in unknown])


def _unknown(watchlist: "Watchlist", settings: Settings) -> Iterator[tuple["_Named", str]]:
    known = set(paths(settings))
    for topic in watchlist.topics.values():
        for named in _named(topic):
            if named.portal not in known:
                yield named, f"topic `{topic.slug}`: {_not_read(named.portal, settings)}"


class _Named(NamedTuple):
    """A portal as a topic names it, and where."""

    portal: str
    path: Path_
    offset: int = 0


def _named(topic: "Topic") -> Iterator[_Named]:
    for key, portals in (("portals", topic.portals), ("not_portals", topic.not_portals)):
        yield from (_Named(portal, ("topics", topic.slug, key, index)) for index, portal in enumerate(portals))
    for each in wanted(parse(topic.query)) if "portal" in fold(topic.query).text else ():
        if each.field == "portal" and isinstance(each.node, Term) and each.node.kind is not Kind.PREFIX:
            yield _Named(each.node.text, ("topics", topic.slug, "query"), each.node.offset)


def sheet_for(url: str, settings: Settings) -> Sheet | None:
    """The sheet whose portal serves `url`, one that knows it as an article before one that does not; None where no portal does."""
    serving = sheets_for(url, settings)
    return next((each for each in serving if each.identify(url)), serving[0] if serving else None)


def sheets_for(url: str, settings: Settings) -> list[Sheet]:
    """Every sheet whose portal serves `url`: a host may carry several portals."""
    return [each for each in shelf(settings).sheets.values() if each.serves(url)]
