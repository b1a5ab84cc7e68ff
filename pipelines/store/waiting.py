"""What is held for its recipient by policy: pulled forward by what is more urgent, let go when its time has come."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import chain

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.orm import Session

from pipelines.points import Point, passing
from pipelines.policy import plan as policies
from pipelines.policy.plan import Bundle, Plan, Policy
from pipelines.store.bundles import alone, bundled, by_story, unheard
from pipelines.store.database import serialize_claims, serialize_stories
from pipelines.store.mutes import Mutes
from pipelines.store.rulings import about
from pipelines.store.tables import AlertRow
from pipelines.watch.watchlist import Watchlist

OPEN = ("owed", "retrying")
POLICIES = (Bundle.DIGEST, Bundle.QUIET, Bundle.STORM)
AT_ONCE = 500  # messages of one statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """What decides on who hears when: the store, the watchlist with its policies, the installation's zone, and the moment."""

    session: Session
    watchlist: Watchlist
    zone: tzinfo
    now: datetime

    def policy(self, topic: str, channel: str) -> Policy:
        """When whoever hears of the topic by the channel does."""
        return self.watchlist.policy(topic, channel, self.zone)

    def plan(self, topic: str, to: tuple[str, str]) -> Plan:
        """When an alert for the topic that is owed now goes to (channel, recipient)."""
        policy = self.policy(topic, to[0])
        return policies.plan(policy, self.now, self.sent(to[1], policy))

    def sent(self, recipient: str, policy: Policy) -> list[datetime]:
        """When messages went to the recipient, or were due to, as far as the policy's cap counts them."""
        if policy.storm is None:
            return []
        lately = (AlertRow.recipient == recipient, AlertRow.owed_at > self.now - policy.storm.per, AlertRow.state != "held")
        return list(self.session.scalars(select(func.max(AlertRow.owed_at)).where(*lately).group_by(AlertRow.message)))


def held(bundles: Collection[Bundle] = POLICIES) -> tuple[ColumnElement[bool], ...]:
    """The conditions of alerts that are held so."""
    return (AlertRow.state == "held", AlertRow.bundle.in_(bundles))


def pull(present: Present, stories: Collection[int], recipient: str, plan: Plan, *, late: bool = False) -> None:
    """All that the recipient is still owed about these stories goes at the plan's time, or at an earlier one that is set already.

    `late`: also what a late batch holds of them. It leaves the batch, so that nobody hears of a revision before the story."""
    waiting = present.session.scalars(_about(stories, recipient).where(*held([*Bundle] if late else POLICIES))).all()
    by_policy = [row for row in waiting if row.bundle != Bundle.LATE]
    for row in waiting:
        row.late = None
    if plan.bundle is not None:
        first = min(by_policy, key=lambda row: row.next_try_at, default=None)
        at, bundle = (plan.at, plan.bundle) if first is None or plan.at <= first.next_try_at else (first.next_try_at, first.bundle)
        for row in waiting:
            row.next_try_at, row.bundle = at, bundle
        return
    fresh = (AlertRow.state == "owed", AlertRow.owed_at == present.now, AlertRow.attempts == 0, AlertRow.bundle.is_(None))
    owed = present.session.scalars(_about(stories, recipient).where(*fresh)).all() if waiting else []
    for story in by_story(sorted((*waiting, *owed), key=lambda row: row.id)):
        alone(story, present.now)


def arrange(present: Present) -> int:
    """Let go what has waited long enough, and let rest what is owed to somebody in whose hours it is quiet; gives the messages let go."""
    _hush(present)
    due = select(AlertRow.id).where(*held(), AlertRow.next_try_at <= present.now).limit(1)
    if present.session.scalar(due) is None:
        return 0
    serialize_stories(present.session)
    rows = present.session.scalars(select(AlertRow).where(*held(), AlertRow.next_try_at <= present.now).order_by(AlertRow.id)).all()
    return release(present, [row for row in rows if not _rests(present, row)])


