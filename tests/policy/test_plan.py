"""When a recipient hears: tables of policy, moment and what was sent."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.policy import words
from pipelines.policy.clock import Quiet
from pipelines.policy.plan import Bundle, Plan, Policy, Storm, plan, room, soonest

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)  # 16:00 in Taipei
NIGHT = Quiet(start=time(23), end=time(7))
TEN = Storm(most=3, per=timedelta(hours=1))


def ago(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=each) for each in minutes]


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=TAIPEI)


@pytest.mark.parametrize(
    ("policy", "moment", "sent", "wanted"),
    [
        (Policy(), NOW, [], Plan(at=NOW)),
        (Policy(digest="0 8,18 * * *", zone=TAIPEI), NOW, [], Plan(at=at(18), bundle=Bundle.DIGEST)),
        (Policy(quiet=NIGHT, zone=TAIPEI), NOW, [], Plan(at=NOW)),
        (Policy(quiet=NIGHT, zone=TAIPEI), at(23, 30), [], Plan(at=at(7, day=23), bundle=Bundle.QUIET)),
        (Policy(quiet=NIGHT, zone=TAIPEI, digest="0 6 * * *"), NOW, [], Plan(at=at(7, day=23), bundle=Bundle.DIGEST)),
        (Policy(storm=TEN), NOW, ago(1, 2), Plan(at=NOW)),
        (Policy(storm=TEN), NOW, ago(1, 2, 40), Plan(at=NOW + timedelta(minutes=20), bundle=Bundle.STORM)),
        (Policy(storm=TEN), NOW, ago(1, 2, 60), Plan(at=NOW)),  # the oldest counts no more
        (Policy(storm=TEN), NOW, ago(1, 2, 3, 50), Plan(at=NOW + timedelta(minutes=57), bundle=Bundle.STORM)),
        (Policy(storm=TEN, quiet=NIGHT, zone=TAIPEI), at(22, 30), [at(22, 10)] * 3, Plan(at=at(7, day=23), bundle=Bundle.STORM)),
        (Policy(urgent=True, digest="0 8 * * *", quiet=NIGHT, storm=TEN, zone=TAIPEI), at(23, 30), [at(23, 29)] * 9, Plan(at=at(23, 30))),
    ],
)
def test_the_plan(policy: Policy, moment: datetime, sent: list[datetime], wanted: Plan) -> None:
    assert plan(policy, moment, sent) == wanted


def test_of_several_plans_the_most_urgent_counts_and_of_equals_the_first() -> None:
    digest, soon = Plan(at=NOW + timedelta(hours=9), bundle=Bundle.DIGEST), Plan(at=NOW + timedelta(hours=1), bundle=Bundle.STORM)
    assert soonest([digest, Plan(at=NOW), soon]) == 1
    assert soonest([digest, soon]) == 1
    assert soonest([digest, digest]) == 0


@pytest.mark.parametrize(("sent", "left"), [([], 3), (ago(1, 2), 1), (ago(1, 2, 3, 4), 0), (ago(60, 61), 3)])
def test_the_cap_leaves_room(sent: list[datetime], left: int) -> None:
    assert room(Policy(storm=TEN), NOW, sent) == left
    assert room(Policy(), NOW, sent) is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("20 per hour", Storm(most=20, per=timedelta(hours=1))),
        ("5 per 10 minutes", Storm(most=5, per=timedelta(minutes=10))),
        ("1 per day", Storm(most=1, per=timedelta(days=1))),
        ("none", None),
    ],
)
def test_a_cap_is_read(text: str, wanted: Storm | None) -> None:
    assert words.storm(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("23:00-07:00", NIGHT), ("9:30 - 24:00", Quiet(start=time(9, 30), end=time(0))), ("none", None)],
)
def test_quiet_hours_are_read(text: str, wanted: Quiet | None) -> None:
    assert words.quiet(text) == wanted


@pytest.mark.parametrize("text", ["20", "0 per hour", "20 per huor", "20 an hour", "5 per 8 days", "99999 per hour"])
def test_no_cap_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text.rsplit(maxsplit=1)[-1]):
        words.storm(text)


@pytest.mark.parametrize("text", ["23-7", "23:00", "25:00-07:00", "07:00-07:00", "23:60-07:00", "a:00-b:00", "1:00-2:00-3:00"])
def test_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text):
        words.quiet(text)


@pytest.mark.parametrize(
    "text", ["0 8 * *", "0 8 * * * *", "@daily", "R 8 * * *", "H 8 * * *", "0 25 * * *", "0 0 30 2 *", "", "0 8 * * foo"]
)
def test_no_moments_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="five cron fields"):
        words.cron(text)
