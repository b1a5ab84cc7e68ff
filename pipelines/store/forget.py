"""Forgetting an article on request: out of SQL and the outbox, with a tombstone that keeps crawls from bringing it back."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pipelines.models import Outcome
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Revision, Shingle, Telling
from pipelines.store.tellings import hand_over

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
        hand_over(session, story, article)
    session.execute(delete(ArticleRow).where(ArticleRow.id == article))
