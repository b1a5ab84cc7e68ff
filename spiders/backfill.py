"""Reading a portal's past, one run a day of it: what `portalwatch backfill` and the DAGs `backfill_…` call."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.config import Settings
from pipelines.errors import WrongUseError
from pipelines.history import UNTOLD
from pipelines.sheet import Sheet
from pipelines.store import runs
from pipelines.store.database import open_store, reading
from spiders import loader
from spiders.job import now

NO_HISTORY = (
    "{slug}: its sheet does not say where the past is listed. Add it, for example\n"
    "  history:\n"
    '    - {{type: listing, url: "https://{host}/news/{{year}}-{{month}}-{{day}}", item: "ul.list li"}}\n'
    "to {path}; " + UNTOLD.replace("{", "{{").replace("}", "}}")
)


class Alerts(StrEnum):
    """What becomes of the matches of a backfill: nobody is told, or everybody once at its end, as late."""

    OFF = "off"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days of a portal's past, both ends included."""

    first: date
    last: date

    def days(self) -> list[date]:
        """Each of them, the oldest first, so that a story's first telling comes first."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def unread(portal: str, span: Span, settings: Settings) -> list[date]:
    """The days of the span that no run has read to the end; WrongUseError where the portal has no history, or a day is not over."""
    sheet = loader.sheet(portal, settings)
    _check(sheet, span, settings)
    with reading(open_store(settings)) as session:
        done = runs.read_days(session, portal)
    return [day for day in span.days() if day not in done]


def backfill(portal: str, day: date, settings: Settings, alerts: Alerts) -> Mapping[str, Any]:
    """Read one day of a portal's past, once in a process. Gives the run's summary, as `crawl` does.

    WrongUseError where the portal has no history, or the day is not over; RunFailed where the day could not be read to its end: the
    next run of the day goes on from there.
    """
    from spiders.crawl import crawl
    from spiders.past import Past

    _check(loader.sheet(portal, settings), Span(first=day, last=day), settings)
    return crawl(portal, settings, Past(day=day, told=alerts is Alerts.LATE))


def _check(sheet: Sheet, span: Span, settings: Settings) -> None:
    if not sheet.history:
        path = settings.config / "portals" / f"{sheet.slug}.yaml"
        raise WrongUseError(NO_HISTORY.format(slug=sheet.slug, host=sheet.hosts[0], path=path))
    today = now().astimezone(ZoneInfo(sheet.timezone)).date()
    if span.first > span.last:
        raise WrongUseError(f"{span.first} is later than {span.last}")
    if span.last >= today:
        raise WrongUseError(
            f"{span.last} is not over where {sheet.slug} is ({sheet.timezone}): {today - timedelta(days=1)} is the last day of its past"
        )
