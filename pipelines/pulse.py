"""The dead man inside: what should have happened by now and did not. A stopped scheduler cannot tell of itself, a cron job can ask."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import croniter
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.health.words import shown
from pipelines.heartbeat import HEARTBEAT
from pipelines.sheet import Sheet
from pipelines.store import beats
from pipelines.store.database import open_store, reading
from pipelines.store.tables import AlertRow, Run

GRACE = timedelta(minutes=10)
TICKS = 3  # that may be missed in a row
OVERDUE = timedelta(minutes=30)
ROUNDS: Mapping[str, timedelta] = {
    "deliver": timedelta(minutes=2),
    "health": timedelta(minutes=15),
    "canary": timedelta(minutes=30),
    "upkeep": timedelta(days=1),
}
"""How often each part of the house does its round, as the DAGs have it. One that never did is not missed: not everybody runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A part that has not been heard of for too long, or whose last round went wrong."""

    part: str
    how: str


def told(settings: Settings, sheets: Mapping[str, Sheet]) -> list[Silence]:
    """What is too quiet now; nothing where the store does not answer, which others tell."""
    try:
        with reading(open_store(settings)) as session:
            return silences(session, sheets, datetime.now(UTC))
    except (PortalwatchError, SQLAlchemyError):
        return []


def silences(session: Session, sheets: Mapping[str, Sheet], now: datetime) -> list[Silence]:
    """Everything that is too quiet at `now`."""
    return [*_crawls(session, sheets, now), *_rounds(session, now), *_outbox(session, now)]


def _crawls(session: Session, sheets: Mapping[str, Sheet], now: datetime) -> Iterator[Silence]:
    newest = session.scalar(select(func.max(Run.started_at)).where(Run.history.is_(None), Run.portal.in_(sheets)))
    if newest is None or not sheets:
        return
    usual = min(gap(sheet, now) for sheet in sheets.values())
    if now - newest > TICKS * usual + GRACE:
        yield Silence(part="crawls", how=f"no portal was crawled since {_at(newest)}; {_plain(usual)} is usual: does the scheduler run?")


def _rounds(session: Session, now: datetime) -> Iterator[Silence]:
    for part, beat in beats.all_known(session).items():
        usual = ROUNDS.get(part)
        if usual is not None and now - beat.at > TICKS * usual + GRACE:
            yield Silence(part=part, how=f"did no round since {_at(beat.at)}; {_plain(usual)} is usual: does the scheduler run?")
        elif part in (*ROUNDS, HEARTBEAT) and beat.failing_since is not None:
            yield Silence(part=part, how=f"fails since {_at(beat.failing_since)}: {_why(beat)}")


def _outbox(session: Session, now: datetime) -> Iterator[Silence]:
    due = session.scalar(select(func.min(AlertRow.next_try_at)).where(AlertRow.state.in_(("owed", "retrying"))))
    if due is not None and now - due > OVERDUE:
        yield Silence(part="outbox", how=f"alerts are due since {_at(due)} and nobody sends them: does `deliver` run?")


def gap(sheet: Sheet, now: datetime) -> timedelta:
    """Between the last two times at which the portal's crawl was due."""
    if seconds := sheet.interval():
        return timedelta(seconds=seconds)
    ticks = croniter(sheet.schedule, now)
    last: datetime = ticks.get_prev(datetime)
    before: datetime = ticks.get_prev(datetime)
    return last - before


def _why(beat: beats.Beat) -> str:
    if beat.told.get("broken"):
        return f"{beat.told['broken']} was not reached: {beat.told.get('why')}"
    return str(beat.told.get("why") or "no reason was kept")


def _at(time: datetime) -> str:
    return shown(time)


def _plain(usual: timedelta) -> str:
    minutes = int(usual.total_seconds()) // 60
    return "once a minute" if minutes <= 1 else f"every {minutes} minutes" if minutes < 60 else f"every {minutes // 60} h"
