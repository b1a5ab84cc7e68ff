"""Reads many kept articles cheaply: only the columns that matching needs, a batch of ids a question."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.orm import Session

from pipelines.store.tables import ArticleRow, Telling
from pipelines.watch.readable import Readable, language_tag

_ALWAYS = (ArticleRow.id, ArticleRow.portal, ArticleRow.first_seen_at, ArticleRow.learned, ArticleRow.revision, ArticleRow.title)
BATCH = 1_000
EVE = timedelta(days=1)
_ASKED = ("text", "publisher", "author", "section", "comments")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Articles first seen from `since` until before `until`, of one portal or all."""

    since: datetime
    until: datetime
    portal: str | None = None


def ids_in(session: Session, span: Span) -> list[int]:
    """The articles of the span, oldest first."""
    query = select(ArticleRow.id).where(ArticleRow.first_seen_at >= span.since, ArticleRow.first_seen_at < span.until)
    query = query if span.portal is None else query.where(ArticleRow.portal == span.portal)
    return sorted(session.scalars(query))


def watched_since(session: Session, span: Span) -> datetime | None:
    """When the span's first article came that no learning run found, or its beginning where one came on its eve; None where none came."""
    query = select(func.min(ArticleRow.first_seen_at)).where(
        ArticleRow.first_seen_at >= span.since - EVE, ArticleRow.first_seen_at < span.until, ~ArticleRow.learned
    )
    first = session.scalar(query if span.portal is None else query.where(ArticleRow.portal == span.portal))
    return first and max(first, span.since)


def newest(session: Session, portal: str | None = None) -> datetime | None:
    """When the newest article came, None where there is none at all."""
    query = select(func.max(ArticleRow.first_seen_at))
    return session.scalar(query if portal is None else query.where(ArticleRow.portal == portal))


def rows(connection: Connection, ids: Sequence[int], fields: Collection[str]) -> Sequence[Row[Any]]:
    """The articles by ascending id; of what is large only the `fields` that are asked for."""
    columns = [*_ALWAYS, *(getattr(ArticleRow, name) for name in _ASKED if name in fields)]
    columns += [ArticleRow.language, ArticleRow.script] if "language" in fields else []
    # A range is read in one go along the key, a list by a search each; the list is short where the range is sparse.
    is_range = ids[-1] - ids[0] < 2 * len(ids)
    chosen = ArticleRow.id.between(ids[0], ids[-1]) if is_range else ArticleRow.id.in_(ids)
    found = connection.execute(select(*columns).where(chosen).order_by(ArticleRow.id))
    wanted = frozenset(ids)
    return [row for row in found if row.id in wanted]


def readable(row: Row[Any], fields: Collection[str]) -> Readable:
    """What topics are matched on, of a row that was read with the same `fields`."""
    asked: dict[str, Any] = {name: getattr(row, name) for name in _ASKED if name in fields}
    if "publisher" in asked:
        asked["publisher"] = tuple(asked["publisher"])
    if "comments" in asked:
        asked["comments"] = tuple(comment["text"] for comment in asked["comments"])
    if "language" in fields:
        asked["language"] = language_tag(row.language, row.script)
    return Readable(**{"text": "", **asked}, title=row.title, portal=row.portal)


def tellings(connection: Connection, ids: Iterable[int]) -> dict[int, list[tuple[int, str]]]:
    """{article: the stories that it tells, each with its role there}."""
    told: dict[int, list[tuple[int, str]]] = {}
    asked = select(Telling.article_id, Telling.story_id, Telling.role).where(Telling.article_id.in_(list(ids)))
    for article, story, role in connection.execute(asked.order_by(Telling.article_id, Telling.story_id)):
        told.setdefault(article, []).append((story, role))
    return told


def told_earlier(connection: Connection, story_ids: Collection[int], span: Span) -> list[int]:
    """The articles that tell one of these stories and were first seen before the span, of its portal or all; oldest first."""
    query = select(Telling.article_id).join(ArticleRow, ArticleRow.id == Telling.article_id).where(ArticleRow.first_seen_at < span.since)
    query = query if span.portal is None else query.where(ArticleRow.portal == span.portal)
    asked, found = sorted(story_ids), set[int]()
    for start in range(0, len(asked), BATCH):
        found.update(connection.scalars(query.where(Telling.story_id.in_(asked[start : start + BATCH]))))
    return sorted(found)
