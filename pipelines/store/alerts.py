"""The outbox: what is owed, who sends it, what the channel answered."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from pipelines.models import Answer, TopicMatch
from pipelines.store import tallies
from pipelines.store.database import serialize_claims, store_id
from pipelines.store.rulings import about
from pipelines.store.tables import AlertRow, ArticleRow, Match, Retraction, Telling

CLAIM = timedelta(minutes=2)  # longer than any send takes; a sender that was killed loses its claim after this
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(hours=48)
HELD_FOR = timedelta(hours=1)  # a late batch that has not found or told anything for so long was killed, and is sent as it is
OPEN = ("owed", "retrying")
Table = type[AlertRow] | type[Retraction]
"""What is sent: alerts, and what must be taken back of them."""


def record(session: Session, row: ArticleRow, matches: Sequence[TopicMatch], watchlist: str, now: datetime) -> None:
    """Keep the matches of the article's present state."""
    session.add_all(
        Match(
            article_id=row.id,
            revision=row.revision,
            topic=match.topic,
            watchlist=watchlist,
            hits=[asdict(hit) for hit in match.hits],
            learned=row.learned,
            matched_at=now,
        )
        for match in matches
    )
    session.flush()


def matched(session: Session, row: ArticleRow) -> frozenset[str]:
    """The topics that the article's present state is known to satisfy."""
    return frozenset(session.scalars(select(Match.topic).where(Match.article_id == row.id, Match.revision == row.revision)))


def rematch(session: Session, row: ArticleRow, matches: Sequence[TopicMatch], watchlist: str, now: datetime) -> frozenset[str]:
    """Put these matches in the place of those of the article's present state; gives the topics that matched before."""
    kept = {old.topic: old for old in session.scalars(select(Match).where(Match.article_id == row.id, Match.revision == row.revision))}
    present = {match.topic: match for match in matches}
    for topic, old in kept.items():
        if topic in present:
            old.hits, old.watchlist = [asdict(hit) for hit in present[topic].hits], watchlist
        else:
            session.delete(old)
    record(session, row, [match for topic, match in present.items() if topic not in kept], watchlist, now)
    return frozenset(kept)


