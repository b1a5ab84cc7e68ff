"""What articles tell together."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base


class Story(Base):
    """What one or several articles tell; `article_id` is the one that opened it."""

    __tablename__ = "stories"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012 - nor two stories
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)
    title: Mapped[str]
    first_seen_at: Mapped[datetime]


class Telling(Base):
    """An article's place in a story, with what decided it: first, copy, part (of a merged piece), development (a flash's full report)
    or joined (by hand).

    `evidence`: the shared shingles, and the longest passages that they spell. `by_hand`: when a person put or left it here,
    which no later reading changes.
    """

    __tablename__ = "tellings"
    story_id: Mapped[int] = mapped_column(ForeignKey("stories.id"), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(20))
    containment: Mapped[float]
    partner_id: Mapped[int | None]
    why: Mapped[str]
    evidence: Mapped[dict[str, Any] | None]
    by_hand: Mapped[datetime | None]


class Related(Base):
    """A story whose text stands in the background of a newer one, which is its own: a follow-up, or a piece that quotes a flash."""

    __tablename__ = "related"
    story_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False, index=True)
    partner_id: Mapped[int] = mapped_column(BigId)
    containment: Mapped[float]
    why: Mapped[str]


class Ruling(Base):
    """What a person decided about two stories: they are `apart`, or `joined`, and then `story_id` tells what `other_id` told.

    A joined story keeps its row and its alerts without a telling, so that who heard of it hears no more, and so that it can come back.
    """

    __tablename__ = "rulings"
    story_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    other_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False, index=True)
    verdict: Mapped[str] = mapped_column(String(10))
    ruled_at: Mapped[datetime]