def release(present: Present, rows: Sequence[AlertRow]) -> int:
    """Let these held alerts go, whatever they wait for; gives the number of messages. No transaction sends anything, so a deliverer
    that is killed after this one doubles nothing."""
    by: dict[str, list[AlertRow]] = {}
    for row in rows:
        by.setdefault(row.recipient, []).append(row)
    mutes = Mutes(present.session, present.now)
    released = sum(_released(present, mutes.unmuted(mine)) for mine in by.values())
    present.session.flush()
    passing(Point.LATE_RELEASED)
    return released


def collected(session: Session, recipient: str | None = None, channel: str | None = None) -> Sequence[AlertRow]:
    """What is kept for digests, of one recipient or channel where they are named, in the order in which it was owed."""
    query = select(AlertRow).where(*held((Bundle.DIGEST,))).order_by(AlertRow.id)
    query = query if recipient is None else query.where(AlertRow.recipient == recipient)
    return session.scalars(query if channel is None else query.where(AlertRow.channel == channel)).all()


def _rests(present: Present, row: AlertRow) -> bool:
    """Whether it is quiet where the alert goes; it waits on until that is over."""
    until = policies.rests_until(present.policy(row.topic, row.channel), present.now)
    row.next_try_at = until or row.next_try_at
    return until is not None


def _released(present: Present, rows: Sequence[AlertRow]) -> int:
    """A recipient's: a digest, those that the cap lets through one by one, and what it does not as one message."""
    told = unheard(present.session, rows) if rows else []
    digest, quiet, storm = ([row for row in told if row.bundle == bundle] for bundle in (Bundle.DIGEST, Bundle.QUIET, Bundle.STORM))
    single = by_story(quiet)
    if quiet:
        policy = present.policy(quiet[0].topic, quiet[0].channel)
        room = policies.room(policy, present.now, present.sent(quiet[0].recipient, policy))
        single, rest = (single, []) if room is None else (single[:room], single[room:])
        storm = sorted((*storm, *chain.from_iterable(rest)), key=lambda row: row.id)
    if len(by_story(storm)) == 1:
        single, storm = [*single, storm], []
    for story in single:
        alone(story, present.now)
    bundles = [(rows, bundle) for rows, bundle in ((digest, Bundle.DIGEST), (storm, Bundle.STORM)) if rows]
    for together, bundle in bundles:
        bundled(present.session, together, bundle, f"{bundle} {together[0].next_try_at.isoformat()}", present.now)
    return len(single) + len(bundles)


def _hush(present: Present) -> None:
    """What is owed, or to be tried again, waits where quiet hours began meanwhile; a digest had its moment."""
    open_ones = (AlertRow.state.in_(OPEN), AlertRow.bundle.is_distinct_from(Bundle.DIGEST))
    pairs = present.session.execute(select(AlertRow.topic, AlertRow.channel).where(*open_ones).distinct()).all()
    ends = {(topic, channel): policies.rests_until(present.policy(topic, channel), present.now) for topic, channel in pairs}
    if not any(ends.values()):
        return
    serialize_claims(present.session)
    by: dict[str, list[datetime | None]] = {}
    for message, topic, channel in present.session.execute(select(AlertRow.message, AlertRow.topic, AlertRow.channel).where(*open_ones)):
        by.setdefault(message, []).append(ends[topic, channel])
    resting = {message: min(filter(None, each)) for message, each in by.items() if all(each)}
    for end in set(resting.values()):
        _postpone(present.session, [message for message, each in resting.items() if each == end], end)


def _postpone(session: Session, messages: Sequence[str], end: datetime) -> None:
    for start in range(0, len(messages), AT_ONCE):
        part = AlertRow.message.in_(messages[start : start + AT_ONCE])
        session.execute(update(AlertRow).where(part, AlertRow.state.in_(OPEN), AlertRow.next_try_at < end).values(next_try_at=end))


def _about(stories: Collection[int], recipient: str) -> Select[AlertRow]:
    return select(AlertRow).where(about(stories), AlertRow.recipient == recipient).order_by(AlertRow.id)
