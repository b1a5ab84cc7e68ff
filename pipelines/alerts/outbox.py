"""Emptying the outbox: claim a message, send it outside any transaction, record the channel's true answer."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from pipelines.models import Answer, Message
from pipelines.points import Point, passing
from pipelines.store import alerts
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.messages import message_of
from pipelines.store.waiting import Present, arrange
from pipelines.store.watchlists import running
from pipelines.watch.topic import Titles
from pipelines.watch.watchlist import Watchlist

log = logging.getLogger(__name__)
RESTS_AFTER = 2  # failures in a round
Send = Callable[[object, Message], Answer]


@dataclass(slots=True)
class Delivered:
    """How many messages of a round were sent, will be tried again, or are dead."""

    sent: int = 0
    retrying: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a delivery round works with. `send(channel, message)` never raises; `clock` gives aware times, `zone` is the
    installation's."""

    engine: Engine
    watchlist: Watchlist
    portal_names: Mapping[str, str]
    send: Send
    clock: Callable[[], datetime]
    zone: tzinfo = UTC

    def present(self, session: Session) -> Present:
        """What decides now on who hears when."""
        return Present(session=session, watchlist=self.watchlist, zone=self.zone, now=self.clock())


def deliver(post: Post, *, seconds: float = float("inf")) -> Delivered:
    """Send what is due, one message at a time, until nothing is or `seconds` are over. A channel that fails twice rests for the round."""
    in_one_transaction(post.engine, lambda session: arrange(post.present(session)))
    done, failures, end = Delivered(), Counter[str](), time.monotonic() + seconds
    while time.monotonic() < end:
        resting = [channel for channel, count in failures.items() if count >= RESTS_AFTER]
        claimed = in_one_transaction(post.engine, lambda session, resting=resting: alerts.claim(session, post.clock(), resting))  # type: ignore[misc]
        if claimed is None:
            break
        passing(Point.ALERT_CLAIMED)
        message = _composed(post, claimed)
        if message is None:
            continue
        channel, state = _deliver(post, claimed, message)
        passing(Point.ALERT_RECORDED)
        failures[channel] += state == "retrying"
        setattr(done, state, getattr(done, state) + 1)
    return done


def _composed(post: Post, claimed: alerts.Claim) -> Message | None:
    """The message of the claim; None where all that it told of was forgotten meanwhile."""
    titles = Titles(post.watchlist.topics)
    try:
        with reading(post.engine) as session:
            return message_of(session, claimed.message, titles, post.portal_names)
    except NoResultFound:
        return None


def _deliver(post: Post, claimed: alerts.Claim, message: Message) -> tuple[str, str]:
    passing(Point.ALERT_COMPOSED)
    channel = post.watchlist.channels.get(message.channel) or _newest(post, message.channel)
    if channel is None:
        answer = Answer(ok=False, permanent=True, detail=f"channel `{message.channel}` is no longer in the watchlist")
    else:
        answer = post.send(channel, message)
    passing(Point.ALERT_SENT)
    state = in_one_transaction(post.engine, lambda session: alerts.answered(session, claimed, answer, post.clock()))
    level = logging.DEBUG if answer.ok else logging.WARNING
    log.log(level, "alert %s by %s: %s (%s)", claimed.message, message.channel, state, answer.detail)
    return message.channel, state


def _newest(post: Post, channel: str) -> object | None:
    """The channel in the watchlist that runs now, which may be younger than this round."""
    watchlist = running(post.engine)
    return watchlist.channels.get(channel) if watchlist else None
