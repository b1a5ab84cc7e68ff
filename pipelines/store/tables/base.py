"""What every table shares: names of constraints, and how values are kept."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from pipelines.store.columns import CleanJson, CleanText, UtcDateTime


class Base(DeclarativeBase):
    """The schema; constraint names are fixed so that migrations can name them on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, date: Date, str: CleanText, dict[str, Any]: CleanJson, list[Any]: CleanJson}  # noqa: RUF012


def plain(table: type[Base]) -> Table:
    """The table below a mapped class, for statements that run for every message: they skip the mapper."""
    found = table.__table__
    assert isinstance(found, Table)
    return found
