"""What a topic's feed shows: the stories that it matched, the newest first, each as one message to nobody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from pipelines.dedup.stories import DEVELOPMENT
from pipelines.models import Hit, Message
from pipelines.store.database import store_id
from pipelines.store.tables import ArticleRow, Match, Revision, Telling

CAP = 100
"""Stories in a feed."""
WINDOW = 20 * CAP
"""Newest matches among which they are looked for: a story has some copies and revisions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One story: what is told of it, since when, and when that changed last. `message.id` stays the same for ever."""

    message: Message
    since: datetime
    updated: datetime


def entries(session: Session, topic: tuple[str, str], portal_names: Mapping[str, str]) -> list[Entry]:
    """The topic's (slug, title) newest stories, at most CAP; what was learned when a portal was first read is none of them.

    A story is told by its first article that matched, or by its newest full report; copies change nothing.
    """
    query = (
        select(Telling.story_id, Telling.role, Match.article_id, Match.revision, Match.matched_at, Match.learned, Match.hits)
        .join(Telling, Telling.article_id == Match.article_id)
        .where(Match.topic == topic[0])
        .order_by(Match.id.desc())
        .limit(WINDOW)
    )
    rows = sorted(session.execute(query), key=lambda row: (row.story_id, row.matched_at, row.article_id, row.revision))
    stories = [list(group) for _, group in groupby(rows, key=lambda row: row.story_id)]
    news = sorted((each for each in stories if not any(row.learned for row in each)), key=lambda each: each[0].matched_at, reverse=True)
    store = store_id(session)
    return [_entry(session, each, topic, portal_names, store) for each in news[:CAP]]


def _entry(
    session: Session, rows: Sequence[Row[tuple[object, ...]]], topic: tuple[str, str], names: Mapping[str, str], store: str
) -> Entry:
    reports = [row for row in rows if row.role == DEVELOPMENT]
    told = reports[-1] if reports else rows[0]
    mine = [row for row in rows if row.article_id in {rows[0].article_id, told.article_id}]
    shown = next(row for row in reversed(mine) if row.article_id == told.article_id)
    article = session.get_one(ArticleRow, told.article_id)
    gone = session.scalar(select(Revision.seen_at).where(Revision.article_id == article.id, Revision.gone.is_(True)).limit(1))
    kind = "vanished" if gone else "revision" if shown.revision else "development" if reports and told is not rows[0] else "new"
    return Entry(
        message=_message(article, f"{store}/{rows[0].story_id}", kind, topic, shown, names),
        since=rows[0].matched_at,
        updated=max([row.matched_at for row in mine] + ([gone] if gone else [])),
    )


def _message(
    article: ArticleRow, identity: str, kind: str, topic: tuple[str, str], shown: Row[tuple[object, ...]], names: Mapping[str, str]
) -> Message:
    hits = _hits(shown.hits) if shown.revision == article.revision else ()
    return Message(
        id=identity, kind=kind, channel="feed", recipient=topic[0], story_id=shown.story_id, revision=shown.revision, topics=(topic,),
        title=article.title, text=article.text, url=article.url, portal=article.portal,
        portal_name=names.get(article.portal, article.portal), hits=hits, publisher=tuple(article.publisher), author=article.author,
        published_at=article.published_at or article.published_on, first_seen_at=article.first_seen_at, language=article.language,
        rights=article.rights,
    )  # fmt: skip


def _hits(kept: Iterable[Mapping[str, object]]) -> tuple[Hit, ...]:
    return tuple(dict.fromkeys(Hit(**each) for each in kept))  # type: ignore[arg-type]
