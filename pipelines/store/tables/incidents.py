"""What ails portals, topics and channels, and what ops are told of it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.columns import BigId
from pipelines.store.tables.base import Base
from pipelines.store.tables.outbox import Owed


class Incident(Base):
    """One blindness of a portal, topic or channel (`what`, `name`) from its first sign until it was mended.

    `slot`: what of it is ill; a slot has one open incident, whose `kind` may change. `evidence`: {"lines", "good", "bad", "runs"}.
    `told_at`: when ops were last told, None while it is too young; `acked_at`: they know, and hear only when it is mended;
    `snoozed_until`: they do not hear before then.
    """

    __tablename__ = "incidents"
    __table_args__ = (Index(None, "what", "name", "slot"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    what: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(100))
    slot: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime]
    evidence: Mapped[dict[str, Any]]
    opened_at: Mapped[datetime]
    told_at: Mapped[datetime | None]
    acked_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]
    mended_at: Mapped[datetime | None] = mapped_column(index=True)


class Notice(Owed, Base):
    """The outbox' part for ops: an incident, its mend, or a day's roll-up, owed to a recipient. `body`: title and lines, as owed."""

    __tablename__ = "notices"
    __table_args__ = (Index(None, "state", "next_try_at"),)
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    message: Mapped[str] = mapped_column(String(64), unique=True)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incidents.id"), index=True)
    event: Mapped[str] = mapped_column(String(10))
    thread: Mapped[str | None] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]
