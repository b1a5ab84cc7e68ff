"""The past that topics are asked about on the command line, and the watchlists that are asked."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipelines.config import settings
from pipelines.errors import ConfigError, WrongUseError

if TYPE_CHECKING:
    from pipelines.store.scan import Span
    from pipelines.watch.watchlist import Watchlist

Days = Annotated[int, typer.Option(min=1, max=3650, help="How many days back.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Slug = Annotated[str | None, typer.Option("--portal", metavar="SLUG", help="Only articles of this portal.")]


def span(days: int, portal: str | None = None) -> "Span":
    """The last days, of a portal or all."""
    from pipelines.store.scan import Span

    present = datetime.now(UTC)
    return Span(since=present - timedelta(days=days), until=present, portal=portal)


def day(moment: datetime) -> date:
    """The day in the zone of the settings."""
    return moment.astimezone(ZoneInfo(settings().timezone)).date()


def chosen(path: Path | None) -> Path:
    """The watchlist that the command line names, or that of the configuration; WrongUseError where the one named is not there."""
    if path and not path.exists():
        raise WrongUseError(f"{path}: no such file; the configuration's is {settings().watchlist}")
    return path or settings().watchlist


def of_file(path: Path) -> "Watchlist":
    """The watchlist in a file; a bad one is wrong use, since there is nothing to ask about."""
    from pipelines.watch.watchlist import load_watchlist

    aliases = path.with_name("aliases.yaml")
    try:
        return load_watchlist(path, aliases if aliases.exists() else None, shelf=settings().compiled)
    except ConfigError as error:
        raise WrongUseError(error.problems) from None
