"""Circuits: a channel that answers nobody is left alone, and asked by one message at a time until it answers again.

They stand in the database, so that every process and every round knows of them.
"""

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from pipelines.models import Answer
from pipelines.pauses import pause
from pipelines.store.tables import Circuit
from pipelines.store.tables.base import plain

OPENS_AFTER = 3  # failures in a row
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=30), timedelta(minutes=15)


_CIRCUIT = plain(Circuit)
_OPEN = (_CIRCUIT.c.channel == bindparam("name"), _CIRCUIT.c.opened_at.is_not(None))
_OPEN_UNTIL = select(_CIRCUIT.c.until).where(*_OPEN)
_PROBED = update(_CIRCUIT).where(*_OPEN).values(until=bindparam("later"))
_CLOSE = delete(_CIRCUIT).where(_CIRCUIT.c.channel == bindparam("name"))


def admitted(session: Session, name: str, limit: int, now: datetime) -> int:
    """How many messages may be taken: `limit` while the circuit is closed, one when an open one is to be asked again, else none."""
    until = session.scalar(_OPEN_UNTIL, {"name": name})
    return limit if until is None else int(until <= now)


def probed(session: Session, name: str, until: datetime) -> None:
    """A message that asks an open circuit was taken; no other one does before `until`."""
    session.execute(_PROBED, {"name": name, "later": until})


def heard(session: Session, name: str, message: str, answer: Answer, now: datetime) -> datetime | None:
    """Note a channel's answer; gives until when the circuit is open, None where it is closed.

    An answer about one message shows that the channel works. One that asks for a pause opens the circuit for that long.
    """
    if answer.ok or answer.permanent or answer.only_this:
        session.execute(_CLOSE, {"name": name})
        return None
    row = session.get(Circuit, name, with_for_update=True) or Circuit(channel=name, failures=0)
    session.add(row)
    row.failures, row.message, row.answer = row.failures + 1, message, answer.detail[:500]
    if row.failures >= OPENS_AFTER or answer.retry_after:
        row.opened_at, row.until = row.opened_at or now, now + _rest(row, answer)
    return row.until


def open_circuits(session: Session) -> list[Circuit]:
    """Those that are left alone, the longest first."""
    return list(session.scalars(select(Circuit).where(Circuit.opened_at.is_not(None)).order_by(Circuit.opened_at)))


def ask_again(session: Session, now: datetime) -> None:
    """Let every open circuit be asked at once: a person says that the cause is mended."""
    session.execute(update(Circuit).where(Circuit.until > now).values(until=now))


def _rest(row: Circuit, answer: Answer) -> timedelta:
    return max(
        pause(FIRST_PAUSE, LAST_PAUSE, row.failures - OPENS_AFTER + 1, row.channel),
        timedelta(seconds=answer.retry_after or 0),
    )
