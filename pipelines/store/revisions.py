"""The states of an article: which one its page shows now, what a new one weighs, and of which one somebody heard last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.dedup.weight import State, Weighed, Weight, weigh
from pipelines.store.tables import AlertRow, ArticleRow, Revision

STATES = 12
"""The newest states among which a page's text is looked for; a page that says something else each time costs no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state that an article takes: number `number`, which `is_new` or was there before; `material` and `why` as in Revision."""

    number: int
    is_new: bool
    material: bool
    why: str


def step(session: Session, row: ArticleRow, fresh: State) -> Step | None:
    """The step from the article's present state to what its page says now; None where that is no other state.

    A new state is material where it is so against every material state that was kept: a headline that goes to and fro, or comes
    back with a comma more, is no news, and small edits are one in their sum.
    """
    present = weigh(State(title=row.title, text=row.text), fresh)
    if present.weight is Weight.NOISE:
        return None
    weighed = [(each, weigh(State(title=each.title, text=each.text), fresh)) for each in states(session, row.id, STATES)]
    back = next((each for each, found in weighed if found.weight is Weight.NOISE), None)
    if back is not None:
        return Step(number=back.number, is_new=False, material=back.material, why=f"revision {back.number} again")
    told = [found for each, found in weighed if each.material] or [present]
    return _next(_newest(session, row.id) + 1, told)


def states(session: Session, article: int, cap: int | None = None) -> Sequence[Revision]:
    """The article's states, the newest first."""
    query = select(Revision).where(Revision.article_id == article, Revision.gone.is_(False))
    return session.scalars(query.order_by(Revision.number.desc()).limit(cap)).all()


def gone(session: Session, row: ArticleRow, now: datetime) -> int | None:
    """Keep that its page says that the article is there no more; gives the number of that, None where it was said before."""
    said = select(Revision.number).where(Revision.article_id == row.id, Revision.gone.is_(True))
    if session.scalar(said.limit(1)) is not None:
        return None
    number = _newest(session, row.id) + 1
    why = "its page says that it is gone"
    session.add(
        Revision(article_id=row.id, number=number, title=row.title, text="", digest="", seen_at=now, material=True, gone=True, why=why)
    )
    session.flush()
    return number


def heard(session: Session, alert: AlertRow) -> Revision | None:
    """The state of which the recipient of an alert about a revision heard last before."""
    last = (
        select(func.max(AlertRow.owed_at))
        .where(AlertRow.article_id == alert.article_id, AlertRow.recipient == alert.recipient)
        .where(AlertRow.id < alert.id, AlertRow.message != alert.message)
    )
    earlier = [each for each in states(session, alert.article_id) if each.number < alert.revision]
    at = session.scalar(last)
    return next((each for each in earlier if at is None or each.seen_at <= at), earlier[-1] if earlier else None)


def _next(number: int, told: Sequence[Weighed]) -> Step:
    small = next((found for found in told if found.weight is not Weight.MATERIAL), None)
    return Step(number=number, is_new=True, material=small is None, why=(small or told[0]).why)


def _newest(session: Session, article: int) -> int:
    return session.scalar(select(func.max(Revision.number)).where(Revision.article_id == article)) or 0