def told_before(session: Session, row: ArticleRow, topic: str, stories: Sequence[int], among: Collection[int] | None = None) -> bool:
    """Whether the topic matched an earlier telling of any of these stories (`among` these articles), or another state of this one."""
    query = (
        select(func.count())
        .select_from(Match)
        .join(Telling, Telling.article_id == Match.article_id)
        .where(Telling.story_id.in_(stories), Match.topic == topic, or_(Match.article_id != row.id, Match.revision != row.revision))
    )
    return bool(session.scalar(query if among is None else query.where(Match.article_id.in_(among))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Under which story a recipient was told of an article, and as which development of it."""

    story: int
    development: int


def told(session: Session, stories: Sequence[int], recipient: str) -> dict[int, Told]:
    """What the recipient has (or is owed) first messages about of these stories, by whatever channel: {article: as what}, in their order.

    A story that was joined into one of them counts, and keeps its number.
    """
    query = select(AlertRow.article_id, AlertRow.story_id, AlertRow.development).where(about(stories), AlertRow.recipient == recipient)
    found: dict[int, Told] = {}
    for article, story, development in session.execute(query.order_by(AlertRow.id)):
        found.setdefault(article, Told(story=story, development=development))
    return found


def heard_of(session: Session, article_id: int, recipient: str) -> bool:
    """Whether the recipient has (or is owed) a message about this article, whatever story it tells now."""
    query = select(func.count()).where(AlertRow.article_id == article_id, AlertRow.recipient == recipient)
    return bool(session.scalar(query))


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One alert: a topic's, about a story, to (channel, recipient).

    `development` 0 tells the story, n its nth development to this recipient; `revision` n the nth revision of what was told so.
    """

    topic: str
    story_id: int
    to: tuple[str, str]
    development: int = 0
    revision: int = 0


def owe(session: Session, row: ArticleRow, due: Due, now: datetime, late: str | None = None) -> None:
    """Owe one alert about the article; held where it belongs to a `late` batch."""
    channel, recipient = due.to
    session.add(
        AlertRow(
            message=message_id(store_id(session), due.story_id, row.id, due.development, due.revision, channel, recipient),
            topic=due.topic,
            story_id=due.story_id,
            article_id=row.id,
            development=due.development,
            revision=due.revision,
            channel=channel,
            recipient=recipient,
            state="held" if late else "owed",
            owed_at=now,
            next_try_at=now + HELD_FOR if late else now,
            attempts=0,
            late=late,
        )
    )


def message_id(store: str, *told: int | str) -> str:
    """The same for every attempt at the message that tells this, different for every other message of any store.

    The article is named with its story: another one may tell it under the same number, after a split or where the first was forgotten.
    """
    return "pw_" + hashlib.sha256("\n".join((store, *map(str, told))).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message in a sender's hands, until `until`; nobody else's answer about it counts meanwhile."""

    message: str
    until: datetime
    table: Table = AlertRow


def claim(session: Session, now: datetime, resting: Sequence[str] = ()) -> Claim | None:
    """Take the next message that is due, for CLAIM, but none of the channels that are `resting`; None where there is none.

    One sender at a time: two that lock the alerts of one message one by one would wait for each other.
    """
    serialize_claims(session)
    tried: tuple[Table, ...] = (AlertRow, Retraction)
    return next((taken for table in tried if (taken := _claim(session, table, now, resting))), None)


def _claim(session: Session, table: Table, now: datetime, resting: Sequence[str]) -> Claim | None:
    ripe = (table.state.in_((*OPEN, "sending")), table.next_try_at <= now)
    query = select(table.message).where(*ripe, table.channel.not_in(resting)).order_by(table.next_try_at, table.id).limit(1)
    message = session.scalar(query)
    if message is None:
        return None
    taken = Claim(message=message, until=now + CLAIM, table=table)
    done = session.execute(update(table).where(table.message == message, *ripe).values(state="sending", next_try_at=taken.until))
    return taken if done.rowcount else None  # type: ignore[attr-defined]


def answered(session: Session, claim: Claim, answer: Answer, now: datetime) -> str:
    """Record the channel's answer; gives the new state: sent, retrying or dead.

    A refusal that comes after the claim ended is not ours to tell any more.
    """
    table = claim.table
    query: Any = select(table).where(table.message == claim.message, table.state != "sent").with_for_update()
    rows: list[AlertRow | Retraction] = [
        row for row in session.scalars(query) if answer.ok or (row.state == "sending" and row.next_try_at == claim.until)
    ]
    if not rows:
        return "sent" if answer.ok else "retrying"
    attempts = max(row.attempts for row in rows) + 1
    late = now - min(row.owed_at for row in rows) > GIVE_UP
    state = "sent" if answer.ok else "dead" if answer.permanent or late else "retrying"
    for row in rows:
        row.state, row.attempts, row.answer = state, attempts, answer.detail[:500]
        row.sent_at = now if answer.ok else None
        row.next_try_at = now if state != "retrying" else now + _pause(attempts, answer)
    tallies.delivered(session, rows[0].channel, state, [row.owed_at for row in rows], now)
    return state


def replay(session: Session, message: str | None, now: datetime) -> int:
    """Owe dead messages again (one, or all); gives the number of alerts and of retractions."""
    tables: tuple[Table, ...] = (AlertRow, Retraction)
    return sum(_replay(session, table, message, now) for table in tables)


def _replay(session: Session, table: Table, message: str | None, now: datetime) -> int:
    query = update(table).where(table.state == "dead")
    if message is not None:
        query = query.where(table.message == message)
    done = session.execute(query.values(state="owed", next_try_at=now, owed_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def counts(session: Session) -> dict[str, int]:
    """Alerts by state."""
    return _counts(session, AlertRow)


def retractions(session: Session) -> dict[str, int]:
    """What was taken back, and what is still to be, by state."""
    return _counts(session, Retraction)


def _counts(session: Session, table: Table) -> dict[str, int]:
    return dict(session.execute(select(table.state, func.count()).group_by(table.state)).all())


def _pause(attempts: int, answer: Answer) -> timedelta:
    backoff: timedelta = min(FIRST_RETRY * 2 ** min(attempts - 1, 12), LAST_RETRY)
    return max(backoff, timedelta(seconds=answer.retry_after or 0))
