"""Pages: what is fetched, what is known, and the ladder of second looks."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipelines.models import Outcome
from pipelines.store import runs
from pipelines.store.database import in_one_transaction, reading, writing
from pipelines.store.pages import FIRST_RETRY, TRIES, Found, due, next_look, remember_marks, settle, sort

LADDER = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))


def found(identity: str, mark: str | None = None) -> Found:
    return Found(portal="dw_zh", identity=identity, url=f"https://www.dw.com/zh/a-{identity}", mark=mark)


def settled(store: Engine, each: Found, outcome: Outcome, at: datetime) -> None:
    with writing(store) as session:
        settle(session, each, outcome, at, LADDER)


def wanted(store: Engine, each: Found, at: datetime) -> bool:
    with reading(store) as session:
        return each.identity in sort(session, [each], at).wanted


def test_an_unknown_identity_is_fetched(store: Engine, now: datetime) -> None:
    assert wanted(store, found("1"), now)


@pytest.mark.parametrize("outcome", [Outcome.NEW, Outcome.UNCHANGED, Outcome.NOT_ARTICLE, Outcome.EMPTY])
def test_a_settled_one_waits_for_its_second_look(store: Engine, now: datetime, outcome: Outcome) -> None:
    settled(store, found("1"), outcome, now)
    assert not wanted(store, found("1"), now + LADDER[0] - timedelta(seconds=1))
    assert wanted(store, found("1"), now + LADDER[0])


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.LEFT])
def test_what_failed_or_was_left_is_fetched_when_it_is_listed_again(store: Engine, now: datetime, outcome: Outcome) -> None:
    settled(store, found("1"), outcome, now)
    assert wanted(store, found("1"), now)


def test_a_moved_mark_is_a_reason_to_look(store: Engine, now: datetime) -> None:
    settled(store, found("1", "listing=27"), Outcome.NEW, now)
    assert not wanted(store, found("1", "listing=27"), now)
    assert wanted(store, found("1", "listing=28"), now)
    assert not wanted(store, found("1", None), now)


def test_marks_of_different_listings_are_not_compared(store: Engine, now: datetime) -> None:
    settled(store, found("1", "listing=27"), Outcome.NEW, now)
    by_sitemap = found("1", "lastmod=2026-11-22")
    assert not wanted(store, by_sitemap, now)
    with writing(store) as session:
        remember_marks(session, sort(session, [by_sitemap], now).unmarked)
    assert not wanted(store, by_sitemap, now)
    assert wanted(store, found("1", "lastmod=2026-11-23"), now)


def test_a_forgotten_one_is_never_fetched(store: Engine, now: datetime) -> None:
    settled(store, found("1"), Outcome.DENIED, now)
    assert not wanted(store, found("1", "listing=9"), now + timedelta(days=400))


def test_the_ladder_has_an_end() -> None:
    at = datetime.fromisoformat("2026-11-22T08:00:00+00:00")
    looks = [next_look(Outcome.UNCHANGED, look, at, LADDER) for look in range(1, len(LADDER) + 2)]
    assert looks == [*(at + step for step in LADDER), None]


def test_failures_are_tried_ever_later_and_then_no_more() -> None:
    at = datetime.fromisoformat("2026-11-22T08:00:00+00:00")
    tries = [next_look(Outcome.FAILED, look, at, LADDER) for look in range(1, TRIES + 1)]
    assert tries == [*(at + FIRST_RETRY * 2**power for power in range(TRIES - 1)), None]


def test_due_pages_come_longest_due_first_and_only_of_the_portal(store: Engine, now: datetime) -> None:
    settled(store, found("late"), Outcome.NEW, now - timedelta(hours=5))
    settled(store, found("later"), Outcome.NEW, now - timedelta(hours=3))
    settled(store, found("fresh"), Outcome.NEW, now)
    with reading(store) as session:
        assert [each.identity for each in due(session, "dw_zh", now, 10)] == ["late", "later"]
        assert [each.identity for each in due(session, "dw_zh", now, 1)] == ["late"]
        assert due(session, "park6", now, 10) == []


def test_many_identities_are_asked_in_batches(store: Engine, now: datetime) -> None:
    many = [found(str(number)) for number in range(1200)]
    with writing(store) as session:
        for each in many[:5]:
            settle(session, each, Outcome.NEW, now, LADDER)
    with reading(store) as session:
        assert len(sort(session, many, now).wanted) == 1195


def test_two_runs_at_a_time_and_a_killed_one_stay_within_the_budget(store: Engine, now: datetime) -> None:
    def reserve() -> int:
        return in_one_transaction(store, lambda session: runs.reserve(session, "cape.example", 25, now))[0]

    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: reserve(), range(8)))
    assert sorted(taken, reverse=True) == [10, 10, 5, 0, 0, 0, 0, 0]
    in_one_transaction(store, lambda session: runs.give_back(session, {("cape.example", now.date()): 7}))
    assert [reserve(), reserve()] == [7, 0]
