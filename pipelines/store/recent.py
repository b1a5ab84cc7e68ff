"""The articles of late, as topics are matched on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.store.articles import readable
from pipelines.store.tables import ArticleRow
from pipelines.watch.readable import Readable

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """An article as a list tells it."""

    id: int
    url: str
    title: str
    portal: str
    first_seen_at: datetime


def recent(session: Session, since: datetime, limit: int) -> Iterator[tuple[Recent, Readable]]:
    """At most `limit` articles that were first seen since then, the newest first."""
    query = select(ArticleRow).where(ArticleRow.first_seen_at >= since)
    query = query.order_by(ArticleRow.first_seen_at.desc(), ArticleRow.id.desc()).limit(limit)
    for row in session.scalars(query.execution_options(yield_per=BATCH)):
        yield told(row)


def told(row: ArticleRow) -> tuple[Recent, Readable]:
    """The article of a row, as it is told and as it is matched."""
    article = Recent(id=row.id, url=row.url, title=row.title, portal=row.portal, first_seen_at=row.first_seen_at)
    return article, readable(row)
