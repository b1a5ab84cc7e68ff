"""Messages: what a channel may tell of the alerts that go out together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.models import Hit, LateStory, Message
from pipelines.store import revisions
from pipelines.store.notices import notice_of
from pipelines.store.tables import AlertRow, ArticleRow, Match, Retraction, Revision

Names = Mapping[str, str]


def message_of(session: Session, message: str, titles: Names, portal_names: Names) -> Message:
    """All that a channel may tell about an owed message. `titles`: topic slug to title. NoResultFound where it was forgotten since."""
    rows = session.scalars(select(AlertRow).where(AlertRow.message == message).order_by(AlertRow.id)).all()
    if not rows:
        return notice_of(session, message) or _retraction(session, message)
    if rows[0].late is not None:
        return _late(session, rows, titles, portal_names)
    first, topics = rows[0], _topics(rows, titles)
    article = session.get_one(ArticleRow, first.article_id)
    state = session.get(Revision, (article.id, first.revision)) if first.revision else None
    told, before = (state, revisions.heard(session, first)) if state and not state.gone else (article, None)
    return Message(
        id=message,
        kind=_kind(first, gone=bool(state and state.gone)),
        channel=first.channel,
        recipient=first.recipient,
        story_id=first.story_id,
        development=first.development,
        revision=first.revision,
        topics=topics,
        title=told.title,
        text=told.text,
        url=article.url,
        portal=article.portal,
        portal_name=portal_names.get(article.portal, article.portal),
        hits=_hits(session, article.id, told.number if isinstance(told, Revision) else article.revision, topics),
        publisher=tuple(article.publisher),
        author=article.author,
        published_at=article.published_at or article.published_on,
        first_seen_at=article.first_seen_at,
        language=article.language,
        rights=article.rights,
        thread=_thread(session, first),
        before=(before.title, before.text) if before else None,
    )


def _kind(row: AlertRow, *, gone: bool) -> str:
    if row.revision:
        return "vanished" if gone else "revision"
    return "development" if row.development else "new"


def _retraction(session: Session, message: str) -> Message:
    row = session.scalars(select(Retraction).where(Retraction.message == message)).one()
    return replace(_EMPTY, id=row.message, kind="retracted", channel=row.channel, recipient=row.recipient, story_id=row.story_id,
        first_seen_at=row.owed_at, retracts=tuple(row.retracts))  # fmt: skip


_EMPTY = Message(
    id="", kind="", channel="", recipient="", story_id=0, revision=0, topics=(), title="", text="", url="",
    portal="portalwatch", portal_name="portalwatch",
)  # fmt: skip
"""A message that tells nothing of its own."""


def _late(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> Message:
    first = rows[0]
    told: dict[tuple[int, int, int], list[AlertRow]] = {}
    for row in rows:
        told.setdefault((row.story_id, row.development, row.revision), []).append(row)
    return replace(
        _EMPTY,
        id=first.message,
        kind="late",
        channel=first.channel,
        recipient=first.recipient,
        topics=tuple(dict.fromkeys(_topics(rows, titles))),
        first_seen_at=first.owed_at,
        late=True,
        stories=tuple(_story(session, each, titles, portal_names) for each in told.values()),
    )


def _story(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> LateStory:
    article = session.get_one(ArticleRow, rows[0].article_id)
    return LateStory(
        story_id=rows[0].story_id,
        development=rows[0].development,
        revision=rows[0].revision,
        topics=_topics(rows, titles),
        title=article.title,
        url=article.url,
        portal=article.portal,
        portal_name=portal_names.get(article.portal, article.portal),
        published_at=article.published_at or article.published_on,
        language=article.language,
    )


def _topics(rows: Sequence[AlertRow], titles: Names) -> tuple[tuple[str, str], ...]:
    return tuple((row.topic, titles.get(row.topic, row.topic)) for row in rows)


def _hits(session: Session, article: int, revision: int, topics: tuple[tuple[str, str], ...]) -> tuple[Hit, ...]:
    query = select(Match.hits).where(Match.article_id == article, Match.revision == revision, Match.topic.in_([slug for slug, _ in topics]))
    return tuple(dict.fromkeys(Hit(**hit) for hits in session.scalars(query) for hit in hits))


def _thread(session: Session, row: AlertRow) -> str | None:
    query = (
        select(AlertRow.message)
        .where(AlertRow.story_id == row.story_id, AlertRow.recipient == row.recipient)
        .where(AlertRow.message != row.message, AlertRow.id < row.id)
        .order_by(AlertRow.id)
        .limit(1)
    )
    return session.scalar(query)
