"""Forgetting an article on request: out of SQL and the outbox, with a tombstone that keeps crawls from bringing it back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store import rulings
from pipelines.store.attempts import forget_attempts
from pipelines.store.database import serialize_stories
from pipelines.store.retractions import owe_retractions
from pipelines.store.tables import AlertRow, ArticleRow, Learned, Match, PageRow, Revision, Run, Shingle, Silenced, Telling, Verdict
from pipelines.store.tellings import hand_over, reports

WHY = "forgotten on request"
OPEN = ("owed", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What is forgotten: an identity of a portal, and the address that we keep with it."""

    portal: str
    identity: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What forgetting took, or would take, out of SQL. `retractions`: receivers that are asked to forget it too.

    `article_id`: None where there was a page and no article, or nothing any more. `others`: further tellings of its stories, which stay.
    """

    article_id: int | None = None
    title: str | None = None
    revisions: int = 0
    comments: int = 0
    alerts: int = 0
    retractions: int = 0
    stories: tuple[int, ...] = ()
    others: int = 0


def tombs(session: Session, portal: str | None = None) -> list[Named]:
    """Every identity that must not come back, of one portal or of all."""
    query = select(PageRow).where(PageRow.outcome == Outcome.DENIED.value)
    rows = session.scalars(query if portal is None else query.where(PageRow.portal == portal))
    return [Named(portal=row.portal, identity=row.identity, url=row.url) for row in rows]


def found(session: Session, portal: str, identity: str) -> Named | None:
    """The identity as it is kept, None where it was never read."""
    page = session.scalar(select(PageRow).where(PageRow.portal == portal, PageRow.identity == identity))
    return Named(portal=page.portal, identity=page.identity, url=page.url) if page else None


def found_by_url(session: Session, urls: Collection[str]) -> list[Named]:
    """What is kept under any of these addresses, whether or not a sheet still knows them."""
    query = select(PageRow).outerjoin(ArticleRow, ArticleRow.page_id == PageRow.id).where(PageRow.url.in_(urls) | ArticleRow.url.in_(urls))
    return [Named(portal=page.portal, identity=page.identity, url=page.url) for page in session.scalars(query)]


def of_article(session: Session, number: int) -> Named | None:
    """The article of that number."""
    page = session.scalar(select(PageRow).join(ArticleRow, ArticleRow.page_id == PageRow.id).where(ArticleRow.id == number))
    return Named(portal=page.portal, identity=page.identity, url=page.url) if page else None


def told_with(session: Session, named: Named) -> list[Named]:
    """Every telling of the stories that the article tells, itself first."""
    mine = select(Telling.story_id).join(ArticleRow, ArticleRow.id == Telling.article_id).join(PageRow, PageRow.id == ArticleRow.page_id)
    mine = mine.where(PageRow.portal == named.portal, PageRow.identity == named.identity)
    pages = select(PageRow).join(ArticleRow, ArticleRow.page_id == PageRow.id).join(Telling, Telling.article_id == ArticleRow.id)
    rows = session.scalars(pages.where(Telling.story_id.in_(mine)).order_by(ArticleRow.id)).unique().all()
    return list(dict.fromkeys([named, *(Named(portal=row.portal, identity=row.identity, url=row.url) for row in rows)]))


def tellers(session: Session, stories: Collection[int]) -> list[int]:
    """The numbers of the articles that tell any of these stories."""
    return list(session.scalars(select(Telling.article_id).where(Telling.story_id.in_(stories)).distinct().order_by(Telling.article_id)))


def forget_article(session: Session, named: Named, hooks: Collection[str], now: datetime) -> Removed:
    """Remove the identity's article; its page row stays, or is made, as the tombstone. Once more, it changes nothing.

    `hooks`: the channels that can be asked to forget what they were told.
    """
    serialize_stories(session)
    row = session.scalar(_article(named))
    removed = _counted(session, row) if row else Removed()
    _entomb(session, named, now)
    _clean(session, named, {named.url, row.url} if row else {named.url})
    if row is None:
        return removed
    told = session.scalars(select(AlertRow).where(AlertRow.article_id == row.id)).all()
    owed = owe_retractions(session, told, hooks, now)
    _hand_on(session, told)
    remove(session, row.id)
    return replace(removed, retractions=owed)


def remove(session: Session, article: int) -> None:
    """Take an article, and all that is only its own, out of SQL; a story that others tell goes on with them."""
    stories = list(session.scalars(select(Telling.story_id).where(Telling.article_id == article)))
    forget_attempts(session, article)
    for table in (AlertRow, Match, Shingle, Revision, Telling, Silenced, Verdict):
        session.execute(delete(table).where(table.article_id == article))
    for story in stories:
        hand_over(session, story, article)
    session.execute(delete(ArticleRow).where(ArticleRow.id == article))


def _article(named: Named) -> Select[ArticleRow]:
    return select(ArticleRow).join(PageRow).where(PageRow.portal == named.portal, PageRow.identity == named.identity)


def _entomb(session: Session, named: Named, now: datetime) -> None:
    page = session.scalar(select(PageRow).where(PageRow.portal == named.portal, PageRow.identity == named.identity))
    if page is None:
        page = PageRow(portal=named.portal, identity=named.identity, url=named.url, looks=0, failures=0, learned=True, first_seen_at=now)
        session.add(page)
    if page.outcome != Outcome.DENIED.value:
        page.outcome, page.looked_at = Outcome.DENIED.value, now
    page.evidence, page.due_at, page.marks = WHY, None, {}
    session.flush()


def _clean(session: Session, named: Named, urls: Collection[str]) -> None:
    """What was noted of its page: samples of runs, and lines that it taught."""
    for run in session.scalars(select(Run).where(Run.portal == named.portal, Run.evidence != [])):
        kept = [sample for sample in run.evidence if sample.get("url") not in urls]
        if len(kept) < len(run.evidence):
            run.evidence = kept
    learned = session.get(Learned, named.portal)
    if learned is not None:
        learned.pages = [page for page in learned.pages if page[0] != named.identity]


def _hand_on(session: Session, alerts: Sequence[AlertRow]) -> None:
    """What nobody was told yet is told by another telling of the story that matches the same topics, where there is one."""
    messages: dict[str, list[AlertRow]] = {}
    for row in alerts:
        if row.state in OPEN and not row.attempts and not row.revision:
            messages.setdefault(row.message, []).append(row)
    for rows in messages.values():
        heir, topics = _heir(session, rows)
        for row in rows:
            row.article_id = heir if heir and row.topic in topics else row.article_id
        session.flush()


def _heir(session: Session, rows: Sequence[AlertRow]) -> tuple[int | None, frozenset[str]]:
    """The telling that matches most of the topics of a message's alerts, and which; a full report is told by another one.

    A telling of which the recipient has, or is owed, a message of its own needs none.
    """
    first, home = rows[0], rulings.survivor(session, rows[0].story_id)
    heard = select(AlertRow.article_id).where(rulings.about([home]), AlertRow.recipient == first.recipient)
    query = (
        select(Match.article_id, Match.topic)
        .join(ArticleRow, (ArticleRow.id == Match.article_id) & (ArticleRow.revision == Match.revision))
        .join(Telling, Telling.article_id == Match.article_id)
        .where(Telling.story_id == home, Match.topic.in_([row.topic for row in rows]), Match.article_id.not_in(heard))
    )
    query = query.where(Match.article_id.in_(list(reports(session, [home])))) if first.development else query
    topics: dict[int, set[str]] = {}
    for article, topic in session.execute(query.order_by(Match.article_id)):
        topics.setdefault(article, set()).add(topic)
    heir = max(topics, key=lambda article: len(topics[article]), default=None)
    return heir, frozenset(topics.get(heir or 0, ()))


def _counted(session: Session, row: ArticleRow) -> Removed:
    stories = tuple(session.scalars(select(Telling.story_id).where(Telling.article_id == row.id).order_by(Telling.story_id)))
    others = select(func.count(Telling.article_id.distinct())).where(Telling.story_id.in_(stories), Telling.article_id != row.id)
    return Removed(
        article_id=row.id,
        title=row.title,
        revisions=session.scalar(select(func.count()).where(Revision.article_id == row.id)) or 0,
        comments=len(row.comments),
        alerts=session.scalar(select(func.count()).where(AlertRow.article_id == row.id)) or 0,
        stories=stories,
        others=session.scalar(others) or 0,
    )
