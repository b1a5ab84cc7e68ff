"""The circuit breaker: when it opens, for how long, and what closes it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from pipelines.store import standings
from pipelines.store.database import reading, writing
from pipelines.store.standings import Standing, present
from pipelines.store.tables import Portal
from spiders.breaker import FIRST_PAUSE, LONGEST_PAUSE, REFUSALS, Breaker

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOST = "p.example"


def refused(breaker: Breaker, times: int, at: datetime = NOW, *, page: bool = False, host: str = HOST) -> None:
    for _ in range(times):
        breaker.refused(host, "answered 403", at, page=page)


def test_it_opens_after_refusals_in_a_row_and_says_why() -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS - 1)
    assert breaker.rests(HOST, NOW) is None
    refused(breaker, 1)
    standing = breaker.rests(HOST, NOW)
    assert standing is not None
    assert standing.words(HOST) == "p.example refused us 5 times in a row (answered 403): not asked until 2026-11-22 08:10 UTC"
    assert breaker.rests(HOST, NOW + FIRST_PAUSE) is None
    assert breaker.is_half_open(HOST, NOW + FIRST_PAUSE)


def test_an_answer_in_between_begins_the_row_anew() -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS - 1)
    breaker.answered(HOST, NOW, page=False)
    refused(breaker, REFUSALS - 1)
    assert breaker.rests(HOST, NOW) is None


def test_pauses_double_up_to_a_day_and_one_refusal_on_trial_is_enough() -> None:
    breaker, at, pauses = Breaker(), NOW, []
    refused(breaker, REFUSALS - 1)
    for _ in range(10):
        refused(breaker, 3, at)  # what is under way when it opens does not double it
        standing = breaker.rests(HOST, at)
        assert standing is not None
        assert standing.until is not None
        pauses.append(standing.until - at)
        at = standing.until
    assert pauses[:3] == [FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE]
    assert pauses[-2:] == [LONGEST_PAUSE, LONGEST_PAUSE]


def test_a_success_closes_and_the_next_pause_is_the_first_again() -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS)
    refused(breaker, 1, NOW + FIRST_PAUSE)
    after = NOW + 4 * FIRST_PAUSE
    breaker.answered(HOST, after, page=False)
    refused(breaker, REFUSALS, after)
    standing = breaker.rests(HOST, after)
    assert standing is not None
    assert standing.until == after + FIRST_PAUSE


def test_where_pages_were_refused_only_a_page_closes() -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS, page=True)
    after = NOW + FIRST_PAUSE
    breaker.answered(HOST, after, page=False)
    assert breaker.is_half_open(HOST, after)
    refused(breaker, 1, after, page=True)
    standing = breaker.rests(HOST, after)
    assert standing is not None
    assert standing.until == after + 2 * FIRST_PAUSE
    breaker.answered(HOST, after + 2 * FIRST_PAUSE, page=True)
    assert breaker.standings == {}


def test_what_was_under_way_when_the_pause_began_does_not_end_it() -> None:
    breaker = Breaker()
    breaker.asked_to_wait(HOST, "answered 429", timedelta(hours=1), NOW)
    breaker.answered(HOST, NOW, page=True)
    standing = breaker.rests(HOST, NOW + timedelta(minutes=59))
    assert standing is not None
    assert standing.words(HOST) == "p.example asked us to wait until 2026-11-22 09:00 UTC (answered 429)"


def test_nobody_can_send_us_away_for_more_than_a_day() -> None:
    breaker = Breaker()
    breaker.asked_to_wait(HOST, "answered 503", timedelta(days=400), NOW)
    assert breaker.rests(HOST, NOW + LONGEST_PAUSE) is None


def test_of_a_host_on_trial_one_article_goes_out() -> None:
    breaker = Breaker()
    assert breaker.admits(HOST, "1", NOW)
    refused(breaker, REFUSALS, page=True)
    after = NOW + FIRST_PAUSE
    assert [breaker.admits(HOST, each, after) for each in ("1", "2", "1")] == [True, False, True]
    breaker.answered(HOST, after, page=True)
    assert breaker.admits(HOST, "2", after)


def test_hosts_rest_alone() -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS)
    assert breaker.rests("other.example", NOW) is None


def test_a_run_writes_only_what_it_changed(store: Engine) -> None:
    with writing(store) as session:
        session.add(Portal(slug="p"))
        session.flush()
        standings.keep(session, "p", {}, {"a": Standing(refusals=1), "b": Standing(refusals=1)})
        before = standings.standings(session, "p")
        standings.resume(session, "p")
        standings.keep(session, "p", before, {"a": Standing(refusals=2), "b": Standing(refusals=1)})
        assert standings.standings(session, "p") == {"a": Standing(refusals=2)}
        standings.keep(session, "p", {"a": Standing(refusals=2)}, {})
        assert standings.standings(session, "p") == {}


@pytest.mark.parametrize("wait", [None, timedelta(minutes=3)])
def test_standings_are_kept_and_lifted(store: Engine, wait: timedelta | None) -> None:
    breaker = Breaker()
    refused(breaker, REFUSALS, page=True)
    if wait:
        breaker.asked_to_wait("b.example", "answered 429", wait, NOW)
    with writing(store) as session:
        session.add(Portal(slug="p"))
        session.flush()
        standings.keep(session, "p", {}, breaker.standings)
    with reading(store) as session:
        assert standings.standings(session, "p") == breaker.standings
        assert len(standings.resting(session.get_one(Portal, "p"), NOW)) == len(breaker.standings)
        assert standings.resting(session.get_one(Portal, "p"), NOW + LONGEST_PAUSE) == []
    with writing(store) as session:
        assert len(standings.resume(session, "p")) == len(breaker.standings)
        assert standings.resume(session, "p") == []
        assert standings.resume(session, "nobody") == []


def test_a_run_s_reason_tells_a_pause_only_while_it_lasts() -> None:
    first = Standing(refusals=5, until=NOW, why="answered 403").words("a.example")
    other = Standing(refusals=1, until=NOW, why="answered 429", asked=True).words("b.example")
    reason = f"http://a.example/list: {first}; {other}; a sitemap is broken"
    assert present(reason, [first, other]) == reason
    assert present(f"{other}; a sitemap is broken", []) == "a sitemap is broken; its pause is over, the next run asks again"
    assert present("answered 500", []) == "answered 500"
    assert present("", []) == ""
