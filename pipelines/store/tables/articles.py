"""Articles, their states, the index of their near-duplicates, and what must not come back."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String, false, true
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base


class ArticleRow(Base):
    """An article in its present state. `digest` is that of its folded letters: equal means equal in both scripts.

    `comments_read`: how many comments there were when they were last read to the end, None before and after a page of them failed.
    `partial`: which of its pages could not be read.
    `payload` and `fetched_at` are of the page that it was last read from, which a replay looks for in the archive.
    `posted`: the place of its last posting in the order of all postings to the index of near-duplicates.
    """

    __tablename__ = "articles"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - SQLAlchemy's name; an id never means two articles
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    page_id: Mapped[int] = mapped_column(ForeignKey("pages.id"), unique=True)
    portal: Mapped[str] = mapped_column(String(40), index=True)
    url: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    published_at: Mapped[datetime | None] = mapped_column(index=True)
    published_on: Mapped[date | None]
    published_from: Mapped[str | None]
    published_raw: Mapped[str | None]
    modified_at: Mapped[datetime | None]
    publisher: Mapped[list[Any]]
    publisher_from: Mapped[list[Any] | None]
    author: Mapped[str | None]
    section: Mapped[str | None]
    rights: Mapped[str | None]
    language: Mapped[str | None]
    script: Mapped[str | None]
    captions: Mapped[list[Any]]
    images: Mapped[list[Any] | None]
    comment_count: Mapped[int | None]
    reactions: Mapped[dict[str, Any]]
    comments: Mapped[list[Any]]
    rung: Mapped[str]
    quality: Mapped[float | None]
    codec: Mapped[str]
    codec_why: Mapped[str | None]
    comments_read: Mapped[int | None]
    partial: Mapped[str | None]
    digest: Mapped[str] = mapped_column(String(40), index=True)
    revision: Mapped[int] = mapped_column(default=0)
    payload: Mapped[str | None] = mapped_column(String(60))
    fetched_at: Mapped[datetime | None]
    learned: Mapped[bool]
    first_seen_at: Mapped[datetime] = mapped_column(index=True)
    vanished_at: Mapped[datetime | None]
    posted: Mapped[int] = mapped_column(BigInteger, default=0, index=True)


class Revision(Base):
    """One state of an article; number 0 is the first, noise makes none. `why` says what makes it material, or that it is not.

    `gone`: no state, but that its page said once that the article is there no more; without a text.
    """

    __tablename__ = "revisions"
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    text: Mapped[str]
    digest: Mapped[str] = mapped_column(String(40))
    seen_at: Mapped[datetime]
    material: Mapped[bool] = mapped_column(default=True, server_default=true())
    gone: Mapped[bool] = mapped_column(default=False, server_default=false())
    why: Mapped[str | None]


class Shingle(Base):
    """The sampled shingles of an article: the index of near-duplicates, of which Redis holds a faster copy."""

    __tablename__ = "shingles"
    value: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)


class Forgotten(Base):
    """A commenter whose comments must not come back; articles that must not keep their page row as the tombstone."""

    __tablename__ = "forgotten"
    commenter: Mapped[str] = mapped_column(String(200), primary_key=True)
    asked_at: Mapped[datetime]
