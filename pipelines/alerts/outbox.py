"""Emptying the outbox: claim a message, send it outside any transaction, record the channel's true answer."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from pipelines.models import Answer, Message
from pipelines.store import alerts
from pipelines.store.database import in_one_transaction, reading
from pipelines.watch.watchlist import Watchlist

log = logging.getLogger(__name__)
Send = Callable[[object, Message], Answer]


@dataclass(slots=True)
class Delivered:
    """How many messages of a round were sent, will be tried again, or are dead."""

    sent: int = 0
    retrying: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a delivery round works with. `send(channel, message)` never raises; `clock` gives aware times."""

    engine: Engine
    watchlist: Watchlist
    portal_names: Mapping[str, str]
    send: Send
    clock: Callable[[], datetime]


def deliver(post: Post, *, limit: int = 10_000) -> Delivered:
    """Send what is due, one message at a time, until nothing is or `limit` is reached."""
    done = Delivered()
    for _ in range(limit):
        message_id = in_one_transaction(post.engine, lambda session: alerts.claim(session, post.clock()))
        if message_id is None:
            break
        state = _deliver(post, message_id)
        setattr(done, state, getattr(done, state) + 1)
    return done


def _deliver(post: Post, message_id: str) -> str:
    with reading(post.engine) as session:
        titles = {slug: topic.title for slug, topic in post.watchlist.topics.items()}
        message = alerts.message(session, message_id, titles, dict(post.portal_names))
    channel = post.watchlist.channels.get(message.channel)
    if channel is None:
        answer = Answer(ok=False, permanent=True, detail=f"channel `{message.channel}` is no longer in the watchlist")
    else:
        answer = post.send(channel, message)
    state = in_one_transaction(post.engine, lambda session: alerts.answered(session, message_id, answer, post.clock()))
    log.log(logging.DEBUG if answer.ok else logging.WARNING, "alert %s by %s: %s (%s)", message_id, message.channel, state, answer.detail)
    return state
