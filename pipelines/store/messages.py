"""Messages: what a channel may tell of the alerts that go out together."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from pipelines.models import Hit, LateStory, Message
from pipelines.store.tables import AlertRow, ArticleRow, Match

Names = Mapping[str, str]


def message_of(session: Session, message: str, titles: Names, portal_names: Names) -> Message:
    """All that a channel may tell about an owed message. `titles`: topic slug to title. NoResultFound where it was forgotten since."""
    rows = session.scalars(select(AlertRow).where(AlertRow.message == message).order_by(AlertRow.id)).all()
    if not rows:
        raise NoResultFound(message)
    if rows[0].late is not None:
        return _late(session, rows, titles, portal_names)
    first, topics = rows[0], _topics(rows, titles)
    article = session.get_one(ArticleRow, first.article_id)
    return Message(
        id=message,
        kind="revision" if first.revision else "new",
        channel=first.channel,
        recipient=first.recipient,
        story_id=first.story_id,
        revision=first.revision,
        topics=topics,
        title=article.title,
        text=article.text,
        url=article.url,
        portal=article.portal,
        portal_name=portal_names.get(article.portal, article.portal),
        hits=_hits(session, article, topics),
        publisher=tuple(article.publisher),
        author=article.author,
        published_at=article.published_at or article.published_on,
        first_seen_at=article.first_seen_at,
        language=article.language,
        rights=article.rights,
        thread=_thread(session, first),
    )


def _late(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> Message:
    first = rows[0]
    told: dict[tuple[int, int], list[AlertRow]] = {}
    for row in rows:
        told.setdefault((row.story_id, row.revision), []).append(row)
    return Message(
        id=first.message,
        kind="late",
        channel=first.channel,
        recipient=first.recipient,
        story_id=0,
        revision=0,
        topics=tuple(dict.fromkeys(_topics(rows, titles))),
        title="",
        text="",
        url="",
        portal="portalwatch",
        portal_name="portalwatch",
        first_seen_at=first.owed_at,
        late=True,
        stories=tuple(_story(session, each, titles, portal_names) for each in told.values()),
    )


def _story(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> LateStory:
    article = session.get_one(ArticleRow, rows[0].article_id)
    return LateStory(
        story_id=rows[0].story_id,
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


def _hits(session: Session, article: ArticleRow, topics: tuple[tuple[str, str], ...]) -> tuple[Hit, ...]:
    query = select(Match.hits).where(
        Match.article_id == article.id, Match.revision == article.revision, Match.topic.in_([slug for slug, _ in topics])
    )
    return tuple(dict.fromkeys(Hit(**hit) for hits in session.scalars(query) for hit in hits))


def _thread(session: Session, row: AlertRow) -> str | None:
    query = (
        select(AlertRow.message)
        .where(AlertRow.story_id == row.story_id, AlertRow.channel == row.channel, AlertRow.recipient == row.recipient)
        .where(AlertRow.message != row.message, AlertRow.id < row.id)
        .order_by(AlertRow.id)
        .limit(1)
    )
    return session.scalar(query)
