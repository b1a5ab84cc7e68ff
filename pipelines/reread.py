"""Reading again: what an archived page says under today's rules becomes the article's reading, and is no revision of its publisher.

It is one only where the archived page is younger than the one that the article was read from; an older page changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.orm import Session

from pipelines import flow, timing, watching
from pipelines.desk import Desk
from pipelines.flow import Draft
from pipelines.models import Article, Outcome, Page
from pipelines.store import alerts, articles, candidates, matches, pages, tellings
from pipelines.store.database import reading
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow

KEPT_AFTER = timedelta(minutes=10)
"""Between fetching and keeping a page; tells the page of an article that an older release kept, without its digest."""


class Became(StrEnum):
    """What a page that was read again became."""

    SAME = "same"
    REREAD = "reread"
    NEW = "new"
    REVISED = "revised"
    OLDER = "older"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What became of one page: `fields` that read differently, alerts that it owes, and in `moved` what its stories became."""

    became: Became
    fields: tuple[str, ...] = ()
    alerts: int = 0
    moved: str | None = None


def keep_again(desk: Desk, found: Found, article: Article, page: Page, now: datetime) -> Again:
    """Keep the reading of an archived page in one transaction; again and again, it changes nothing more. `page.fetched_at` is set."""
    assert page.fetched_at is not None
    draft = flow.drafted(desk, found, article, page.origin, (page.fetched_at, now))

    def work(session: Session) -> Again:
        row = articles.of_identity(session, found.portal, found.identity)
        became = _kind(session, row, found, page)
        if became in (Became.FORGOTTEN, Became.OLDER):
            return Again(became=became)
        if row is not None and became is Became.SAME:
            return _reread(session, desk, row, draft, now)
        is_unread = pages.is_unread(session, found)
        kept = flow.keep_draft(session, desk, draft, now)
        if is_unread:
            pages.came_from_archive(session, found)
        return Again(became=_BY_OUTCOME[kept.outcome], alerts=kept.alerts)

    return flow.in_order(desk, draft, work)


def known(desk: Desk, found: Found, page: Page) -> tuple[Became, Article | None]:
    """(what the page would become at most, the article as it is kept), for a look that writes nothing."""
    with reading(desk.engine) as session:
        row = articles.of_identity(session, found.portal, found.identity)
        return _kind(session, row, found, page), articles.article_of(row) if row else None


_BY_OUTCOME = {
    Outcome.NEW: Became.NEW,
    Outcome.REVISED: Became.REVISED,
    Outcome.UNCHANGED: Became.SAME,
    Outcome.DENIED: Became.FORGOTTEN,
}


def _kind(session: Session, row: ArticleRow | None, found: Found, page: Page) -> Became:
    if pages.forgotten(session, found):
        return Became.FORGOTTEN
    if row is None:
        return Became.NEW
    if row.payload == page.payload:
        return Became.SAME
    looked = session.get_one(PageRow, row.page_id).looked_at
    assert page.fetched_at is not None
    if row.payload is None and timedelta() <= looked - page.fetched_at < KEPT_AFTER:
        return Became.SAME
    return Became.REVISED if page.fetched_at > (row.fetched_at or looked) else Became.OLDER


def _reread(session: Session, desk: Desk, row: ArticleRow, draft: Draft, now: datetime) -> Again:
    if flow.is_less(row, draft.article):
        return Again(became=Became.SAME)
    moved = None
    changed = articles.reread(session, row, draft.article, draft.sketch.digest)
    articles.read_from(row, draft.origin)
    if "digest" in changed:
        draft.posting = candidates.repost_shingles(session, row, draft.sketch.sample, now)
        draft.seen_at = row.first_seen_at
        moved = tellings.replaced(session, row, flow.decided(session, draft, but=row.id), now)
    if not changed:
        return Again(became=Became.SAME)
    owed = _rematch(session, desk, row, moved is not None, now)
    return Again(became=Became.REREAD, fields=tuple(changed), alerts=owed, moved=moved)


def _rematch(session: Session, desk: Desk, row: ArticleRow, has_moved: bool, now: datetime) -> int:
    """Match the new reading; owe what nobody was told, to whoever heard nothing of the article or its story."""
    found = watching.matches_of(desk, row, now)
    before = matches.rematch(session, row, found, desk.watchlist.version, now)
    news = [match.topic for match in found if has_moved or match.topic not in before]
    return timing.owe_all(session, desk, row, unheard(session, desk, row, news), now)


def unheard(session: Session, desk: Desk, row: ArticleRow, topics: Sequence[str]) -> list[alerts.Due]:
    """What an article that was kept long ago owes for topics that are new to it: to whoever heard nothing of it or its story."""
    if desk.learning or (row.learned and not row.revision):
        return []
    stories = list(articles.stories_of(session, row.id))
    owed, by = [], dict[str, str]()
    for topic in (desk.watchlist.topics[slug] for slug in topics if not matches.told_before(session, row, slug, stories)):
        for channel, recipient in desk.watchlist.recipients(topic):
            if not alerts.told(session, stories, recipient) and not tellings.has_read(session, row, recipient):
                to = (by.setdefault(recipient, channel), recipient)
                owed.append(alerts.Due(topic=topic.slug, story_id=stories[0], to=to))
    return owed
