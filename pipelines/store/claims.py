"""The queues of the outbox: which message a sender takes next, for how long, and what the channel's answer makes of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, Executable, Integer, Select, bindparam, case, false, func, select, true, union_all, update
from sqlalchemy.orm import Session, aliased

from pipelines.models import Answer
from pipelines.pauses import pause
from pipelines.store import attempts, circuits, tallies
from pipelines.store.alerts import TABLES, Table
from pipelines.store.database import serialize_claims
from pipelines.store.tables import AlertRow
from pipelines.store.tables.base import plain

CLAIM = timedelta(minutes=2)  # longer than any send takes; a sender that was killed loses its claim after this
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)
GIVE_UP = timedelta(hours=48)  # after it was owed, the next refusal of a message is the last
UNDER_WAY = ("owed", "retrying", "sending")
ALERTS_A_MESSAGE = 4  # looked at for each message that is wanted; a message has one for each of its topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A channel's queue. `circuit` names what its sending hangs on: itself, or what it shares with others; None where nothing is sent."""

    channel: str
    circuit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A message in a sender's hands, until `until`; nobody else's refusal of it counts meanwhile."""

    message: str
    lane: Lane
    until: datetime
    table: Table = AlertRow


def channels_due(session: Session, now: datetime) -> list[str]:
    """The channels that a message is due for, the one that waits longest first."""
    first: dict[str, datetime] = {}
    for table in TABLES:
        query = select(table.channel, func.min(table.next_try_at)).where(*_ripe(table, now)).group_by(table.channel)
        first |= {channel: min(at, first.get(channel, at)) for channel, at in session.execute(query)}
    return sorted(first, key=lambda channel: (first[channel], channel))


def claim(session: Session, now: datetime, lane: Lane, limit: int = 1) -> list[Claim]:
    """Take up to `limit` messages of a channel that are due, for CLAIM; none while its circuit is open, but one that asks it again.

    A message waits for those before it about the same story to the same recipient: what follows never arrives first.
    One claims at a time: two that lock the alerts of one message one by one would wait for each other.
    """
    serialize_claims(session)
    left = circuits.admitted(session, lane.circuit, limit, now) if lane.circuit else limit
    taken: list[Claim] = []
    for table in TABLES:
        taken += _claim(session, table, now, lane, left - len(taken)) if left > len(taken) else []
    if taken and lane.circuit:
        circuits.probed(session, lane.circuit, now + CLAIM)
    return taken


def _claim(session: Session, table: Table, now: datetime, lane: Lane, limit: int) -> list[Claim]:
    asked = {"now": now, "channel": lane.channel, "most": limit * ALERTS_A_MESSAGE}
    messages = list(dict.fromkeys(session.scalars(_due(table), asked)))[:limit]
    if not messages:
        return []
    taken = set(session.scalars(_taking(table), {"now": now, "end": now + CLAIM, "messages": messages}))
    return [Claim(message=message, lane=lane, until=now + CLAIM, table=table) for message in messages if message in taken]


@cache
def _taking(table: Table) -> Executable:
    rows = plain(table)
    ours = rows.c.message.in_(bindparam("messages", expanding=True)), rows.c.state.in_(UNDER_WAY), rows.c.next_try_at <= bindparam("now")
    return update(rows).where(*ours).values(state="sending", next_try_at=bindparam("end")).returning(rows.c.message)


@cache
def _due(table: Table) -> Select[str]:
    """The first alerts that are due; each state's are found in an index, in their order, so that a long queue costs no more."""
    rows = select(table.id, table.message, table.next_try_at).where(
        table.channel == bindparam("channel"), table.next_try_at <= bindparam("now"), _is_next(table)
    )
    firsts = [
        select(rows.where(table.state == state).order_by(table.next_try_at, table.id).limit(bindparam("most", type_=Integer)).subquery())
        for state in UNDER_WAY
    ]
    found = union_all(*firsts).subquery()
    return select(found.c.message).order_by(found.c.next_try_at, found.c.id)


