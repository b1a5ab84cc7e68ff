"""When a recipient hears, and in what bundle: policy, moment and what was sent in, a plan out. Nothing here reads or writes anything."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from pipelines.policy.clock import Quiet, next_of, quiet_until


class Bundle(StrEnum):
    """Why alerts are held, and what most of them become: one message that lists several stories.

    LATE: until a replay or backfill ends. DIGEST: until its moment. STORM: until the cap lets the next message through. QUIET: until
    the quiet hours are over; it goes as a message of its own as long as the cap allows that.
    """

    LATE, DIGEST, STORM, QUIET = "late", "digest", "storm", "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """At most `most` messages within any span of `per`."""

    most: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a recipient hears of a topic. `digest`: five cron fields by the `zone`'s clock, None is at once. `urgent` knows no waiting."""

    digest: str | None = None
    zone: tzinfo = UTC
    quiet: Quiet | None = None
    storm: Storm | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When an alert goes, and what it waits for; `bundle` None goes at once."""

    at: datetime
    bundle: Bundle | None = None


def plan(policy: Policy, at: datetime, sent: Sequence[datetime] = ()) -> Plan:
    """The plan for an alert that is owed `at`, to somebody to whom messages were `sent` then, the newest ones at least."""
    if policy.urgent:
        return Plan(at=at)
    if policy.digest is not None:
        return Plan(at=awake(policy, next_of(policy.digest, policy.zone, at)), bundle=Bundle.DIGEST)
    if (until := rests_until(policy, at)) is not None:
        return Plan(at=until, bundle=Bundle.QUIET)
    if (free := full_until(policy, at, sent)) is not None:
        return Plan(at=awake(policy, free), bundle=Bundle.STORM)
    return Plan(at=at)


def soonest(plans: Iterable[Plan]) -> int:
    """The place of the plan that is most urgent, the first of equals: a recipient hears a story once, as soon as any topic wants it."""
    return min(enumerate(plans), key=lambda each: (each[1].bundle is not None, each[1].at, each[0]))[0]


def rests_until(policy: Policy, at: datetime) -> datetime | None:
    """The end of the quiet hours in which `at` falls, None where it falls in none."""
    return quiet_until(policy.quiet, policy.zone, at) if policy.quiet and not policy.urgent else None


def awake(policy: Policy, at: datetime) -> datetime:
    """The first moment from `at` on that is not quiet."""
    return rests_until(policy, at) or at


def full_until(policy: Policy, at: datetime, sent: Sequence[datetime]) -> datetime | None:
    """When the cap lets the next message through, None where it does now."""
    lately = within(policy, at, sent)
    if policy.storm is None or len(lately) < policy.storm.most:
        return None
    return lately[-policy.storm.most] + policy.storm.per


def room(policy: Policy, at: datetime, sent: Sequence[datetime]) -> int | None:
    """How many messages the cap lets through now, None where there is no cap."""
    return None if policy.storm is None else max(policy.storm.most - len(within(policy, at, sent)), 0)


def within(policy: Policy, at: datetime, sent: Sequence[datetime]) -> list[datetime]:
    """Those that count for the cap, oldest first."""
    return sorted(moment for moment in sent if policy.storm and at - policy.storm.per < moment)
