"""What is kept for digests, and sending it before its moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pipelines.alerts.outbox import Delivered, Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.config import Settings
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.waiting import collected, release
from pipelines.store.watchlists import running


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose digests: of one recipient or channel where they are named. `early`: those too whose moment is still to come."""

    recipient: str | None = None
    channel: str | None = None
    early: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is collected for a recipient, and when it goes: at the first of its moments."""

    recipient: str
    channel: str
    stories: int
    topics: tuple[str, ...]
    due: datetime


def waiting(settings: Settings, wanted: Wanted) -> list[Digest]:
    """The digests that are being collected; but for `early` only those that are due."""
    by: dict[str, list[Any]] = {}
    with reading(open_store(settings)) as session:
        for row in collected(session, wanted.recipient, wanted.channel):
            by.setdefault(row.recipient, []).append(row)
        found = [
            Digest(
                recipient=recipient, channel=rows[0].channel, stories=len({row.story_id for row in rows}),
                topics=tuple(dict.fromkeys(row.topic for row in rows)), due=min(row.next_try_at for row in rows),
            )
            for recipient, rows in by.items()
        ]  # fmt: skip
    return [each for each in found if wanted.early or each.due <= now()]


def send(settings: Settings, wanted: Wanted, portal_names: Mapping[str, str]) -> Delivered:
    """Send what is due, and where that is wanted all that is collected. Without a watchlist that ever ran there is nothing to send."""
    engine = open_store(settings)
    watchlist = running(engine, settings.compiled)
    if watchlist is None:
        return Delivered()
    post = Post(engine=engine, watchlist=watchlist, portal_names=portal_names, send=sender_of(settings), clock=now, zone=settings.zone)
    if wanted.early:
        in_one_transaction(
            engine, lambda session: release(post.present(session), collected(session, wanted.recipient, wanted.channel))
        )  # fmt: skip
    return deliver(post)


def wanted_of(params: Mapping[str, Any]) -> Wanted:
    """What a form asked for: `recipient`, `channel`."""
    return Wanted(recipient=params.get("recipient") or None, channel=params.get("channel") or None, early=True)


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)
