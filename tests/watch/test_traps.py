"""Traps of short terms: the built-in list, and what texts show."""

import pytest

from pipelines.errors import QueryError
from pipelines.watch.aliases import AliasLists
from pipelines.watch.neighbours import Word
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.traps import Trap, is_short, listed, may_have_traps, traps
from pipelines.watch.trials import Asked

LISTS = AliasLists({"leaders": {"kim": ("金正恩", "Kim")}})
TERRITORIES = ("territories",)


def found(query: str, texts: list[str] | None = None, taken: tuple[str, ...] = TERRITORIES) -> dict[str, Trap]:
    """The query's traps by term."""
    readables = [Readable(title="", text=text) for text in texts or []]
    return {trap.term: trap for trap in traps(LISTS, {"t": Asked(query=query, taken=taken)}, readables)["t"]}


@pytest.mark.parametrize(
    ("query", "proposal"),
    [
        ("人民 OR 俄國", "人民 EXCEPT (商人民宿, 人民幣, 私人民宿) OR 俄國"),
        ("人民 EXCEPT (商人民宿)", "人民 EXCEPT (人民幣, 私人民宿, 商人民宿)"),
        ("人民 EXCEPT (商人民宿, 人民币, 私人民宿)", None),
        ("国会*2", "(国会 EXCEPT (各國會, 全國會, 韓國會, 中國會))*2"),
        ("title:國會 俄國", "title:國會 EXCEPT (各國會, 全國會, 韓國會, 中國會) 俄國"),
        ("US 北韓", "=US 北韓"),
        ("us 北韓", None),
        ("=US", None),
        ("AI公司 OR AI", 'AI公司 OR AI EXCEPT ("Ai Weiwei", "j\'ai")'),
        ("俄國 NOT 人民", None),
        ("俄國 EXCEPT (人民)", None),
        ("人民代表大會", None),
        ("publisher:人民", None),
        ("/人民/ 俄國", None),
        ("2024 俄國", None),
    ],
)
def test_a_known_trap_comes_with_a_query_without_it(query: str, proposal: str | None) -> None:
    told = [trap.proposal for trap in found(query).values() if trap.is_warning]
    assert told == ([proposal] if proposal else [])
    if proposal:
        assert not [trap for trap in found(proposal).values() if trap.is_warning]


def test_a_number_counts_things() -> None:
    assert found("64 俄國")["64"].known[:3] == ("64%", "64％", "64人")
    assert not found('64 EXCEPT ("64%", 64人, 64名, 64歲, 64元, 64萬, 64億, 64個) 俄國')["64"].known


@pytest.mark.parametrize(("term", "phrases"), listed())
def test_every_phrase_of_the_list_traps_its_term(term: str, phrases: tuple[str, ...]) -> None:
    known = found(term, taken=())[term].known
    for phrase in phrases:
        assert any(word in phrase.replace("|", "") for word in known)
        assert term not in phrase.split("|")


def test_a_territory_that_longer_names_shield_is_in_no_trap() -> None:
    assert found("海地", taken=())["海地"].is_warning
    assert not found("海地")["海地"].is_warning


def test_the_list_is_large_and_its_first_look_is_sure() -> None:
    assert len(listed()) >= 60
    assert all(may_have_traps(f"x OR {term}") for term, _ in listed())
    assert may_have_traps("US OR 俄國")
    assert not may_have_traps("俄羅斯 NEAR/20 導彈發射")


def test_short_is_three_han_three_latin_four_digits() -> None:
    assert [is_short(text) for text in ("中共", "俄罗斯", "国务院长")] == [True, True, False]
    assert [is_short(text) for text in ("ai", "cia", "nato", "2024", "12024", "ai公司", "a b")] == [
        True,
        True,
        False,
        True,
        False,
        False,
        False,
    ]


ACROSS = [
    "其中共有三人死亡。",
    "其中,五人受傷",
    "其中三人來自",
    "該市其中一區",
    "其中共有九人",
    "其\n中共有兩名",
    "中共中央",
    "對中共說",
    "与中共谈",
]


def test_a_word_that_reaches_over_the_edge_is_seen_in_texts() -> None:
    trap = found("中共 OR 人民", ACROSS)["中共"]
    assert trap.seen
    assert (trap.seen.hits, trap.seen.articles) == (6, 6)
    assert trap.seen.words == (Word(text="其中共", count=3, is_across=True),)
    assert trap.seen.left[0] == ("其", 3)
    assert trap.seen.right[0] == ("有", 3)
    assert trap.seen.inside == 0.5
    assert trap.proposal
    assert "EXCEPT (其中共, " in trap.proposal


def test_a_blank_line_ends_what_stands_beside_a_term() -> None:
    seen = found("中共", ["其\n\n中共\n\n有"])["中共"].seen
    assert seen
    assert (seen.left, seen.right) == ((), ())


def test_a_longer_word_is_offered_only_as_perhaps() -> None:
    texts = [f"{before}選舉權{after}" for before in "有無，的把" for after in "。的、是在"] + ["選舉", "大選舉行"]
    trap = found("選舉", texts)["選舉"]
    assert trap.seen
    assert [(word.text, word.count, word.is_across) for word in trap.seen.words] == [("選舉權", 25, False)]
    assert (trap.proposal, trap.perhaps) == (None, "選舉 EXCEPT (選舉權)")


def test_what_stands_in_one_place_only_is_no_word() -> None:
    seen = found("選舉", ["有選舉權利法"] * 9)["選舉"].seen
    assert seen
    assert seen.words == ()


def test_small_letters_in_texts_warn_of_a_name_in_capitals() -> None:
    assert found("TPP", ["the tpp file", "TPP"])["TPP"].proposal == "=TPP"
    assert found("TPP", ["TPP"])["TPP"].proposal is None


def test_every_topic_is_answered_for_itself() -> None:
    asked = {
        "a": Asked(query="人民", taken=()),
        "b": Asked(query="人民 EXCEPT (人民幣)", taken=()),
        "c": Asked(query="聯合國安理會", taken=()),
    }
    told = traps(LISTS, asked)
    assert [len(each) for each in told.values()] == [1, 1, 0]
    assert told["a"][0].known != told["b"][0].known


def test_a_query_that_does_not_read_is_refused() -> None:
    with pytest.raises(QueryError):
        found("(中共")


def test_proposals_read() -> None:
    for term, _ in listed():
        proposal = found(f'("{term}" OR x) NOT y', taken=())[term].proposal
        assert proposal
        parse(proposal)
