"""How portals fare now, for the table, the daily roll-up, and whoever says who is blind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.coverage import Coverage
from pipelines.health.look import Look
from pipelines.health.rhythm import Band, band_of, found_in, usual_day
from pipelines.health.words import stamp
from pipelines.store.tables import Incident


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


def covered(seen: Coverage | None) -> str:
    """Who is blind: `all 6 portals healthy`, or `2 of 6 portals blind since Tue 2026-11-24 14:10 (storm_mg, park6)`; and who is not
    blind, or not for long enough to be told, but failed: `the last run of 1 of 6 portals failed (dw_zh)`."""
    if seen is None:
        return "no portal is watched"
    if not seen.is_judged:
        return f"who of {seen.portals} portals is blind is not known: health never looked (`portalwatch health look`)"
    told = []
    if seen.blind and seen.since is not None:
        told.append(f"{len(seen.blind)} of {seen.portals} portals blind since {stamp(seen.since)} ({_names(seen.blind)})")
    if seen.failed:
        told.append(f"the last run of {len(seen.failed)} of {seen.portals} portals failed ({_names(seen.failed)})")
    return "; ".join(told) or ("1 portal healthy" if seen.portals == 1 else f"all {seen.portals} portals healthy")


def _names(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
