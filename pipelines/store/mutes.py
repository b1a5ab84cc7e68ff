"""Mutes: a topic, a story or a recipient is silent until an end; what would have been told meanwhile never is, and is counted."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.errors import WrongUseError
from pipelines.store.articles import stories_of
from pipelines.store.rulings import family
from pipelines.store.tables import AlertRow, Mute, Silenced, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    """What is muted; where several are named, only what is all of it."""

    topic: str | None = None
    story: int | None = None
    recipient: str | None = None

    def __str__(self) -> str:
        named = {"topic": self.topic, "story": self.story, "recipient": self.recipient}
        return ", ".join(f"{name} {value}" for name, value in named.items() if value is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A mute with how many alerts it silenced so far."""

    number: int
    what: Muted
    since: datetime
    until: datetime
    who: str
    silenced: int


def mute(session: Session, what: Muted, until: datetime, who: str, now: datetime) -> int:
    """Mute it from now on; gives the mute's number. WrongUseError where the end is past, or there is no such story."""
    if until <= now:
        raise WrongUseError(f"a mute needs an end that is still to come, {until.isoformat(' ', 'minutes')} is past")
    if what.story is not None and session.get(Story, what.story) is None:
        raise WrongUseError(f"there is no story {what.story}")
    row = Mute(topic=what.topic, story_id=what.story, recipient=what.recipient, since=now, until=until, who=who)
    session.add(row)
    session.flush()
    return row.id


def unmute(session: Session, number: int | None, what: Muted, now: datetime) -> list[Standing]:
    """End the mute of that number, or those of exactly `what`, now; gives those that it ended."""
    ended = [each for each in standing(session, now) if (each.number == number if number is not None else each.what == what)]
    for each in ended:
        session.get_one(Mute, each.number).until = now
    return ended


def standing(session: Session, now: datetime, *, past: bool = False) -> list[Standing]:
    """The mutes that hold now, the newest first; with `past` those that ended too."""
    counts = dict(session.execute(select(Silenced.mute_id, func.count()).group_by(Silenced.mute_id)).all())
    rows = session.scalars((select(Mute) if past else select(Mute).where(Mute.until > now)).order_by(Mute.id.desc()))
    return [
        Standing(number=row.id, what=_what(row), since=row.since, until=row.until, who=row.who, silenced=counts.get(row.id, 0))
        for row in rows
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What would be told: an article's state for a topic, of these stories, to (channel, recipient)."""

    article: int
    revision: int
    topic: str
    stories: frozenset[int]
    to: tuple[str, str]


class Mutes:
    """The mutes that hold at a moment."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._rows = session.scalars(select(Mute).where(Mute.until > now).order_by(Mute.until.desc())).all()
        self._families = {row.story_id: family(session, row.story_id) for row in self._rows if row.story_id is not None}

    def silence(self, telling: Telling) -> bool:
        """Whether a mute holds for it; takes down that it is never told."""
        row = self.over(telling.topic, telling.stories, telling.to[1])
        if row is not None:
            channel, recipient = telling.to
            self._session.add(
                Silenced(
                    mute_id=row.id, topic=telling.topic, article_id=telling.article, revision=telling.revision,
                    channel=channel, recipient=recipient, silenced_at=self._now,
                )
            )  # fmt: skip
        return row is not None

    def over(self, topic: str, stories: Collection[int], recipient: str) -> Mute | None:
        """The mute that holds for it, the longest of several."""
        return next((row for row in self._rows if self._holds(row, topic, stories, recipient)), None)

    def unmuted(self, rows: Sequence[AlertRow]) -> list[AlertRow]:
        """Those of held alerts for which none holds; the others are dropped, and counted."""
        if not self._rows:
            return list(rows)
        kept: list[AlertRow] = []
        for row in rows:
            stories = frozenset({row.story_id, *stories_of(self._session, row.article_id)})
            to = (row.channel, row.recipient)
            if self.silence(Telling(article=row.article_id, revision=row.revision, topic=row.topic, stories=stories, to=to)):
                self._session.delete(row)
            else:
                kept.append(row)
        return kept

    def _holds(self, row: Mute, topic: str, stories: Collection[int], recipient: str) -> bool:
        return (
            row.topic in (None, topic)
            and row.recipient in (None, recipient)
            and (row.story_id is None or not self._families[row.story_id].isdisjoint(stories))
        )


def silenced(session: Session, article: int, topic: str) -> list[tuple[Silenced, Mute]]:
    """What was never told of an article for a topic, and which mute did it."""
    query = select(Silenced, Mute).join(Mute, Mute.id == Silenced.mute_id)
    found = session.execute(query.where(Silenced.article_id == article, Silenced.topic == topic).order_by(Silenced.id))
    return [(row, mute) for row, mute in found]


def _what(row: Mute) -> Muted:
    return Muted(topic=row.topic, story=row.story_id, recipient=row.recipient)
