"""Messages: what a channel may tell of the alerts that go out together."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pipelines.models import BundledStory, Hit, Message
from pipelines.policy.plan import Bundle
from pipelines.store import blindness, revisions
from pipelines.store.bundles import by_story
from pipelines.store.notices import notice_of
from pipelines.store.tables import AlertRow, ArticleRow, Match, Retraction, Revision

Names = Mapping[str, str]


_ALERTS = select(AlertRow).where(AlertRow.message == bindparam("message")).order_by(AlertRow.id)
_ARTICLE = select(ArticleRow).where(ArticleRow.id == bindparam("article"))
_HITS = select(Match.hits).where(
    Match.article_id == bindparam("article"),
    Match.revision == bindparam("revision"),
    Match.topic.in_(bindparam("topics", expanding=True)),
)
_FIRST = (
    select(AlertRow.message)
    .where(AlertRow.story_id == bindparam("story"), AlertRow.recipient == bindparam("recipient"))
    .where(AlertRow.message != bindparam("message"), AlertRow.id < bindparam("id"))
    .order_by(AlertRow.id)
    .limit(1)
)


def message_of(session: Session, message: str, titles: Names, portal_names: Names) -> Message:
    """All that a channel may tell about an owed message. `titles`: topic slug to title. NoResultFound where it was forgotten since."""
    rows = session.scalars(_ALERTS, {"message": message}).all()
    if not rows:
        return notice_of(session, message) or _retraction(session, message)
    if _is_bundle(rows[0]):
        return _bundle(session, rows, titles, portal_names)
    first, newest, topics = rows[0], _newest(rows), _topics(rows, titles)
    article = session.scalars(_ARTICLE, {"article": newest.article_id}).one()
    state = _state(session, newest)
    told, before = (state, revisions.heard(session, first)) if state and not state.gone else (article, None)
    kind = _kind(newest if first.revision or first.development else first, gone=bool(state and state.gone))
    return Message(
        id=message,
        kind=kind,
        channel=first.channel,
        recipient=first.recipient,
        story_id=first.story_id,
        development=newest.development,
        revision=newest.revision,
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
        before=(before.title, before.text) if before and kind == "revision" else None,
    )


def _is_bundle(row: AlertRow) -> bool:
    """Whether the row's message tells several stories; what is held by policy still stands alone."""
    return row.bundle == Bundle.LATE or (row.bundle in (Bundle.DIGEST, Bundle.STORM) and row.state != "held")


def _newest(rows: Sequence[AlertRow]) -> AlertRow:
    """The alert of a story's message that tells its newest state: what came while it was held is told with it."""
    return max(rows, key=lambda row: (row.development, row.revision))


def _state(session: Session, row: AlertRow) -> Revision | None:
    return session.get(Revision, (row.article_id, row.revision)) if row.revision else None


def _kind(row: AlertRow, *, gone: bool) -> str:
    return "vanished" if gone else "revision" if row.revision else "development" if row.development else "new"


def _retraction(session: Session, message: str) -> Message:
    row = session.scalars(select(Retraction).where(Retraction.message == message)).one()
    return replace(_EMPTY, id=row.message, kind="retracted", channel=row.channel, recipient=row.recipient, story_id=row.story_id,
        first_seen_at=row.owed_at, retracts=tuple(row.retracts))  # fmt: skip


_EMPTY = Message(
    id="", kind="", channel="", recipient="", story_id=0, revision=0, topics=(), title="", text="", url="",
    portal="portalwatch", portal_name="portalwatch",
)  # fmt: skip
"""A message that tells nothing of its own."""


def _bundle(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> Message:
    first = rows[0]
    return replace(
        _EMPTY,
        id=first.message,
        kind=first.bundle or Bundle.LATE,
        channel=first.channel,
        recipient=first.recipient,
        topics=_topics(rows, titles),
        first_seen_at=first.owed_at,
        late=first.bundle == Bundle.LATE,
        stories=tuple(_story(session, each, titles, portal_names) for each in by_story(rows)),
        coverage=blindness.coverage(session, portal_names) if first.bundle == Bundle.DIGEST else None,
    )


def _story(session: Session, rows: Sequence[AlertRow], titles: Names, portal_names: Names) -> BundledStory:
    newest = _newest(rows)
    article, state = session.get_one(ArticleRow, newest.article_id), _state(session, newest)
    return BundledStory(
        story_id=newest.story_id,
        development=newest.development,
        revision=newest.revision,
        gone=bool(state and state.gone),
        topics=_topics(rows, titles),
        title=article.title,
        url=article.url,
        portal=article.portal,
        portal_name=portal_names.get(article.portal, article.portal),
        published_at=article.published_at or article.published_on,
        language=article.language,
    )


def _topics(rows: Sequence[AlertRow], titles: Names) -> tuple[tuple[str, str], ...]:
    return tuple(dict.fromkeys((row.topic, titles.get(row.topic, row.topic)) for row in rows))


def _hits(session: Session, article: int, revision: int, topics: tuple[tuple[str, str], ...]) -> tuple[Hit, ...]:
    asked = {"article": article, "revision": revision, "topics": [slug for slug, _ in topics]}
    return tuple(dict.fromkeys(Hit(**hit) for hits in session.scalars(_HITS, asked) for hit in hits))


def _thread(session: Session, row: AlertRow) -> str | None:
    asked = {"story": row.story_id, "recipient": row.recipient, "message": row.message, "id": row.id}
    return session.scalar(_FIRST, asked)
