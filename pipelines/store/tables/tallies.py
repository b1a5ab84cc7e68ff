"""What has been counted since the installation began, whatever aged out since."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from pipelines.store.tables.base import Base


class Tally(Base):
    """One counter: `metric` of a `subject` (a portal, a channel) by `label` (an outcome), and when it counted last."""

    __tablename__ = "tallies"
    metric: Mapped[str] = mapped_column(String(40), primary_key=True)
    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    label: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
