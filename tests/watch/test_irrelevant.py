"""Exclusions for an article that should not have matched."""

from typing import Any

import pytest

from pipelines.watch.aliases import AliasLists
from pipelines.watch.file import Sample, SampleArticle
from pipelines.watch.irrelevant import Case, Exclusion, exclusions, sample_of
from pipelines.watch.readable import Readable
from pipelines.watch.trials import Asked, Trials

LISTS = AliasLists()
GAME = "朝鮮足球隊客場挑戰俄羅斯。足球隊昨天抵達,足球隊的教練說要贏。"
OTHERS = ["北韓外長訪問俄羅斯", "俄羅斯客機飛往朝鮮", "朝鮮向俄羅斯運送炮彈"]


def case(query: str, title: str, text: str = "", others: list[str] | None = None, must_match: tuple[Sample, ...] = (), **more: Any) -> Case:
    asked = Asked(query=query, taken=("territories",))
    article = Readable(title=title, text=text, **more)
    return Case(asked=asked, article=article, others=[Readable(title=each, text="") for each in others or []], must_match=must_match)


def best(given: Case, because: str | None = None) -> Exclusion:
    return exclusions(LISTS, given, because)[0]


def takes(query: str, readable: Readable) -> bool:
    return bool(Trials(LISTS, [Asked(query=query, taken=("territories",))]).hits(readable))


def test_a_word_of_the_article_that_no_other_has() -> None:
    found = exclusions(LISTS, case("北韓 俄國", "朝鲜足球队客场挑战俄罗斯", GAME, OTHERS))
    assert found[0].query == "北韓 俄國 NOT 足球队"
    assert [each.lost for each in found] == sorted(each.lost for each in found)
    assert found[0].lost == 0


def test_a_word_that_others_have_costs_them() -> None:
    given = case("北韓 俄國", "朝鲜足球队客场挑战俄罗斯", GAME, [*OTHERS, "朝鮮俄羅斯足球隊員被捕"])
    assert next(each for each in exclusions(LISTS, given, "足球队")).lost == 1
    assert best(given).lost == 0


def words(given: Case) -> set[str]:
    return {word for each in exclusions(LISTS, given) for word in each.words}


def test_what_stands_beside_the_term_is_excluded_only_where_texts_have_it_as_a_word() -> None:
    once = case("俄羅斯", "中國與俄羅斯客機相撞", others=["俄羅斯出兵"])
    assert words(once) == {"中國", "客機"}
    known = case("俄羅斯", "俄羅斯客機", "俄羅斯客機昨天失事。俄羅斯客機的殘骸", ["俄羅斯出兵"])
    assert "俄羅斯客機" in words(known)
    assert not words(known) & {"俄羅斯客", "羅斯客機"}


@pytest.mark.parametrize("title", ["俄羅斯之行", "俄罗斯之行", "在俄羅斯的"])
def test_a_particle_ends_no_word(title: str) -> None:
    assert words(case("俄羅斯", title, "俄羅斯之夏。俄羅斯之冬。俄羅斯之間,在俄羅斯也有人。")) == set()


def test_a_part_of_a_longer_name_is_no_word() -> None:
    text = "北京冬奧會今天開幕。中國說北京冬奧會安全。北京冬奧會的門票"
    found = words(case("中國", "北京冬奧會有中國隊", text))
    assert found
    assert not found & {"北京冬奧", "京冬奧會", "冬奧", "京冬"}


def test_a_trap_is_excluded_as_such() -> None:
    given = case("中共 OR 俄國", "車禍其中共有三人受傷", "其中共有兩名學生。", ["中共黨代會"])
    assert (best(given).query, best(given).words) == ("中共 EXCEPT (其中共) OR 俄國", ("其中共",))


def test_a_trap_is_told_though_others_are_in_it_too() -> None:
    text = "車禍。車禍,學生。學生說,其中共有兩名學生。車禍"
    given = case("中共 OR 俄國", "隧道車禍其中共有學生受傷", text, ["館其中共設五區", "中共黨代會"], section="社會")
    found = exclusions(LISTS, given)
    assert len(found) == 5
    assert (found[-1].query, found[-1].lost) == ("中共 EXCEPT (其中共) OR 俄國", 1)
    assert "(中共 OR 俄國) NOT 車禍" in [each.query for each in found]


def test_the_word_to_blame_becomes_an_except_where_it_holds_the_term() -> None:
    given = case("人民", "商人民宿開張", others=["為人民服務"])
    assert best(given, "商人民宿").query == "人民 EXCEPT (商人民宿)"
    assert best(given, "開張").query == "人民 NOT 開張"
    assert best(case("北韓 OR 俄國", "俄國隊贏球"), "贏球").query == "(北韓 OR 俄國) NOT 贏球"
    assert best(case("Kim", "Kim Kardashian arrives"), "Kim Kardashian").query == 'Kim EXCEPT ("Kim Kardashian")'


def test_a_word_that_is_not_there_keeps_nothing_out() -> None:
    assert exclusions(LISTS, case("人民", "商人民宿開張"), "足球") == []


def test_what_a_sample_must_match_is_never_given_up() -> None:
    given = case(
        "北韓 俄國", "朝鲜足球队客场挑战俄罗斯", GAME, must_match=("朝鮮足球隊訪問俄國", SampleArticle(title="北韓", text="俄國挑戰"))
    )
    found = exclusions(LISTS, given)
    assert found
    assert all(takes(each.query, Readable(title="朝鮮足球隊訪問俄國", text="")) for each in found)
    assert all(takes(each.query, Readable(title="北韓", text="俄國挑戰")) for each in found)
    assert exclusions(LISTS, given, "足球") == []


def test_a_section_can_be_excluded() -> None:
    assert best(case("北韓 俄國", "朝鮮俄國一比零", section="體育")).query == "北韓 俄國 NOT section:體育"


@pytest.mark.parametrize("query", ["北韓 俄國", "(北韓 OR 中國) AND 俄國", "北韓 NEAR/20 俄國", "2 OF (北韓, 俄國, 美國)", "北韓*2"])
def test_every_proposal_keeps_the_article_out(query: str) -> None:
    others = [each for each in [*OTHERS, "朝鮮、朝鮮隊、俄國"] if takes(query, Readable(title=each, text=""))]
    given = case(query, "朝鲜足球队客场挑战俄罗斯", GAME, others)
    found = exclusions(LISTS, given)
    assert found
    assert others
    assert takes(query, given.article)
    assert not any(takes(each.query, given.article) for each in found)
    for each in found:
        assert each.lost == sum(not takes(each.query, other) for other in given.others)


def test_the_title_is_the_sample_where_it_matches_alone() -> None:
    given = case("北韓 俄國", "朝鲜足球队客场挑战俄罗斯", GAME)
    assert sample_of(LISTS, given, best(given)) == "朝鲜足球队客场挑战俄罗斯"


def test_else_the_sentences_that_matter_are() -> None:
    text = "開頭一句。" * 99 + "朝鮮隊來了。\n中間一句。\n俄羅斯隊\u200b也來了!足球隊很多。\n" + "後面一句。" * 99
    given = case("北韓 俄國", "足球隊 消息", text)
    sample = sample_of(LISTS, given, best(given, "很多"))
    assert sample == {"title": "足球隊 消息", "text": "朝鮮隊來了。 俄羅斯隊 也來了! 足球隊很多。"}


def test_an_article_that_does_not_match_any_more_is_a_sample_as_it_is() -> None:
    assert sample_of(LISTS, case("北韓 NOT 足球", "北韓足球"), None) == "北韓足球"
