"""The outbox: what is owed to whom, and how much of it in which state; `claims.py` sends it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pipelines.store import circuits
from pipelines.store.database import store_id
from pipelines.store.rulings import about
from pipelines.store.tables import AlertRow, ArticleRow, Notice, Retraction

HELD_FOR = timedelta(hours=1)  # a late batch that has not found or told anything for so long was killed, and is sent as it is
Table = type[AlertRow] | type[Retraction] | type[Notice]
"""What is sent: alerts, what must be taken back of them, and what ops hear of the monitor itself."""
TABLES: tuple[Table, ...] = (AlertRow, Retraction, Notice)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What an alert is held for, a `policy.plan.Bundle`, and until when; `late` names the batch that holds it."""

    bundle: str
    until: datetime
    late: str | None = None


def owe(session: Session, row: ArticleRow, due: Due, now: datetime, held: Held | None = None) -> None:
    """Owe one alert about the article; a `held` one goes nowhere until it is released."""
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
            state="held" if held else "owed",
            owed_at=now,
            next_try_at=held.until if held else now,
            attempts=0,
            late=held.late if held else None,
            bundle=held.bundle if held else None,
        )
    )


def message_id(store: str, *told: int | str) -> str:
    """The same for every attempt at the message that tells this, different for every other message of any store.

    The article is named with its story: another one may tell it under the same number, after a split or where the first was forgotten.
    """
    return "pw_" + hashlib.sha256("\n".join((store, *map(str, told))).encode()).hexdigest()[:32]


def replay(session: Session, message: str | None, now: datetime) -> int:
    """Owe dead messages again (one, or all), ask resting channels; gives the number of alerts, retractions and notices."""
    circuits.ask_again(session, now)
    return sum(_replay(session, table, message, now) for table in TABLES)


def _replay(session: Session, table: Table, message: str | None, now: datetime) -> int:
    query = update(table).where(table.state == "dead")
    if message is not None:
        query = query.where(table.message == message)
    done = session.execute(query.values(state="owed", next_try_at=now, owed_at=now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def counts(session: Session, table: Table = AlertRow) -> dict[str, int]:
    """Alerts by state, or what was taken back of them, or what ops are told."""
    return dict(session.execute(select(table.state, func.count()).group_by(table.state)).all())