def _ripe(table: Table, now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.state.in_(UNDER_WAY), table.next_try_at <= now


def _is_next(table: Table) -> ColumnElement[bool]:
    """That nothing older is still to go to the recipient about a story that the message tells.

    Older than the first alert of the message, so that of two that tell the same stories one always goes.
    """
    if table is not AlertRow:
        return true()
    mine, mate, older = aliased(AlertRow), aliased(AlertRow), aliased(AlertRow)
    begun = select(func.min(mate.id)).where(mate.message == AlertRow.message).correlate(AlertRow).scalar_subquery()
    waits = (
        select(older.id)
        .join(mine, (mine.story_id == older.story_id) & (mine.recipient == older.recipient))
        .where(mine.message == AlertRow.message, older.id < begun, older.state.in_((*UNDER_WAY, "held")))
    )
    # No EXISTS: PostgreSQL would join it with the whole table while it has no statistics, 40 s for 10,000 that are owed at once.
    # A CASE, since of an IS NULL it believes that hardly any row passes.
    return case((waits.correlate(AlertRow).limit(1).scalar_subquery().is_(None), true()), else_=false())


def give_back(session: Session, claims: Sequence[Claim], now: datetime) -> None:
    """Let go of messages that were claimed and not tried."""
    for each in claims:
        table = each.table
        ours = update(table).where(table.message == each.message, table.state == "sending", table.next_try_at == each.until)
        before = case((table.attempts > 0, "retrying"), else_="owed")
        session.execute(ours.values(state=before, next_try_at=now).execution_options(synchronize_session=False))


def answered(session: Session, claim: Claim, answer: Answer, now: datetime, seconds: float = 0.0) -> str:
    """Record the channel's answer, which came after `seconds`; gives the new state: sent, retrying or dead.

    A refusal that comes after the claim ended is not ours to tell any more. While its circuit is open no message dies: what was
    refused is then the channel, not the message.
    """
    lane, table = claim.lane, claim.table
    attempts.note(session, claim.message, attempts.Tried(channel=lane.channel, at=now, seconds=seconds, answer=answer))
    open_until = circuits.heard(session, lane.circuit, claim.message, answer, now) if lane.circuit else None
    found = session.execute(_unsent(table), {"told": claim.message})
    rows = [row for row in found if answer.ok or (row.state == "sending" and row.next_try_at == claim.until)]
    if not rows:
        return "sent" if answer.ok else "retrying"
    tries = max(row.attempts for row in rows) + 1
    late = now - min(row.owed_at for row in rows) > GIVE_UP and open_until is None
    state = "sent" if answer.ok else "dead" if answer.permanent or late else "retrying"
    become = {
        "to": state,
        "tries": tries,
        "said": answer.detail[:500],
        "at": now if answer.ok else None,
        "next": now if state != "retrying" else _again(claim, tries, answer, now, open_until),
    }
    session.execute(_becoming(table), [{"row": row.id, **become} for row in rows])
    tallies.delivered(session, lane.channel, state, [row.owed_at for row in rows], now)
    return state


@cache
def _unsent(table: Table) -> Executable:
    rows = plain(table)
    columns = rows.c.id, rows.c.state, rows.c.next_try_at, rows.c.owed_at, rows.c.attempts
    return select(*columns).where(rows.c.message == bindparam("told"), rows.c.state != "sent").with_for_update()


@cache
def _becoming(table: Table) -> Executable:
    rows, said = plain(table), {"state": "to", "attempts": "tries", "answer": "said", "sent_at": "at", "next_try_at": "next"}
    return update(rows).where(rows.c.id == bindparam("row")).values({column: bindparam(name) for column, name in said.items()})


def _again(claim: Claim, tries: int, answer: Answer, now: datetime, open_until: datetime | None) -> datetime:
    """When a message is tried again: with its circuit, or after a pause of its own, and never before the channel wants it."""
    following = open_until or now + pause(FIRST_RETRY, LAST_RETRY, tries, claim.message)
    return max(following, now + timedelta(seconds=answer.retry_after or 0))
