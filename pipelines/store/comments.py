"""Readers' comments: kept under a pseudonym by default, for 30 days, and never mailed."""

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pipelines.models import Article
from pipelines.store.tables import ArticleRow, Forgotten, Meta

OFF, PSEUDONYMOUS, FULL = "off", "pseudonymous", "full"
KEPT_FOR = timedelta(days=30)


def as_kept(session: Session, article: Article, policy: str) -> Article:
    """The article with its comments as `policy` lets us keep them, without those of forgotten commenters."""
    if policy == OFF or not article.comments:
        return replace(article, comments=())
    gone = set(session.scalars(select(Forgotten.commenter)))
    key = _key(session)
    kept = []
    for comment in article.comments:
        alias = pseudonym(key, comment.author)
        if alias not in gone:
            kept.append(comment if policy == FULL else replace(comment, author=alias, badges=()))
    return replace(article, comments=tuple(kept))


def forget_commenter(session: Session, author: str, now: datetime) -> int:
    """Remove a commenter's comments, under the plain name and the pseudonym, and keep them from coming back; gives their number."""
    alias = pseudonym(_key(session), author)
    session.merge(Forgotten(commenter=alias, asked_at=now))
    removed = 0
    for row in session.scalars(select(ArticleRow).where(ArticleRow.comments != [])):
        kept = [comment for comment in row.comments if comment["author"] not in (author, alias)]
        removed += len(row.comments) - len(kept)
        row.comments = kept
    return removed


def age_out(session: Session, now: datetime) -> int:
    """Drop the comments of articles first seen more than KEPT_FOR ago; gives the number of articles."""
    old = update(ArticleRow).where(ArticleRow.first_seen_at < now - KEPT_FOR, ArticleRow.comments != []).values(comments=[])
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


def pseudonym(key: str, author: str) -> str:
    """A keyed hash of a commenter's name: the same within one store, meaningless outside of it."""
    return "reader-" + hmac.new(key.encode(), author.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:10]


def _key(session: Session) -> str:
    row = session.get(Meta, "comment_key")
    if row is None:
        row = Meta(key="comment_key", value=secrets.token_hex(16))
        session.add(row)
        session.flush()
    return row.value
