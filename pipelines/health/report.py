"""How portals and topics fare now, for the table, the daily roll-up and a digest's foot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.health.look import Look
from pipelines.health.past import REACH
from pipelines.health.rhythm import DAY, Band, band_of, found_in, usual_day
from pipelines.health.words import lasted, stamp
from pipelines.store.incidents import open_incidents
from pipelines.store.tables import Incident, Match, Run

LIVELY = timedelta(days=7)
"""A portal without a run for so long is not one that is watched."""
QUIET = 3.0
"""Matches that were to be expected, from which on a topic without any is quiet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fare:
    """How a portal fares: what its last day and its last run brought against what they usually do, and what ails it."""

    portal: str
    day: int
    usual_day: Band | None
    run: int | None
    usual_run: Band | None
    newest: datetime | None
    ailments: tuple[str, ...]
    good: bool


def fare_of(portal: str, looks: Sequence[Look], incidents: Sequence[Incident], now: datetime) -> Fare:
    """The portal by its past and its open incidents."""
    told = [row for row in incidents if row.told_at]
    last = looks[-1] if looks else None
    return Fare(
        portal=portal,
        day=found_in(looks, now),
        usual_day=usual_day(looks, now),
        run=last.new if last else None,
        usual_run=band_of(looks[:-1], last.at) if last else None,
        newest=next((look.at for look in reversed(looks) if look.new), None),
        ailments=tuple(f"{row.kind} since {stamp(row.since)}" for row in incidents),
        good=not any(row.slot == "blind" for row in told),
    )


def coverage(session: Session, now: datetime) -> str:
    """Who is blind: `all 6 portals healthy`, or `2 of 6 portals blind since Tue 2026-11-24 14:10 (storm_mg, park6)`."""
    seen = select(Run.portal).where(Run.started_at >= now - LIVELY, Run.history.is_(None)).distinct()
    watched = set(session.scalars(seen))
    blind = {row.name: row.since for row in open_incidents(session, "portal") if row.slot == "blind" and row.told_at}
    return covered(len(watched | blind.keys()), blind)


def covered(portals: int, blind: Mapping[str, datetime]) -> str:
    """The line of `coverage`, of that many portals, those of `blind` since when."""
    if not blind:
        return "no portal is watched" if not portals else "1 portal healthy" if portals == 1 else f"all {portals} portals healthy"
    names = ", ".join(sorted(blind)[:5]) + (", …" if len(blind) > 5 else "")
    return f"{len(blind)} of {portals} portals blind since {stamp(min(blind.values()))} ({names})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A topic for which nothing matched since `last`, and how many matches a day are usual."""

    topic: str
    last: datetime
    a_day: float

    def told(self, now: datetime, coverage: str) -> str:
        """`quiet for 3 days, usually 2 a day; all 6 portals healthy`."""
        usual = f"{self.a_day:.0f} a day" if self.a_day >= 1 else f"one in {1 / self.a_day:.0f} days"
        return f"quiet for {lasted(now - self.last)}, usually {usual}; {coverage}"


def quiet_topics(session: Session, topics: Sequence[str], now: datetime) -> list[Quiet]:
    """The topics in whose silence QUIET matches or more were to be expected by their own past, the longest silence first."""
    query = (
        select(Match.topic, func.count(), func.min(Match.matched_at), func.max(Match.matched_at))
        .where(Match.matched_at >= now - REACH, Match.learned.is_(False))
        .group_by(Match.topic)
    )
    wanted, found = set(topics), []
    for topic, count, first, last in session.execute(query):
        a_day = count / max((last - first) / DAY, 1.0)
        if topic in wanted and count > QUIET and (now - last) / DAY * a_day >= QUIET and now - last >= DAY:
            found.append(Quiet(topic=topic, last=last, a_day=a_day))
    return sorted(found, key=lambda each: each.last)
