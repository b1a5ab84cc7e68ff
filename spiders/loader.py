"""Sheets on disk: the shipped ones, and the operator's own in config/portals/, which win where both have a stem.

Imports no Scrapy, since DAG files read sheets through it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.sheet import Sheet, read_sheet
from pipelines.yamlfile import suggestion

if TYPE_CHECKING:
    from pipelines.watch.watchlist import Watchlist

SHIPPED = Path(__file__).with_name("portals")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Every sheet that reads, and for each that does not, why."""

    sheets: dict[str, Sheet]
    broken: dict[str, str]


def paths(settings: Settings) -> dict[str, Path]:
    """{slug: file} of the portals that are read, the operator's file where there are two.

    ConfigError where PORTALWATCH_PORTALS names one that has no sheet.
    """
    own = settings.config / "portals"
    found = {path.stem: path for folder in (SHIPPED, own) for path in sorted(folder.glob("*.yaml"))}
    unknown = [
        f"PORTALWATCH_PORTALS: no portal is called `{slug}`{suggestion(slug, sorted(found))}" for slug in settings.portals - set(found)
    ]
    if unknown:
        raise ConfigError(sorted(unknown))
    return {slug: path for slug, path in found.items() if slug in settings.portals} if settings.portals else found


def shelf(settings: Settings) -> Shelf:
    """All sheets; a broken one is told, and the others live."""
    sheets, broken = {}, {}
    for slug, path in paths(settings).items():
        try:
            sheets[slug] = read_sheet(path, base=SHIPPED)
        except ConfigError as error:
            broken[slug] = str(error)
    return Shelf(sheets=sheets, broken=broken)


def sheet(slug: str, settings: Settings) -> Sheet:
    """One portal's sheet; ConfigError for an unknown slug, with the nearest one, or for a broken file."""
    known = paths(settings)
    if slug not in known:
        raise ConfigError(f"no portal is called `{slug}`{suggestion(slug, sorted(known))}; `portalwatch portals list` shows them")
    return read_sheet(known[slug], base=SHIPPED)


def unknown_portals(watchlist: "Watchlist", settings: Settings) -> list[str]:
    """A sentence for every portal that a topic names and no sheet describes: such a topic would wait in silence."""
    known = set(paths(settings))
    return [
        f"topic `{topic.slug}`: no portal is called `{portal}`{suggestion(portal, sorted(known))}"
        for topic in watchlist.topics.values()
        for portal in topic.portals
        if portal not in known
    ]


def sheet_for(url: str, settings: Settings) -> Sheet | None:
    """The sheet whose portal serves `url`, None where no portal does."""
    return next((each for each in shelf(settings).sheets.values() if each.serves(url)), None)
