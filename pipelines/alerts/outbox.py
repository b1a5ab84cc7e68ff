"""Emptying the outbox: claim messages, send them outside any transaction, record the channel's true answer."""

import logging
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from threading import Event, Lock
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import NoResultFound
from sqlalchemy.orm import Session

from pipelines.alerts.lanes import THREADS, Turn, in_turns
from pipelines.alerts.lines import keeping
from pipelines.models import Answer, Message
from pipelines.points import Point, passing
from pipelines.store import claims
from pipelines.store.claims import Claim, Lane
from pipelines.store.database import in_one_reading, in_one_transaction
from pipelines.store.messages import message_of
from pipelines.store.waiting import Present, arrange
from pipelines.store.watchlists import running
from pipelines.watch.topic import Titles
from pipelines.watch.watchlist import Watchlist

log = logging.getLogger(__name__)
LONGEST_SEND = timedelta(seconds=110)  # what a message must have left of its claim to be begun
TELLS_EVERY = 5.0  # seconds between two lines about a long round
MAIL_SERVER = "the mail server"  # a circuit of its own, which no channel's slug can be
T = TypeVar("T")
Send = Callable[[object, Message], Answer]


@dataclass(slots=True)
class Delivered:
    """How many messages of a round were sent, will be tried again, or are dead."""

    sent: int = 0
    retrying: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What a delivery round works with. `send(channel, message)` never raises, and is called from up to `threads` threads at once;
    `clock` gives aware times, `zone` is the installation's."""

    engine: Engine
    watchlist: Watchlist
    portal_names: Mapping[str, str]
    send: Send
    clock: Callable[[], datetime]
    zone: tzinfo = UTC
    threads: int = THREADS

    def present(self, session: Session) -> Present:
        """What decides now on who hears when."""
        return Present(session=session, watchlist=self.watchlist, zone=self.zone, now=self.clock())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """One round of a post: when it ends at the latest (monotonic seconds), and whether it is over."""

    post: Post
    ends: float
    over: Event = field(default_factory=Event)
    writes: Lock = field(default_factory=Lock)

    @property
    def is_over(self) -> bool:
        return self.over.is_set() or time.monotonic() >= self.ends

    def keep(self, work: Callable[[Session], T]) -> T:
        """Do it in a transaction. Threads that wait for SQLite's lock sleep longer and longer, so ours wait for one another instead."""
        with self.writes if self.post.engine.dialect.name == "sqlite" else nullcontext():
            return in_one_transaction(self.post.engine, work)


def deliver(post: Post, *, seconds: float = float("inf")) -> Delivered:
    """Send what is due until nothing is or `seconds` are over, the channels beside one another.

    Interrupted, it ends with the messages that are in flight; what it had taken beyond them is due again at once.
    """
    in_one_transaction(post.engine, lambda session: arrange(post.present(session)))
    done, told = Delivered(), time.monotonic()
    with keeping(post.send), closing(_turns(_Round(post=post, ends=time.monotonic() + seconds))) as turns:
        for turn in turns:
            for state, count in turn.states.items() if turn else ():
                setattr(done, state, getattr(done, state) + count)
            if time.monotonic() - told >= TELLS_EVERY:
                told = time.monotonic()
                log.info("delivery: %d sent, %d will be tried again, %d dead so far", done.sent, done.retrying, done.dead)
    return done


def _turns(round_: _Round) -> Generator[Turn | None]:
    """Turns of all lanes that something is due for, once more for what came meanwhile."""
    took = True
    while took and not round_.is_over:
        took, begun = False, replace(round_, over=Event())
        with closing(in_turns(_lanes(round_.post), partial(_turn, begun), begun.over, round_.post.threads)) as turns:
            for turn in turns:
                took = took or bool(turn and turn.taken)
                yield turn


def _lanes(post: Post) -> list[Lane]:
    due = in_one_reading(post.engine, lambda session: list(claims.channels_due(session, post.clock())))
    return [_lane(post, channel) for channel in due]


def _lane(post: Post, name: str) -> Lane:
    """All mail hangs on the one server; a channel that no watchlist knows hangs on nothing."""
    channel = _channel(post, name)
    return Lane(channel=name, circuit=None if channel is None else MAIL_SERVER if getattr(channel, "type", "") == "mail" else name)


def _turn(round_: _Round, lane: Lane, size: int) -> Turn:
    post, turn, began = round_.post, Turn(lane=lane), time.monotonic()
    if round_.is_over:
        return turn
    taken = round_.keep(lambda session: claims.claim(session, post.clock(), lane, size))
    if taken:
        passing(Point.ALERT_CLAIMED)
    for claim in taken:
        if round_.is_over or claim.until - post.clock() < LONGEST_SEND:
            break
        turn.taken += 1
        answer = _delivered(round_, claim, turn)
        if not (answer.ok or answer.permanent or answer.only_this):
            break
    if left := taken[turn.taken :]:
        round_.keep(lambda session: claims.give_back(session, left, post.clock()))
    turn.seconds = time.monotonic() - began
    return turn


def _delivered(round_: _Round, claim: Claim, turn: Turn) -> Answer:
    post = round_.post
    message = _composed(post, claim)
    if message is None:
        return FORGOTTEN
    passing(Point.ALERT_COMPOSED)
    channel, began = _channel(post, message.channel) if claim.lane.circuit else None, time.monotonic()
    answer = post.send(channel, message) if channel else _unknown(message.channel)
    seconds = time.monotonic() - began
    passing(Point.ALERT_SENT)
    state = round_.keep(lambda session: claims.answered(session, claim, answer, post.clock(), seconds))
    level = logging.DEBUG if answer.ok else logging.WARNING
    log.log(level, "alert %s by %s: %s (%s)", claim.message, message.channel, state, answer.detail)
    passing(Point.ALERT_RECORDED)
    turn.states[state] += 1
    return answer


FORGOTTEN = Answer(ok=False, only_this=True, detail="all that it told of was forgotten meanwhile")


def _unknown(channel: str) -> Answer:
    return Answer(ok=False, permanent=True, detail=f"channel `{channel}` is no longer in the watchlist")


def _composed(post: Post, claimed: Claim) -> Message | None:
    """The message of the claim; None where all that it told of was forgotten meanwhile."""
    titles = Titles(post.watchlist.topics)
    try:
        return in_one_reading(post.engine, lambda session: message_of(session, claimed.message, titles, post.portal_names))
    except NoResultFound:
        return None


def _channel(post: Post, name: str) -> object | None:
    """The channel, be it of the watchlist that runs now, which may be younger than this round; None where no watchlist knows it."""
    known = post.watchlist.channels.get(name)
    if known is None and (watchlist := running(post.engine)):
        return watchlist.channels.get(name)
    return known
