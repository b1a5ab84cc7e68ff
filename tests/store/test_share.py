"""The share of a portal that we hold: capture and recapture on populations whose size is known, and running numbers."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipelines.identity import Identity
from pipelines.models import Outcome
from pipelines.share import FALL, FEW, Share, chapman, fallen_from, share_of
from pipelines.store import numbers, pages, views
from pipelines.store.database import reading, writing
from pipelines.store.numbers import WINDOW, Window
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
NID = Identity(pattern=r"nid=(?P<nid>\d+)", key="news:{nid}", url="https://p.example/view?nid={nid}", sequence="nid")


def at(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def sample(population: range, probability: float, seed: int) -> dict[str, datetime]:
    dice = random.Random(seed)
    return {str(number): at(number) for number in population if dice.random() < probability}


def test_chapman_gives_the_textbook_figure() -> None:
    assert chapman(100, 100, 20) == pytest.approx(484.76, abs=0.01)
    assert chapman(10, 10, 0) == 120


@pytest.mark.parametrize(("feed", "listing"), [(0.9, 0.8), (0.6, 0.7), (0.95, 0.4), (1.0, 0.5)])
def test_two_views_that_miss_at_random_tell_the_share(feed: float, listing: float) -> None:
    misses = []
    for seed in range(20):
        one, other = sample(range(400), feed, seed), sample(range(400), listing, seed + 1000)
        told = share_of({"feeds": one, "listings": other}, one.keys() | other.keys())
        window = [number for number in range(400) if told.since is not None and at(number) >= told.since]
        held = sum(str(number) in one.keys() | other.keys() for number in window)
        assert told.share is not None
        misses.append(told.share - held / len(window))
    assert abs(sum(misses) / len(misses)) < 0.02
    assert max(map(abs, misses)) < 0.08


def test_only_the_window_that_both_cover_counts() -> None:
    long, short = {str(n): at(n) for n in range(0, 400)}, {str(n): at(n) for n in range(360, 400) if n % 10}
    told = share_of({"feeds": short, "listings": long}, {*long, *short})
    assert told.share == 1.0
    assert told.since is not None
    assert told.since > at(360)
    old = {f"pinned{n}": at(-10_000) for n in range(8)}
    assert share_of({"feeds": short | old, "listings": long}, {*long, *short}).share == 1.0


def test_what_is_named_but_not_held_lowers_the_share() -> None:
    both = {str(n): at(n) for n in range(100)}
    told = share_of({"feeds": both, "listings": both}, {str(n) for n in range(50)} | {str(n) for n in range(75, 100)})
    assert told.share == pytest.approx(1 - 25 / 75, abs=0.01)


def test_where_there_is_one_view_or_too_little_none_is_told_and_why() -> None:
    many, few = {str(n): at(n) for n in range(40)}, {str(n): at(n) for n in range(FEW - 1)}
    assert (share_of({"listings": many}, many).share, share_of({"listings": many}, many).why) == (None, "only one view (listings)")
    assert share_of({"listings": many, "feeds": {}}, many).why == "only one view (listings)"
    assert share_of({}, many).why == "no view was read"
    assert "too few to tell" in (share_of({"listings": many, "feeds": few}, many).why or "")
    apart = {f"x{n}": at(n) for n in range(40)}
    assert "nothing in common" in (share_of({"listings": many, "feeds": apart}, many).why or "")


def test_of_several_views_the_pair_with_most_in_common_tells() -> None:
    many = {str(n): at(n) for n in range(40)}
    told = share_of({"listings": many, "feeds": many, "numbers": {f"x{n}": at(n) for n in range(40)}}, many)
    assert told.views is not None
    assert set(told.views) == {"feeds", "listings"}


def test_a_share_falls_when_it_lies_well_below_the_usual() -> None:
    usual = [0.95, 0.97, 0.96, 0.3, 0.95, 0.98]
    assert fallen_from([*usual, 0.96 - FALL - 0.01]) == 0.96
    assert fallen_from([*usual, 0.96 - FALL + 0.01]) is None
    assert fallen_from([*usual[: FEW - 1], 0.1]) is None


def put(store: Engine, number: int, outcome: Outcome = Outcome.NEW, *, learned: bool = False, first: datetime = NOW) -> None:
    with writing(store) as session:
        found = Found(portal="p", identity=f"news:{number}", url=NID.url_of(number), learned=learned)
        page = pages.settle(session, found, outcome, first, ())
        if outcome is Outcome.NEW:
            session.add(
                ArticleRow(
                    page_id=page.id, portal="p", url=page.url, title="t", text="t", publisher=[], captions=[], reactions={}, comments=[],
                    rung="", codec="", digest="", learned=learned, first_seen_at=first,
                )
            )  # fmt: skip


def window(store: Engine) -> Window | None:
    with reading(store) as session:
        return numbers.window(session, "p", NID)


def gaps(store: Engine) -> list[str]:
    found = window(store)
    return [each.identity for each in found.gaps("p")] if found else []


def test_gaps_are_the_numbers_between_known_ones_the_highest_first(store: Engine) -> None:
    assert window(store) is None
    for number in (100, 101, 103, 106):
        put(store, number)
    assert gaps(store) == ["news:105", "news:104", "news:102"]
    put(store, 104, Outcome.NOT_ARTICLE)
    put(store, 105, Outcome.LEFT)
    found = window(store)
    assert found is not None
    assert gaps(store) == ["news:102"]
    assert found.told() == {"numbers": "news:{nid}", "from": 100, "to": 106, "held": 4, "missing": 1, "gaps": 1}
    assert found.gaps("p")[0].url == "https://p.example/view?nid=102"


def test_a_stray_huge_number_and_numbers_of_another_form_open_no_gap(store: Engine) -> None:
    for number in (100, 101, 103, 999_999_999_999):
        put(store, number)
    with writing(store) as session:
        for odd in ("news:0102", "news:x", "local:5000", "newsX104", "news:" + "9" * 40):
            session.add(PageRow(portal="p", identity=odd, url="u", marks={}, outcome="new", first_seen_at=NOW, looked_at=NOW))
    assert gaps(store) == ["news:102"]


def test_however_far_numbers_lie_apart_the_window_bounds_the_gaps(store: Engine) -> None:
    for number in (1, 2, 3, 100_000, 100_050, 100_100):
        put(store, number)
    found = window(store)
    assert found is not None
    assert (found.low, found.high) == (100_000, 100_100)
    assert len(gaps(store)) == 98 < WINDOW


def test_a_gap_below_what_was_learned_is_learned_too(store: Engine) -> None:
    for number, learned in ((100, True), (102, True), (104, False), (106, False)):
        put(store, number, learned=learned)
    found = window(store)
    assert found is not None
    assert {each.identity: each.learned for each in found.gaps("p")} == {"news:105": False, "news:103": False, "news:101": True}


def test_a_running_number_is_a_second_view_of_a_portal_without_a_feed(store: Engine) -> None:
    named = set()
    for number in range(100, 150):
        if number % 5:
            put(store, number, first=at(number))
            named.add(f"news:{number}")
    put(store, 151, Outcome.NOT_ARTICLE, first=at(151))
    assert share(store, named).why == "only one view (listings)"
    for number in range(145, 120, -5):
        put(store, number, Outcome.NOT_ARTICLE if number % 2 else Outcome.NEW, first=at(number))
    told = share(store, named)  # of the five gaps below 125 that nobody asked for two or three are articles
    since = int((told.since - NOW).total_seconds() // 60) if told.since else 0
    there = [number for number in range(since, 150) if number % 5 or (number > 120 and number % 2 == 0)]
    unasked = [number for number in range(since, 125) if number % 5 == 0]
    assert told.share == pytest.approx(len(there) / (len(there) + len(unasked) * 0.4), abs=0.03)
    for number in (*range(105, 125, 5), 150):
        put(store, number, Outcome.NOT_ARTICLE, first=at(number))
    assert share(store, named).share == 1.0


def share(store: Engine, named: set[str]) -> Share:
    found = window(store)
    with reading(store) as session:
        return views.estimated(session, "p", {"listings": named}, [found] if found else [], {})


def test_what_is_no_article_is_no_part_of_the_portal_and_what_failed_is(store: Engine) -> None:
    for number in range(20):
        put(store, number, Outcome.NOT_ARTICLE if number < 5 else Outcome.FAILED if number < 7 else Outcome.NEW)
    named = {f"news:{number}" for number in range(20)} | {"news:20", "denied"}
    with reading(store) as session:
        told = views.estimated(session, "p", {"feeds": named, "listings": named}, [], {"news:20": NOW})
    assert told.views == {"feeds": 16, "listings": 16}
    assert told.share == pytest.approx(13 / 16, abs=0.001)
