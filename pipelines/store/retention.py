"""Ageing carried out: in short transactions that may be cut off anywhere, with a proof by count that nothing younger went."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, and_, func, select, tuple_
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.ageing import Kept, Rule, rules
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Revision, Shingle, Silenced

BATCH = 100
"""Rows of a transaction: with an article go some hundreds of others."""
Tell = Callable[[str, int, int], None]
"""Told after each transaction: the table, how many of its rows are gone, of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What goes of one table of one portal, the oldest and the newest of it, and what stays. `portal`: a host for days of requests."""

    table: str
    portal: str
    goes: int
    oldest: datetime | date | None
    newest: datetime | date | None
    stays: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Aged:
    """What went of a table. Rows that the rule had to leave: `before` it began, of them what arrived since, and `after`."""

    table: str
    gone: int
    before: int = 0
    arrived: int = 0
    after: int = 0

    @property
    def missing(self) -> int:
        """Rows that the rule had to leave, and that are not there any more."""
        return max(0, self.before + self.arrived - self.after)


def plan(on: Engine, kept: Kept, now: datetime) -> Iterator[Line]:
    """What would go, by table and portal; what goes with articles comes after them."""
    with reading(on) as session:
        for rule in rules(kept, now, on.dialect.name):
            yield from _lines(session, rule)
            if rule.table is ArticleRow:
                for table, name in (
                    (Revision, "revisions"),
                    (Match, "matches"),
                    (AlertRow, "alerts"),
                    (Silenced, "silenced"),
                    (Shingle, "index"),
                ):
                    yield from _with_articles(session, rule, table, name)


def age_out(on: Engine, kept: Kept, now: datetime, tell: Tell = lambda *_: None) -> list[Aged]:
    """Remove what goes; killed anywhere and begun again, it goes on."""
    return [_carried_out(on, rule, now, tell) for rule in rules(kept, now, on.dialect.name)]


def losses(on: Engine, aged: Sequence[Aged], since: datetime) -> list[str]:
    """A sentence for each table of which younger rows are missing; none where somebody asked us to forget something meanwhile."""
    with reading(on) as session:
        forgotten = select(PageRow.id).where(PageRow.outcome == Outcome.DENIED.value, PageRow.looked_at >= since)
        if session.scalar(forgotten.limit(1)) is not None:
            return []
    return [
        f"retention: {each.missing} {each.table} are missing that were not old enough to go"
        f" (there were {each.before}, {each.arrived} arrived, {each.after} are there): restore the database, and report this"
        for each in aged
        if each.missing
    ]


def _carried_out(on: Engine, rule: Rule, now: datetime, tell: Tell) -> Aged:
    with reading(on) as session:
        total = session.scalar(select(func.count()).select_from(rule.going.subquery())) or 0
        newest = session.scalar(select(func.max(rule.keys[0])).select_from(rule.source))
        before = _young(session, rule)
    gone, last = 0, None
    while total and (keys := _next(on, rule, last)):
        gone, last = gone + in_one_transaction(on, lambda session, keys=keys: _taken(session, rule, keys)), keys[-1]  # type: ignore[misc]
        tell(rule.name, gone, total)
    with reading(on) as session:
        arrived = _young(session, rule, rule.keys[0] > newest if newest is not None else None)
        return Aged(table=rule.name, gone=gone, before=before, arrived=arrived, after=_young(session, rule))


def _next(on: Engine, rule: Rule, last: Any) -> Sequence[Any]:
    """The keys of the next batch, read without keeping anybody from writing."""
    query = rule.going.limit(BATCH)
    with reading(on) as session:
        return session.execute(query if last is None else query.where(tuple_(*rule.keys) > tuple_(*last))).all()


def _taken(session: Session, rule: Rule, keys: Sequence[Any]) -> int:
    """Remove those that still go: one may have been revised, or owed to somebody, since it was read."""
    still = session.execute(rule.going.where(rule.among(keys))).all()
    if still:
        rule.take(session, still)
    return len(still)


def _young(session: Session, rule: Rule, which: ColumnElement[bool] | None = None) -> int:
    """Rows that the rule must leave because of their age alone."""
    if rule.begun is None:
        return 0
    young = rule.begun >= rule.end
    query = select(*rule.keys).select_from(rule.source).where(young if which is None else and_(young, which))
    return session.scalar(select(func.count()).select_from(query.distinct().subquery())) or 0


def _lines(session: Session, rule: Rule) -> Iterator[Line]:
    all_of: dict[str, int] = dict(session.execute(select(rule.portal, func.count()).select_from(rule.source).group_by(rule.portal)).all())
    shown = select(rule.portal, func.count(), func.min(rule.age), func.max(rule.age))
    going = {row[0]: row[1:] for row in session.execute(shown.select_from(rule.source).where(rule.goes).group_by(rule.portal))}
    for portal, count in sorted(all_of.items()):
        goes, oldest, newest = going.get(portal, (0, None, None))
        yield Line(table=rule.name, portal=portal, goes=goes, oldest=oldest, newest=newest, stays=count - goes)


def _with_articles(session: Session, rule: Rule, table: Any, name: str) -> Iterator[Line]:
    """What goes since its article does."""
    all_of = select(ArticleRow.portal, func.count()).join(table, table.article_id == ArticleRow.id).group_by(ArticleRow.portal)
    shown = select(ArticleRow.portal, func.count(), func.min(rule.age), func.max(rule.age))
    old = ArticleRow.id.in_(rule.going.order_by(None))
    going = shown.join(table, table.article_id == ArticleRow.id).where(old).group_by(ArticleRow.portal)
    stays = dict(session.execute(all_of).all())
    for portal, goes, oldest, newest in sorted(session.execute(going).all()):
        yield Line(table=f"{name} of articles", portal=portal, goes=goes, oldest=oldest, newest=newest, stays=stays[portal] - goes)
