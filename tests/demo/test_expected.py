"""The promised alerts follow from the world itself: real matcher, real story rule, and the comparison that judges a cycle."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import demo
from demo.expected import EXPECTED, ExpectedAlert, missing_and_unexpected
from demo.world import Truth, truth
from pipelines.dedup.shingles import sketch
from pipelines.dedup.stories import same
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist, load_watchlist

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def watchlist() -> Watchlist:
    return load_watchlist(Path(demo.__file__).with_name("watchlist.yaml"))


def matched(watchlist: Watchlist, articles: list[Truth]) -> Iterator[tuple[Truth, set[str]]]:
    matcher = compile_watchlist(watchlist)
    for each in articles:
        yield each, {match.topic for match in matcher.match(Readable(title=each.title, text="\n".join(each.paragraphs)))}


def test_every_written_article_matches_the_topics_that_it_names_in_both_scripts(watchlist: Watchlist) -> None:
    wrong = {
        each.urls[0]: found for phase in (3, 4) for each, found in matched(watchlist, truth(phase, now=NOW)) if found != set(each.topics)
    }
    assert wrong == {}


def test_every_generated_article_matches_the_topics_that_it_names(watchlist: Watchlist) -> None:
    articles = truth(4, now=NOW, articles=600)
    assert {each.urls[0]: found for each, found in matched(watchlist, articles) if found != set(each.topics)} == {}
    assert 40 < sum(bool(each.topics) for each in articles) < 120


def test_the_traps_for_short_terms_hold_the_letters_and_match_nothing() -> None:
    named = {each.article: each for each in truth(3, now=NOW)}
    inn, stations = named["park6:702655"], named["dw_zh:79104240"]
    assert "商人民宿" in inn.title
    assert "其中共有" in "".join(stations.paragraphs)
    assert inn.topics == stations.topics == ()


def test_copies_are_one_story_and_follow_ups_their_own_by_the_real_rule() -> None:
    articles = truth(4, now=NOW)
    drawn = [(each, sketch(each.title, "\n".join(each.paragraphs))) for each in articles]
    for place, (one, its) in enumerate(drawn):
        for other, others in drawn[:place]:
            is_same, containment, _ = same(its, others)
            told = bool(set(one.stories) & set(other.stories))
            assert is_same == told, (one.urls[0], other.urls[0], containment)
            assert containment > 0.6 if told else containment < 0.1


def test_what_is_promised_follows_from_the_truth_of_each_phase(watchlist: Watchlist) -> None:
    promised = {(alert.phase, alert.channel, alert.kind, alert.story, alert.topics) for alert in EXPECTED}
    assert promised == set(_derived(watchlist))
    assert len(promised) == len(EXPECTED) == 22


def _derived(watchlist: Watchlist) -> Iterator[tuple[int, str, str, str, tuple[str, ...]]]:
    """Learned stories never alert, a story alerts at its first matching telling, its flash's report and its corrected article once more."""
    seen: dict[str, Truth] = {each.article: each for each in truth(0, now=NOW)}
    known = {story for each in seen.values() for story in each.stories}
    for phase in (1, 2, 3):
        for each in sorted(truth(phase, now=NOW), key=lambda one: one.published_at):
            before, fresh = seen.get(each.article), known.isdisjoint(each.stories)
            corrected = before is not None and before.script == each.script and before.paragraphs != each.paragraphs
            lengths = [sum(map(len, one.paragraphs)) for one in seen.values() if one.stories == each.stories]
            reports = before is None and bool(lengths) and max(lengths) * 2 < sum(map(len, each.paragraphs))
            kind = "new" if before is None and fresh else "revision" if corrected else "development" if reports else None
            if kind and each.topics:
                yield from ((phase, channel, kind, each.stories[0], topics) for channel, topics in _heard(watchlist, each.topics))
            known |= set(each.stories)
            seen.setdefault(each.article, each)


def _heard(watchlist: Watchlist, topics: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for channel in ("desk", "crm"):
        if heard := tuple(topic for topic in topics if channel in watchlist.topics[topic].channels):
            yield channel, heard


def test_the_first_headline_and_portal_are_those_of_the_tellings() -> None:
    told = {(each.portal, each.title) for phase in (1, 2, 3) for each in truth(phase, now=NOW)}
    for alert in EXPECTED:
        assert {title for portal, title in told if portal in alert.portals and title in alert.headlines} == set(alert.headlines)


def delivered() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    mails = [
        {
            "subject": f"俄朝往來｜{alert.headlines[-1]}",
            "references": ["<1@x>"] if alert.kind == "revision" else [],
            "headers": _headers(alert),
        }
        for alert in EXPECTED
        if alert.channel == "desk"
    ]
    events = [_event(alert) for alert in EXPECTED if alert.channel == "crm"]
    return mails, events


def _headers(alert: ExpectedAlert) -> dict[str, str]:
    return {"x-portalwatch-kind": alert.kind} if alert.kind == "development" else {}


def _event(alert: ExpectedAlert) -> dict[str, Any]:
    topics = [{"slug": topic, "title": "a topic's title"} for topic in alert.topics]
    return {"payload": {"type": f"alert.{alert.kind}", "data": {"topics": topics, "title": alert.headlines[0]}}}


def test_a_cycle_that_delivered_everything_once_misses_nothing() -> None:
    assert missing_and_unexpected(*delivered()) == ([], [])


def test_what_did_not_arrive_is_named_with_its_channel() -> None:
    mails, events = delivered()
    missing, unexpected = missing_and_unexpected(mails[1:], events[:-1])
    assert unexpected == []
    assert [line.partition(":")[0] for line in missing] == ["crm", "desk"]


def test_a_second_copy_and_a_stranger_are_unexpected() -> None:
    mails, events = delivered()
    strange = {"subject": "俄朝往來｜一篇沒有人寫過的報導", "references": [], "headers": {}}
    missing, unexpected = missing_and_unexpected([*mails, mails[0], strange], events)
    assert missing == []
    assert len(unexpected) == 2
    assert "no known story" in unexpected[1]


def test_a_revision_sent_as_new_is_both_missing_and_unexpected() -> None:
    mails, events = delivered()
    plain = [{**mail, "references": []} for mail in mails]
    missing, unexpected = missing_and_unexpected(plain, events)
    assert [line.split()[1] for line in missing] == ["revision"]
    assert [line.split()[1] for line in unexpected] == ["new"]


def test_a_kind_header_says_more_than_a_thread() -> None:
    mails, events = delivered()
    labelled = [
        {**mail, "references": ["<9@x>"], "headers": {"x-portalwatch-kind": "revision" if mail["references"] else "new"} | mail["headers"]}
        for mail in mails
    ]
    assert missing_and_unexpected(labelled, events) == ([], [])


def test_an_early_end_owes_the_earlier_phases_only() -> None:
    mails, events = delivered()
    assert missing_and_unexpected([], [], upto=0) == ([], [])
    assert len(missing_and_unexpected(mails, events, upto=1)[1]) == len([alert for alert in EXPECTED if alert.phase > 1])


def test_headlines_of_different_stories_cannot_be_taken_for_each_other() -> None:
    starts = {(alert.story, "".join(headline.split())[:14]) for alert in EXPECTED for headline in alert.headlines}
    assert len({start for _, start in starts}) == len(starts)
