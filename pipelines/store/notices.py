"""Notices: what ops are owed, each to the recipients of their channels."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.models import Message, Notice
from pipelines.store.alerts import message_id
from pipelines.store.database import store_id
from pipelines.store.tables import Notice as NoticeRow


def owe_notice(session: Session, event: str, body: Mapping[str, Any], to: Iterable[tuple[str, str]], key: str, now: datetime) -> int:
    """Owe every (channel, recipient) this notice, once for its `key`; gives how many are new. `body`: the keys of a Notice."""
    count = 0
    for channel, recipient in to:
        message = message_id(store_id(session), "ops", key, channel, recipient)
        if session.scalar(select(NoticeRow.id).where(NoticeRow.message == message)) is None:
            session.add(_row(session, event, dict(body), (channel, recipient), message, now))
            count += 1
    session.flush()
    return count


def _row(session: Session, event: str, body: dict[str, Any], to: tuple[str, str], message: str, now: datetime) -> NoticeRow:
    number, (channel, recipient) = body.get("incident"), to
    first = select(NoticeRow.message).where(NoticeRow.incident_id == number, NoticeRow.channel == channel, NoticeRow.recipient == recipient)
    return NoticeRow(
        message=message,
        incident_id=number,
        event=event,
        thread=session.scalar(first.order_by(NoticeRow.id).limit(1)) if number is not None else None,
        body=body,
        channel=channel,
        recipient=recipient,
        state="owed",
        owed_at=now,
        next_try_at=now,
        attempts=0,
    )


def notice_of(session: Session, message: str) -> Message | None:
    """The message of a notice, None where it is none."""
    row = session.scalar(select(NoticeRow).where(NoticeRow.message == message))
    if row is None:
        return None
    notice = Notice(event=row.event, **{**row.body, "lines": tuple(row.body["lines"])})
    return Message(
        id=message,
        kind="ops",
        channel=row.channel,
        recipient=row.recipient,
        story_id=0,
        revision=0,
        topics=(),
        title=notice.title,
        text="\n".join(notice.lines),
        url="",
        portal="portalwatch",
        portal_name="portalwatch",
        first_seen_at=row.owed_at,
        thread=row.thread,
        notice=notice,
    )
