"""Pages: which identities are known, which are due, and when each is looked at again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.tables import PageRow

LADDER = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 72))  # second looks, for revisions and comments
TRIES = 6  # after failures, each twice as late as the one before
FIRST_RETRY = timedelta(minutes=10)
BATCH = 400
AGAIN = {Outcome.FAILED.value, Outcome.LEFT.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One identity that a listing (or the ladder) named. `mark` moves when the article does: lastmod, comment count."""

    portal: str
    identity: str
    url: str
    mark: str | None = None

    @property
    def key(self) -> str:
        """What the seen-set remembers: this identity in this state."""
        return f"{self.identity}\n{self.mark or ''}"


def to_fetch(session: Session, found: Sequence[Found], now: datetime) -> set[str]:
    """The identities among `found` that are new, due, failed before, or whose mark moved."""
    rows: dict[str, tuple[str | None, str, datetime | None]] = {}
    for start in range(0, len(found), BATCH):
        some = found[start : start + BATCH]
        query = select(PageRow.identity, PageRow.mark, PageRow.outcome, PageRow.due_at).where(
            tuple_(PageRow.portal, PageRow.identity).in_([(each.portal, each.identity) for each in some])
        )
        rows |= {identity: (mark, outcome, due) for identity, mark, outcome, due in session.execute(query)}
    return {each.identity for each in found if each.identity not in rows or _due(each, rows[each.identity], now)}


def _due(found: Found, row: tuple[str | None, str, datetime | None], now: datetime) -> bool:
    mark, outcome, due = row
    if outcome == Outcome.DENIED:
        return False
    return outcome in AGAIN or (due is not None and due <= now) or (found.mark is not None and mark is not None and found.mark != mark)


def due(session: Session, portal: str, now: datetime, limit: int) -> list[Found]:
    """The portal's identities whose time for another look has come, the longest due first."""
    query = select(PageRow).where(PageRow.portal == portal, PageRow.due_at <= now).order_by(PageRow.due_at).limit(limit)
    return [Found(portal=portal, identity=row.identity, url=row.url, mark=row.mark) for row in session.scalars(query)]


def settle(session: Session, found: Found, outcome: Outcome, now: datetime, evidence: str | None = None) -> PageRow:
    """Write what became of the identity, and when it is looked at next."""
    row = session.scalar(select(PageRow).where(PageRow.portal == found.portal, PageRow.identity == found.identity))
    if row is None:
        row = PageRow(portal=found.portal, identity=found.identity, url=found.url, looks=0, first_seen_at=now)
        session.add(row)
    row.outcome, row.looked_at, row.evidence = outcome.value, now, evidence
    row.mark = found.mark if found.mark is not None else row.mark
    if outcome is not Outcome.LEFT:
        row.looks += 1
    row.due_at = next_look(outcome, row.looks, now)
    session.flush()
    return row


def forgotten(session: Session, found: Found) -> bool:
    """Whether a person asked us to forget this identity: its row stays as the tombstone."""
    query = select(PageRow.id).where(
        PageRow.portal == found.portal, PageRow.identity == found.identity, PageRow.outcome == Outcome.DENIED.value
    )
    return session.scalar(query) is not None


def next_look(outcome: Outcome, looks: int, now: datetime) -> datetime | None:
    """When to look again after `looks` looks, None for never."""
    if outcome is Outcome.LEFT:
        return now
    if outcome is Outcome.FAILED:
        return now + FIRST_RETRY * 2 ** (looks - 1) if looks < TRIES else None
    return now + LADDER[looks - 1] if looks <= len(LADDER) else None
