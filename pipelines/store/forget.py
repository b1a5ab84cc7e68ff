"""Forgetting an article on request: out of SQL and the outbox, with a tombstone that keeps crawls from bringing it back."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Revision, Shingle, Story, Telling

WHY = "forgotten on request"


def forget_article(session: Session, portal: str, identity: str) -> str | None:
    """Remove the article of an identity; its page row stays as the tombstone. Gives its address, None if it is unknown."""
    page = session.scalar(select(PageRow).where(PageRow.portal == portal, PageRow.identity == identity))
    if page is None:
        return None
    page.outcome, page.evidence, page.due_at, page.marks = Outcome.DENIED.value, WHY, None, {}
    article = session.scalar(select(ArticleRow.id).where(ArticleRow.page_id == page.id))
    if article is not None:
        _remove(session, article)
    return page.url


def _remove(session: Session, article: int) -> None:
    stories = list(session.scalars(select(Telling.story_id).where(Telling.article_id == article)))
    for table in (AlertRow, Match, Shingle, Revision, Telling):
        session.execute(delete(table).where(table.article_id == article))
    for story in stories:
        _hand_over(session, story, article)
    session.execute(delete(ArticleRow).where(ArticleRow.id == article))


def _hand_over(session: Session, story: int, article: int) -> None:
    """A story lives on with its next telling, and ends with its last."""
    heir = session.scalar(select(Telling.article_id).where(Telling.story_id == story).order_by(Telling.article_id).limit(1))
    row = session.get_one(Story, story)
    if heir is None:
        session.execute(delete(AlertRow).where(AlertRow.story_id == story))
        session.delete(row)
    elif row.article_id == article:
        row.article_id, row.title = heir, session.get_one(ArticleRow, heir).title
