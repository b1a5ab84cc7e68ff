"""Whatever is killed, wherever: every article is stored once, every alert arrives, once where the receiver honours its id."""

import itertools
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.points import VARIABLE, Point
from tests.conftest import new_database
from tests.whole.coast import CRAWL, DELIVER, UPKEEP, Coast, coast

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]
SEED = 20261122
SOAK, CHECKED = dict(os.environ), 20
ARTICLE = "http://cape.example/article/{}"
LATE = ("--alerts", "late")


def crawling(shore: Coast, point: Point, victim: str) -> bool:
    return shore.kill(point, victim, *CRAWL)


def settling(shore: Coast, point: Point, victim: str) -> bool:
    shore.misprint()
    return shore.kill(point, victim, *CRAWL)


def delivering(shore: Coast, point: Point, victim: str) -> bool:
    """The alerts that a crawl left which was killed before."""
    assert shore.kill(Point.ARTICLE_COMMITTED, "process", *CRAWL)
    return shore.kill(point, victim, *DELIVER)


def reading_back(shore: Coast, point: Point, victim: str) -> bool:
    return shore.kill(point, victim, "backfill", "cape", "--from", str(shore.a_day_of_the_past()), *LATE)


def reading_again(shore: Coast, point: Point, victim: str) -> bool:
    return shore.kill(point, victim, "reextract", "cape")


def keeping_up(shore: Coast, point: Point, victim: str) -> bool:
    return shore.kill(point, victim, *UPKEEP, PORTALWATCH_ARCHIVE_GB="0.000001" if point is Point.ARCHIVE_AGING else "10")


WAYS: dict[Point, Callable[[Coast, Point, str], bool]] = dict.fromkeys(Point, crawling) | {
    Point.PAGE_SETTLED: settling,
    **dict.fromkeys((Point.ALERT_CLAIMED, Point.ALERT_COMPOSED, Point.ALERT_SENT, Point.ALERT_RECORDED), delivering),
    Point.LATE_RELEASED: reading_back,
    **dict.fromkeys((Point.REPLAY_KEPT, Point.REPLAY_READ), reading_again),
    **dict.fromkeys((Point.FORGET_STORED, Point.FORGET_MARKED, Point.FORGET_REWRITTEN), Coast.forget),
    **dict.fromkeys((Point.UPKEEP_INDEXED, Point.UPKEEP_AGED, Point.ARCHIVE_AGING), keeping_up),
}
"""What passes each point; crawls pass most."""


def kill_at(shore: Coast, point: Point, victim: str) -> bool:
    """Bring what passes there to the point, with something to do for it, and kill; False where it did not come so far."""
    shore.publishes()
    return WAYS[point](shore, point, victim)


@pytest.mark.parametrize(
    ("backend", "victims"),
    [
        ("postgresql", ["process", "redis", "database"]),
        pytest.param("sqlite", ["process", "redis"], marks=pytest.mark.soak),
    ],
)
def test_whatever_is_killed_at_any_point_nothing_is_lost_and_nothing_twice(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str, victims: list[str]
) -> None:
    """Every point once, the victims in turn; `make soak` kills each of them anywhere."""
    url = new_database(request.getfixturevalue("postgres")) if backend == "postgresql" else None
    order = random.Random(SEED).sample(list(Point), len(Point))
    with coast(tmp_path / "home", SEED, url) as shore:
        missed = [point for point, victim in zip(order, itertools.cycle(victims)) if not kill_at(shore, point, victim)]
        shore.settles()
        assert (missed, shore.wrong()) == ([], [])


@pytest.mark.parametrize(("backend", "with_redis"), [("sqlite", True), ("postgresql", True), ("postgresql", False)])
def test_two_crawls_and_two_senders_at_once_end_as_one_would(
    tmp_path: Path, request: pytest.FixtureRequest, backend: str, with_redis: bool
) -> None:
    url = new_database(request.getfixturevalue("postgres")) if backend == "postgresql" else None
    with coast(tmp_path / "home", SEED, url) as shore:
        if not with_redis:
            shore.house.env["PORTALWATCH_REDIS_URL"] = "unix:///nowhere.sock"
        for _ in range(3):
            shore.publishes()
            shore.misprint()
            started = [shore.house.start(*command) for command in (CRAWL, CRAWL, DELIVER, DELIVER)]
            ended = [process.communicate() for process in started]
            assert ["Traceback" in err for _, err in ended] == [False] * 4, ended
        shore.settles()
        assert shore.wrong() == []
        assert shore.sent_again() == 0


def test_what_is_forgotten_while_it_is_being_sent_ends_no_round(tmp_path: Path) -> None:
    with coast(tmp_path / "home", SEED) as shore:
        shore.publishes()
        shore.kill(Point.ARTICLE_COMMITTED, "process", *CRAWL)
        round_ = shore.house.start(*DELIVER, **{VARIABLE: Point.ALERT_CLAIMED})
        assert round_.halts()
        for number in shore.originals:
            shore.house.run("forget", ARTICLE.format(number))
        while round_.halts():
            round_.go_on()
        out, err = round_.communicate()
        assert (round_.returncode, err) == (0, ""), err
        assert "0 dead" in out
        assert shore.house.world.inbox() == []


@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_hundreds_of_kills_at_random(tmp_path: Path, request: pytest.FixtureRequest, backend: str) -> None:
    """SOAK_SEED plays the same kills once more, SOAK_KILLS says how many; every CHECKED of them all must be as if none had been."""
    seed, kills = int(SOAK.get("SOAK_SEED", random.randrange(10**6))), int(SOAK.get("SOAK_KILLS", 200))
    url = new_database(request.getfixturevalue("postgres")) if backend == "postgresql" else None
    victims = ["process", "redis"] + ["database"] * bool(url)
    print(f"SOAK_SEED={seed} SOAK_KILLS={kills} on {backend}")
    with coast(tmp_path / "home", seed, url) as shore:
        while len(shore.stops) < kills:
            point, victim = shore.dice.choice(list(Point)), shore.dice.choice(victims)
            before = len(shore.stops)
            kill_anywhere(shore, point, victim)
            print(f"{len(shore.stops):4} {victim} at {point}", flush=True)
            if len(shore.stops) // CHECKED > before // CHECKED or len(shore.stops) >= kills:
                shore.settles()
                assert (shore.wrong(), seed) == ([], seed)


def kill_anywhere(shore: Coast, point: Point, victim: str) -> None:
    """At the point's first pass or a later one, in whatever passes there: a crawl, a backfill or a replay."""
    if WAYS[point] is not crawling or shore.dice.random() < 0.5:
        kill_at(shore, point, victim)
        return
    shore.publishes()
    day = ("backfill", "cape", "--from", str(shore.a_day_of_the_past()), *LATE)
    command = shore.dice.choice([CRAWL, CRAWL, day, ("reextract", "cape")])
    shore.kill(point, victim, *command, passes=shore.dice.choice([1, 2, 3]))
