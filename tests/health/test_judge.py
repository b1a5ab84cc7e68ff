"""What ails a portal, by its own past."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.histories import KINDS, LEARNED, failed, history, silent
from pipelines.health.judge import Sign, signs
from pipelines.health.kinds import kind_of
from pipelines.health.look import Look
from pipelines.health.rhythm import band_of, rest_of, rhythm_of, usual_day

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WHOLE = {"listed": 1, "read": 5, "pages": 5, "titled": 5, "dated": 5, "credited": 5, "zoned": 5, "sound": 5, "length": 900}
GOOD = {"url": "http://cape.example/article/1", "at": NOW.isoformat()}


def past(hours: int, **changes: int) -> list[Look]:
    """Hourly runs up to NOW that found five articles each."""
    figures = WHOLE | {"good": GOOD} | changes
    return [Look(at=NOW - timedelta(hours=back), succeeded=True, outcomes={"new": 5}, figures=figures) for back in range(hours - 1, -1, -1)]


def then(looks: Sequence[Look], *more: Look) -> list[Look]:
    """Those, and more at the hours after them."""
    return [*looks, *(replace(look, at=looks[-1].at + timedelta(hours=number)) for number, look in enumerate(more, 1))]


def told(looks: Sequence[Look]) -> list[Sign]:
    """What ops would hear."""
    return [sign for sign in signs(looks, looks[-1].at) if sign.is_told]


FAILED = Look(at=NOW, succeeded=False, reason="unreachable: connection refused")


def test_a_healthy_portal_shows_nothing() -> None:
    assert signs(past(300), NOW) == []


def test_a_first_run_says_nothing() -> None:
    assert signs([], NOW) == signs([Look(at=NOW, succeeded=True, learning=True, outcomes={"new": 90})], NOW) == []


def test_a_failure_is_told_after_three_runs_and_not_after_two() -> None:
    assert told(then(past(100), FAILED, FAILED)) == []
    (sign,) = told(then(past(100), FAILED, FAILED, FAILED))
    assert (sign.kind, sign.runs, sign.since) == ("unreachable", 3, NOW + timedelta(hours=1))
    assert sign.good == GOOD
    assert "connection refused" in sign.evidence[0]


def test_runs_that_fail_for_changing_reasons_are_one_blindness() -> None:
    other = replace(FAILED, reason="robots.txt of cape.example answered 503: nothing there is read until it answers")
    assert [sign.slot for sign in told(then(past(100), FAILED, other, FAILED))] == ["blind"]


def test_a_run_that_was_killed_neither_breaks_a_row_nor_makes_one() -> None:
    killed = Look(at=NOW, succeeded=False, finish_reason="killed", reason="killed before its end")
    assert told(then(past(100), killed, killed, killed)) == []
    assert [sign.runs for sign in told(then(past(100), FAILED, FAILED, killed, FAILED))] == [3]


def test_a_success_ends_a_failure() -> None:
    assert signs(then(past(100), FAILED, FAILED, FAILED, past(1)[0]), NOW) == []


@pytest.mark.parametrize(
    ("figure", "kind"), [("titled", "layout"), ("zoned", "layout"), ("dated", "dates"), ("credited", "publisher"), ("sound", "charset")]
)
def test_what_articles_lose_is_named(figure: str, kind: str) -> None:
    lost = past(1, **{figure: 0})[0]
    (sign,) = told(then(past(100), lost, lost))
    assert sign.kind == kind
    assert "missing on 10 of 10" in sign.evidence[0]
    assert told(then(past(100), lost)) == []


def test_what_a_portal_never_had_is_not_missed() -> None:
    assert signs(past(100, dated=0), NOW) == []


def test_one_article_without_a_date_is_an_accident() -> None:
    one = past(1, read=1, pages=1, titled=1, dated=0, credited=1, zoned=1, sound=1)[0]
    assert told(then(past(100), one, one)) == []


def test_runs_without_articles_do_not_mend_what_articles_lost() -> None:
    lost, nothing = past(1, dated=0)[0], Look(at=NOW, succeeded=True, figures={"listed": 1})
    assert [sign.kind for sign in told(then(past(100), lost, lost, nothing))] == ["dates"]


def test_pages_that_give_no_article_are_named_by_what_most_of_them_say() -> None:
    lost = replace(
        past(1, read=1, titled=1, dated=1, credited=1, zoned=1, sound=1)[0], figures=WHOLE | {"read": 1, "kinds": {"redirected": 4}}
    )
    lost = replace(lost, figures={**lost.figures, "titled": 1, "dated": 1, "credited": 1, "zoned": 1, "sound": 1})
    assert [sign.kind for sign in told(then(past(100), lost, lost))] == ["redirected"]


def test_texts_that_are_much_shorter_are_told() -> None:
    short = past(1, length=120)[0]
    assert [sign.kind for sign in told(then(past(100), short, short, short))] == ["short"]
    assert told(then(past(100), *[past(1, length=600)[0]] * 3)) == []


def test_a_listing_that_fails_while_another_works_is_a_part() -> None:
    part = replace(past(1)[0], figures=WHOLE | {"troubles": [["http://cape.example/b", "answered 500"]]})
    assert told(then(past(100), *[part] * 5)) == []
    (sign,) = told(then(past(100), *[part] * 6))
    assert (sign.kind, sign.evidence) == ("part", ("http://cape.example/b: answered 500",))


def test_a_regular_portal_that_is_not_crawled_any_more_is_overdue() -> None:
    looks = past(100)
    assert signs(looks, NOW + timedelta(hours=3)) == []
    assert [sign.kind for sign in signs(looks, NOW + timedelta(hours=3, minutes=5))] == ["overdue"]


def test_a_portal_that_is_crawled_by_hand_is_never_overdue() -> None:
    looks = [replace(look, at=NOW - timedelta(hours=number**2)) for number, look in enumerate(reversed(past(30)))][::-1]
    assert signs(looks, NOW + timedelta(days=9)) == []


def test_an_hour_of_the_week_has_a_band_of_its_own() -> None:
    week = history(KINDS[0], 7).looks[: 48 * LEARNED]
    night, noon = (band_of(week, datetime(2026, 3, 3, hour, tzinfo=UTC)) for hour in (1, 10))
    assert night
    assert noon
    assert night.high < noon.usual
    assert noon.low < noon.usual < noon.high


def test_a_short_history_has_no_band() -> None:
    assert band_of(past(11), NOW) is None
    assert usual_day(past(48), NOW) is None
    assert rhythm_of(past(48)) is None


@pytest.mark.parametrize("kind", KINDS[:4:3] + KINDS[-1:], ids=lambda kind: kind.name)
def test_a_portal_rests_as_long_as_it_ever_did_and_no_longer(kind: object) -> None:
    whole = history(kind, 7)  # type: ignore[arg-type]
    first = whole.from_day(LEARNED)
    learned, rhythm = list(whole.looks[:first]), rhythm_of(whole.looks[:first])
    assert rhythm
    days = whole.looks[first : whole.from_day(LEARNED + 14)]
    assert not any((rest := rest_of(rhythm, [*learned[-200:], *days[:end]])) and rest.is_unusual for end in range(1, len(days), 5))
    still = [silent(look) for look in days]
    rest = rest_of(rhythm, [*learned[-200:], *still])
    assert rest
    assert rest.is_unusual


def test_a_dead_portal_of_every_kind_is_named_within_three_runs() -> None:
    for kind in KINDS:
        looks = list(history(kind, 3, days=9).looks)
        while not looks[-1].succeeded:
            looks.pop()
        dead = [failed(looks[-1].at + timedelta(hours=kind.every * number)) for number in (1, 2, 3)]
        assert [sign.kind for sign in told([*looks, *dead])] == ["slow"], kind.name


@pytest.mark.parametrize(
    ("why", "kind"),
    [
        ("unreachable: name not resolved", "dns"),
        ("unreachable: its certificate is not valid (certificate has expired)", "certificate"),
        ("answered 403 (the portal refuses us)", "refused"),
        ("cape.example refused us 5 times in a row (a challenge page): not asked until 2026-11-22 10:00 UTC", "challenge"),
        ("challenge: says `驗證碼` where an article would stand", "challenge"),
        ("3 pages are challenge pages (challenge: a captcha and hardly a word beside it)", "challenge"),
        ("robots.txt does not allow it", "robots"),
        ("redirected to the front page", "redirected"),
        ("missing: none of the elements that every article of this portal has", "layout"),
        ("no article link on it", "empty"),
        ("unreachable: no answer in time", "slow"),
        ("answered 503", "error"),
        ("cape.example asked us to wait until 2026-11-22 10:00 UTC (answered 429)", "waiting"),
        ("AssertionError", "failing"),
    ],
)
def test_our_own_words_tell_the_kind(why: str, kind: str) -> None:
    assert kind_of(why) == kind
