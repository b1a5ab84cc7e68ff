"""Incidents: opened by a sign, told once and again until mended or acknowledged, closed when the sign is gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.errors import PortalwatchError
from pipelines.store.tables import Incident

AGAIN = timedelta(days=1)
"""After which ops hear again of what was neither mended nor acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ailment:
    """What ails a subject now. `is_told`: it lasted long enough for ops to hear of it. `evidence` as of Incident."""

    slot: str
    kind: str
    since: datetime
    evidence: dict[str, Any]
    is_told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An incident of which ops hear now; `event` is incident or mended."""

    incident: Incident
    event: str


def note(session: Session, what: str, name: str, ailments: Sequence[Ailment], now: datetime) -> list[Change]:
    """Bring the incidents of a subject up to what ails it now; gives those of which ops hear, which counts as told."""
    known = {row.slot: row for row in open_incidents(session, what, name)}
    present = {each.slot: each for each in ailments}
    mended = [_mended(row, now) for slot, row in known.items() if slot not in present]
    told = [_told(_row(session, (what, name), known.get(slot), each, now), each, now) for slot, each in present.items()]
    session.flush()
    return [change for change in (*mended, *told) if change]


def as_told(row: Incident) -> Ailment:
    """The same ailment, as it was told last."""
    return Ailment(slot=row.slot, kind=row.kind, since=row.since, evidence=row.evidence, is_told=row.told_at is not None)


def open_incidents(session: Session, what: str | None = None, name: str | None = None) -> list[Incident]:
    """Those that are not mended, oldest first; all, or of one subject."""
    query = select(Incident).where(Incident.mended_at.is_(None)).order_by(Incident.since, Incident.id)
    query = query.where(Incident.what == what) if what else query
    return list(session.scalars(query.where(Incident.name == name) if name else query))


def acknowledge(session: Session, number: int, now: datetime) -> Incident:
    """Ops know: nothing more is told but that it is mended. PortalwatchError where no open incident has the number."""
    row = _open(session, number)
    row.acked_at = now
    return row


def snooze(session: Session, number: int, until: datetime) -> Incident:
    """Nothing is told before then, but that it is mended. PortalwatchError as above."""
    row = _open(session, number)
    row.snoozed_until = until
    return row


def _open(session: Session, number: int) -> Incident:
    row = session.get(Incident, number)
    if row is None or row.mended_at is not None:
        raise PortalwatchError(f"no open incident has the number {number}; `portalwatch health` shows them")
    return row


def _mended(row: Incident, now: datetime) -> Change | None:
    row.mended_at = now
    return Change(incident=row, event="mended") if row.told_at else None


def _row(session: Session, subject: tuple[str, str], row: Incident | None, each: Ailment, now: datetime) -> Incident:
    if row is None:
        what, name = subject
        row = Incident(what=what, name=name, slot=each.slot, kind=each.kind, since=each.since, evidence=each.evidence, opened_at=now)
        session.add(row)
    row.kind, row.since, row.evidence = each.kind, min(row.since, each.since), each.evidence
    return row


def _told(row: Incident, each: Ailment, now: datetime) -> Change | None:
    rests = row.acked_at is not None or (row.snoozed_until is not None and row.snoozed_until > now)
    if not each.is_told or rests or (row.told_at is not None and now - row.told_at < AGAIN):
        return None
    row.told_at = now
    return Change(incident=row, event="incident")
