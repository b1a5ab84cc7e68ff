"""Taking back: what a webhook was told of a forgotten article it is asked to forget too, by ids alone."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.store.database import store_id
from pipelines.store.tables import AlertRow, Retraction

Told = tuple[int, str, str]
"""(story, channel, recipient)"""


def owe_retractions(session: Session, alerts: Sequence[AlertRow], hooks: Collection[str], now: datetime) -> int:
    """Owe the channels of `hooks` one retraction a story for those of the alerts that they had, or may have had; gives how many are new.

    What is being sent at this moment is retracted when its claim is over, so that the retraction comes after it.
    """
    by: dict[Told, list[AlertRow]] = {}
    for row in alerts:
        if row.channel in hooks and may_be_known(row):
            by.setdefault((row.story_id, row.channel, row.recipient), []).append(row)
    return sum(_owed(session, told, rows, now) for told, rows in by.items())


def may_be_known(row: AlertRow) -> bool:
    """Whether the recipient has the alert for all we know: an attempt whose answer was lost may have arrived."""
    return row.state in ("sent", "sending") or row.attempts > 0


def _owed(session: Session, told: Told, rows: Sequence[AlertRow], now: datetime) -> bool:
    story, channel, recipient = told
    retracts = sorted({row.message for row in rows})
    message = _message_id(store_id(session), told, retracts)
    if session.scalar(select(Retraction.id).where(Retraction.message == message)) is not None:
        return False
    first = max([now, *(row.next_try_at for row in rows if row.state == "sending")])
    session.add(
        Retraction(
            message=message, retracts=retracts, story_id=story, channel=channel, recipient=recipient,
            state="owed", owed_at=now, next_try_at=first, attempts=0,
        )
    )  # fmt: skip
    return True


def _message_id(store: str, told: Told, retracts: Sequence[str]) -> str:
    """The same however often the article is forgotten, as it is once more after a backup was restored."""
    return "pw_" + hashlib.sha256("\n".join([store, "retracted", *map(str, told), *retracts]).encode()).hexdigest()[:32]
