"""Pages: which identities are known, which are due, and when each is looked at again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.tables import PageRow

Looks = Sequence[timedelta]  # the sheet's ladder of second looks
TRIES = 6  # after failures, each twice as late as the one before
FIRST_RETRY = timedelta(minutes=10)
BATCH = 400
AGAIN = {Outcome.FAILED.value, Outcome.LEFT.value}
ARCHIVED = "archived"  # a kind of mark that says nothing of the state: the first mark of any listing counts as moved


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One identity that a listing (or the ladder) named.

    `mark`, a `kind=value`, moves when the article does: lastmod=… `learned`: it was there before we watched this listing.
    """

    portal: str
    identity: str
    url: str
    mark: str | None = None
    learned: bool = False

    @property
    def key(self) -> str:
        """What the seen-set remembers: this identity in this state."""
        return f"{self.identity}\n{self.mark or ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What a listing means: identities to fetch, and known ones whose kind of mark was not met before."""

    wanted: frozenset[str]
    unmarked: tuple[Found, ...]


def sort(session: Session, found: Sequence[Found], now: datetime) -> Sorted:
    """Tell which of `found` are new, due, failed before, or whose mark moved."""
    rows: dict[str, PageRow] = {}
    for named in _named(found):
        rows |= {row.identity: row for row in session.scalars(select(PageRow).where(named))}
    known = [(each, rows[each.identity]) for each in found if each.identity in rows]
    wanted = {each.identity for each in found if each.identity not in rows} | {each.identity for each, row in known if _due(each, row, now)}
    return Sorted(
        wanted=frozenset(wanted),
        unmarked=tuple(each for each, row in known if each.mark and each.identity not in wanted and _kind(each.mark) not in row.marks),
    )


def met(session: Session, found: Sequence[Found]) -> frozenset[str]:
    """Those of the identities that were ever settled, whatever became of them."""
    return frozenset(identity for named in _named(found) for identity in session.scalars(select(PageRow.identity).where(named)))


def _named(found: Sequence[Found]) -> Iterator[ColumnElement[bool]]:
    """Conditions that find these identities, BATCH at a time. Of pairs of portal and identity SQLite would look through all pages."""
    portals: dict[str, list[str]] = {}
    for each in found:
        portals.setdefault(each.portal, []).append(each.identity)
    for portal, names in portals.items():
        for start in range(0, len(names), BATCH):
            yield (PageRow.portal == portal) & PageRow.identity.in_(names[start : start + BATCH])


def _due(found: Found, row: PageRow, now: datetime) -> bool:
    if row.outcome == Outcome.DENIED:
        return False
    moved = found.mark is not None and (ARCHIVED in row.marks or row.marks.get(_kind(found.mark), found.mark) != found.mark)
    return moved or row.outcome in AGAIN or (row.due_at is not None and row.due_at <= now)


def _kind(mark: str) -> str:
    return mark.partition("=")[0]


def remember_marks(session: Session, found: Sequence[Found]) -> None:
    """Keep marks of a kind that these known identities did not have, so that the next one can be seen to move."""
    for each in found:
        row = session.scalar(select(PageRow).where(PageRow.portal == each.portal, PageRow.identity == each.identity))
        if row is not None and each.mark:
            row.marks = {**row.marks, _kind(each.mark): each.mark}


def due(session: Session, portal: str, now: datetime, limit: int) -> list[Found]:
    """The portal's identities whose time for another look has come, the longest due first."""
    query = select(PageRow).where(PageRow.portal == portal, PageRow.due_at <= now).order_by(PageRow.due_at).limit(limit)
    return [Found(portal=portal, identity=row.identity, url=row.url, learned=row.learned) for row in session.scalars(query)]


def remembered(session: Session, after: int, since: datetime) -> list[PageRow]:
    """The next BATCH pages after the row `after` that were looked at since then and whose addresses count as seen."""
    is_seen = PageRow.outcome.not_in(AGAIN) & (PageRow.looked_at >= since)
    return list(session.scalars(select(PageRow).where(PageRow.id > after, is_seen).order_by(PageRow.id).limit(BATCH)))


def keys_of(row: PageRow) -> list[str]:
    """What the seen-set remembers of a page: its identity without a mark, and in the states that its listings named."""
    return [f"{row.identity}\n{mark}" for mark in ("", *row.marks.values())]


def settle(session: Session, found: Found, outcome: Outcome, now: datetime, looks: Looks, evidence: str | None = None) -> PageRow:
    """Write what became of the identity, and when, by the sheet's `looks`, it is looked at next."""
    row = session.scalar(select(PageRow).where(PageRow.portal == found.portal, PageRow.identity == found.identity))
    if row is None:
        row = PageRow(
            portal=found.portal,
            identity=found.identity,
            url=found.url,
            looks=0,
            failures=0,
            learned=found.learned,
            marks={},
            first_seen_at=now,
        )
        session.add(row)
    elif row.outcome == Outcome.DENIED:
        return row
    elif outcome is Outcome.LEFT:
        row.due_at = now
        row.evidence = evidence if row.outcome == Outcome.LEFT else row.evidence
        return row
    row.outcome, row.looked_at, row.evidence = outcome.value, now, evidence
    if found.mark:
        row.marks = {kind: mark for kind, mark in row.marks.items() if kind != ARCHIVED} | {_kind(found.mark): found.mark}
    if outcome is Outcome.FAILED:
        row.failures += 1
    elif outcome is not Outcome.LEFT:
        row.looks, row.failures = row.looks + 1, 0
    row.due_at = next_look(outcome, row.failures if outcome is Outcome.FAILED else row.looks, now, looks)
    session.flush()
    return row


def is_unread(session: Session, found: Found) -> bool:
    """Whether no crawl has come to an end with the identity: it was never settled, or it failed or was left the last time."""
    query = select(PageRow.outcome).where(PageRow.portal == found.portal, PageRow.identity == found.identity)
    outcome = session.scalar(query)
    return outcome is None or outcome in AGAIN


def came_from_archive(session: Session, found: Found) -> None:
    """Remember that no crawl has read it: its listing may tell of a newer state than the archive's, whatever mark it shows."""
    row = session.scalars(select(PageRow).where(PageRow.portal == found.portal, PageRow.identity == found.identity)).one()
    row.marks = {**row.marks, ARCHIVED: ""}


def forgotten(session: Session, found: Found) -> bool:
    """Whether a person asked us to forget this identity: its row stays as the tombstone."""
    query = select(PageRow.id).where(
        PageRow.portal == found.portal, PageRow.identity == found.identity, PageRow.outcome == Outcome.DENIED.value
    )
    return session.scalar(query) is not None


def next_look(outcome: Outcome, looked: int, now: datetime, looks: Looks) -> datetime | None:
    """When to look again after having looked `looked` times, None for never."""
    if outcome is Outcome.LEFT:
        return now
    if outcome is Outcome.FAILED:
        return now + FIRST_RETRY * 2 ** (looked - 1) if looked < TRIES else None
    return now + looks[looked - 1] if looked <= len(looks) else None
