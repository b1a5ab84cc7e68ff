"""A decision with its evidence: what was shared, what came nearest, and on which side of a split a copy belongs."""

import pytest

from pipelines.dedup.decision import Decision, decide
from pipelines.dedup.pair import Text, pair
from pipelines.dedup.passages import LONGEST, SHOWN, passages
from pipelines.dedup.shingles import SHINGLE, sketch
from tests.dedup.test_stories import BRIDGE, FERRY, SIMPLE, known

FLASH = FERRY[:60]
SPLIT = {frozenset((1, 2))}


def decided(text: str, *texts: str, apart: set[frozenset[int]] | None = None) -> Decision:
    others = [known(number, each) for number, each in enumerate(texts, 1)]
    return decide(text, sketch("", text), others, apart or set())


def test_a_copy_keeps_what_it_shares_in_its_own_words() -> None:
    copy = SIMPLE.convert(FERRY[100:])
    decision = decided(copy, FERRY, BRIDGE)
    assert [link.story_id for link in decision.links] == [1]
    assert decision.misses == ()
    found = decision.evidence[1]
    assert (found.shared, found.of) == (len(sketch("", copy).shingles),) * 2
    assert found.passages == (copy[:LONGEST] + "…",)


def test_a_change_in_the_middle_makes_two_passages() -> None:
    copy = FERRY[:120] + "某某某" + FERRY[125:]
    found = passages(sketch("", copy), sketch("", FERRY))
    assert len(found) == 2
    assert found[0].letters > found[1].letters > SHINGLE
    assert found[0].start - found[0].other in (-2, -1, 0, 1)


def test_no_more_than_a_few_passages_are_kept() -> None:
    copy = "甲".join(FERRY[at : at + 15] for at in range(0, len(FERRY), 15))
    assert len(passages(sketch("", copy), sketch("", FERRY))) > SHOWN
    assert len(decided(copy, FERRY).evidence[1].passages) == SHOWN


def test_a_text_that_repeats_itself_is_few_passages_and_costs_its_length() -> None:
    a, b = sketch("", "哈" * 20_000), sketch("", "哈" * 10_000)
    assert [each.letters for each in passages(a, b)][:2] == [10_000, 10_000]


@pytest.mark.parametrize(
    ("text", "related"),
    [(BRIDGE + FERRY[:80], True), (BRIDGE + FERRY[:30], False), (BRIDGE * 2 + FLASH, False)],
    ids=["a quarter is background", "a line is", "an eighth is"],
)
def test_a_follow_up_is_related_to_its_background(text: str, related: bool) -> None:
    decision = decided(text, FERRY)
    assert decision.links == ()
    assert [(miss.article_id, miss.is_related) for miss in decision.misses] == [(1, related)]
    assert "a copy needs 35% and 35% of its lead from its first 60 letters on, or 50%" in decision.misses[0].why
    assert decision.evidence[1].shared


def test_a_piece_that_quotes_a_whole_flash_is_related_to_it() -> None:
    decision = decided(BRIDGE + FLASH, FLASH)
    assert [(miss.holds, miss.is_related) for miss in decision.misses] == [(1.0, True)]
    assert "it quotes 100% of that" in decision.misses[0].why


def test_the_nearest_miss_comes_first_and_a_story_comes_once() -> None:
    decision = decided(BRIDGE + FERRY[:80], FERRY[60:], FERRY)
    assert [miss.article_id for miss in decision.misses] == [2, 1]
    same_story = [known(1, FERRY[60:], 7), known(2, FERRY, 7)]
    text = BRIDGE + FERRY[:80]
    assert [miss.article_id for miss in decide(text, sketch("", text), same_story).misses] == [2]


def test_what_shares_nothing_misses_nothing() -> None:
    assert decided(BRIDGE, FERRY) == Decision()


@pytest.mark.parametrize(("copy", "story"), [(FERRY, 1), (FLASH, 2), (FERRY[: int(len(FERRY) * 0.8)], 1), (FLASH + "。", 2)])
def test_a_copy_goes_to_the_side_of_a_split_that_it_resembles_more(copy: str, story: int) -> None:
    decision = decided(SIMPLE.convert(copy), FERRY, FLASH, apart=SPLIT)
    assert [(link.story_id, link.role) for link in decision.links] == [(story, "copy")]


def test_a_split_does_not_part_a_merged_piece_from_other_stories() -> None:
    merged = FERRY + BRIDGE
    halves = FERRY[:200], FERRY[200:]
    roles = [(link.story_id, link.role) for link in decided(merged, *halves, BRIDGE, apart=SPLIT).links]
    assert sorted(roles) == [(1, "part"), (3, "part")]
    assert len(decided(merged, *halves, BRIDGE).links) == 3


@pytest.mark.parametrize(
    ("one", "other", "same", "rule"),
    [
        (FERRY, SIMPLE.convert(FERRY), True, "equal letters"),
        (FERRY, FERRY[100:], True, "share of the text, whatever its lead"),
        (FERRY, BRIDGE, False, "share of the text under a known lead"),
        ("渡輪復航", "渡輪停航", False, "equal texts, since one has less than 12 shingles"),
        ("", "", True, "equal letters"),
        (BRIDGE + FERRY[: int(len(BRIDGE) * 0.68)], FERRY, True, "share of the text, whatever its lead"),
    ],
    ids=["other script", "cut", "another", "flashes", "empty", "one holds most of the other"],
)
def test_a_pair_names_the_rule_that_decided(one: str, other: str, same: bool, rule: str) -> None:
    found = pair(Text(title="", text=one), Text(title="", text=other))
    assert (found.same, found.threshold.name) == (same, rule)
    assert (found.threshold.reached >= found.threshold.needed) is same


def test_of_two_articles_the_later_is_judged() -> None:
    follow_up, background = BRIDGE + FERRY[: int(len(BRIDGE) * 0.68)], FERRY
    later = pair(Text(title="", text=follow_up, number=2), Text(title="", text=background, number=1))
    assert not later.same
    assert later.threshold.name.startswith("share of the lead")
    assert (later.threshold.reached, later.a.lead) == (0.0, 0.0)
    assert pair(Text(title="", text=follow_up, number=1), Text(title="", text=background, number=2)).same
