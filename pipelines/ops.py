"""Telling those who run it: one notice when something breaks, one when it works again, through every channel of `ops:` that answers.

What no channel took is told at the next look of `tell_again`, by which it is not lost."""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipelines import models
from pipelines.alerts.sending import sender_of
from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.hiding import hidden
from pipelines.models import Answer, Message
from pipelines.store import beats
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.watchlists import running
from pipelines.watch.watchlist import Watchlist, load_watchlist

log = logging.getLogger(__name__)
MENDED = ".mended"
AGAIN = 24 * 3600.0
"""Seconds after which ops hear again of what is still broken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What ops are told: `key` names what is broken, so that it is told once; the subject alone must say what and why."""

    key: str
    subject: str
    text: str


def tell_ops(settings: Settings, notice: Notice) -> list[Answer]:
    """Send a notice now, past the outbox, since it may be what is broken; gives each channel's answer. Never raises."""
    subject, text = hidden(notice.subject, settings), hidden(notice.text, settings)
    log.error("%s", subject)
    send, answers = sender_of(settings), list[Answer]()
    for channel, name, recipient in _recipients(settings):
        message = _message(notice.key, subject, text, (name, recipient))
        answers.append(send(channel, message))
        if not answers[-1].ok:
            log.error("ops could not be told by %s: %s", name, answers[-1].detail)
    return answers


def broke(settings: Settings, notice: Notice) -> bool:
    """Tell ops that something is broken, unless they know; gives whether they were told now.

    Where the store does not answer nobody knows what they were told, and they are told."""
    now = datetime.now(UTC)
    try:
        before = in_one_transaction(open_store(settings), lambda session: _failed(session, notice, now))
    except (PortalwatchError, SQLAlchemyError):
        before = None
    if before is not None:
        return False
    answers = tell_ops(settings, notice)
    heard = not answers or any(answer.ok for answer in answers)
    if not heard:
        _keep_untold(settings, notice, now)
    return heard


def tell_again(settings: Settings) -> int:
    """Tell ops what is broken and no channel took when it was told; gives how many such notices there were."""
    with reading(open_store(settings)) as session:
        kept = [beat.told["untold"] for beat in beats.all_known(session).values() if beat.failing_since and beat.told.get("untold")]
    for notice in kept:
        broke(settings, Notice(**notice))
    return len(kept)


def mended(settings: Settings, key: str, subject: str) -> bool:
    """Tell ops that it works again, where they heard that it did not; gives whether they were told."""
    engine, now = open_store(settings), datetime.now(UTC)
    with reading(engine) as session:  # nearly always all is well, and nobody's write has to wait for that
        before = beats.known(session, key)
    if before is None or before.failing_since is None:
        return False
    since = in_one_transaction(engine, lambda session: _well(session, key, now))
    if since is None:
        return False
    tell_ops(settings, Notice(key=f"{key}{MENDED}", subject=subject, text=f"{subject}\nIt was broken since {since:%Y-%m-%d %H:%M} UTC."))
    return True


def _failed(session: Session, notice: Notice, now: datetime) -> datetime | None:
    """When ops were told of it last, None where they must be told now."""
    before = beats.known(session, notice.key)
    told = before.told.get("told_at") if before and before.failing_since else None
    at = datetime.fromisoformat(told) if told else None
    fresh = at is not None and (now - at).total_seconds() < AGAIN
    beats.beat(session, notice.key, now, ok=False, told={"why": notice.subject, "told_at": told if fresh else now.isoformat()})
    return at if fresh else None


def _keep_untold(settings: Settings, notice: Notice, now: datetime) -> None:
    told = {"why": notice.subject, "untold": {name: hidden(text, settings) for name, text in asdict(notice).items()}}
    with suppress(PortalwatchError, SQLAlchemyError):
        in_one_transaction(open_store(settings), lambda session: beats.beat(session, notice.key, now, ok=False, told=told))


def _well(session: Session, key: str, now: datetime) -> datetime | None:
    before = beats.known(session, key)
    if before is None or before.failing_since is None:
        return None
    beats.beat(session, key, now, ok=True)
    return before.failing_since


def _recipients(settings: Settings) -> Iterator[tuple[object, str, str]]:
    if watchlist := _watchlist(settings):
        yield from ((watchlist.channels[name], name, recipient) for name, recipient in watchlist.watchmen)


def _watchlist(settings: Settings) -> Watchlist | None:
    """The one that runs; where the store does not answer, the one in the file."""
    try:
        found = running(open_store(settings), settings.compiled)
    except (PortalwatchError, SQLAlchemyError):
        found = None
    try:
        return found or load_watchlist(settings.watchlist, settings.aliases if settings.aliases.exists() else None)
    except PortalwatchError as error:
        log.error("ops cannot be told, there is no watchlist: %s", hidden(str(error).splitlines()[0], settings))  # noqa: TRY400
        return None


def _message(key: str, subject: str, text: str, to: tuple[str, str]) -> Message:
    stamp = datetime.now(UTC)
    made = hashlib.sha256(json.dumps([key, *to, stamp.isoformat()]).encode()).hexdigest()[:32]
    told = models.Notice(event="mended" if key.endswith(MENDED) else "incident", title=subject, lines=tuple(text.splitlines()), name=key)
    return Message(
        id=f"pw_{made}", kind="ops", channel=to[0], recipient=to[1], story_id=0, revision=0, topics=(), title=subject, text=text,
        url="", portal="", portal_name="portalwatch", first_seen_at=stamp, notice=told,
    )  # fmt: skip
