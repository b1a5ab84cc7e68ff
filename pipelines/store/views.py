"""What the views of a portal name, and which of it we hold: the ground on which its share is estimated."""

from bisect import bisect_right
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.share import Share, share_of
from pipelines.store.numbers import NO_ARTICLE, Window
from pipelines.store.pages import BATCH
from pipelines.store.tables import ArticleRow, PageRow, Run

NUMBERS = "numbers"
"""The view that a running number is."""
RUNS = 1000  # of the portal, by which times are told apart


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A named identity that is an article for all we know: when it appeared, and whether we hold it."""

    at: datetime
    held: bool


def estimated(
    session: Session, portal: str, named: Mapping[str, Collection[str]], windows: Collection[Window], missed: Mapping[str, datetime]
) -> Share:
    """The share that we hold by what each view names, {view: identities}, and by running numbers.

    `missed`: identities of this run that failed or were left, and may have no page yet. What turned out to be no article, and
    what robots.txt denies, is no part of the portal.
    """
    rows = _seen(session, portal, {identity for view in named.values() for identity in view})
    seen = {identity: each for identity, each in rows.items() if each is not None}
    seen |= {identity: Seen(at=at, held=False) for identity, at in missed.items() if identity not in rows}
    views = {name: {identity: seen[identity].at for identity in view if identity in seen} for name, view in named.items()}
    views[NUMBERS] = {identity: at for window in windows for identity, at in window.view(rows.keys()).items()}
    held = {identity for identity, each in seen.items() if each.held}
    held |= {window.form.key_of(number) for window in windows for number, each in window.known.items() if each.held}
    floor = _floor(session, portal)
    return share_of({name: {identity: floor(at) for identity, at in view.items()} for name, view in views.items()}, held)


def _seen(session: Session, portal: str, identities: Collection[str]) -> dict[str, Seen | None]:
    """{identity: what we know of its page}, None for one that is no article."""
    found: dict[str, Seen | None] = {}
    asked = sorted(identities)
    for start in range(0, len(asked), BATCH):
        query = (
            select(PageRow.identity, PageRow.outcome, PageRow.first_seen_at, ArticleRow.id, ArticleRow.published_at)
            .outerjoin(ArticleRow, ArticleRow.page_id == PageRow.id)
            .where(PageRow.portal == portal, PageRow.identity.in_(asked[start : start + BATCH]))
        )
        for identity, outcome, first, article, published in session.execute(query):
            is_none = article is None and outcome in (*NO_ARTICLE, Outcome.DENIED.value)
            found[identity] = None if is_none else Seen(at=min(published or first, first), held=article is not None)
    return found


def _floor(session: Session, portal: str) -> Callable[[datetime], datetime]:
    """A time as the start of the run that it fell into: in which order a run fetched its pages says nothing."""
    starts = sorted(session.scalars(select(Run.started_at).where(Run.portal == portal).order_by(Run.id.desc()).limit(RUNS)))
    return lambda at: starts[bisect_right(starts, at) - 1] if starts and at >= starts[0] else at
