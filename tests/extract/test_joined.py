"""Several pages become one article, several readings of a comment one comment."""

from dataclasses import replace
from datetime import UTC, datetime

from pipelines.extract.joined import MOST_COMMENTS, adds, joined, united
from pipelines.models import Article, Comment


def page(text: str, **more: object) -> Article:
    return Article(**({"url": "u", "title": "渡輪復航", "text": text} | more))


def test_the_texts_follow_one_another_and_the_rest_is_the_first_pages() -> None:
    told = joined([page("甲\n乙", author="某", section="港口"), page("丙", title="渡輪復航(2)", author="另")])
    assert (told.text, told.title, told.author, told.section) == ("甲\n乙\n丙", "渡輪復航", "某", "港口")


def test_what_a_later_page_repeats_at_its_beginning_is_not_doubled() -> None:
    assert joined([page("導言\n甲"), page("渡輪復航\n導言\n乙"), page("導 言\n丙")]).text == "導言\n甲\n乙\n丙"


def test_what_stands_at_the_foot_of_every_page_comes_once_at_the_end() -> None:
    assert joined([page("甲\n作者註"), page("乙\n作者註")]).text == "甲\n乙\n作者註"


def test_a_refrain_inside_a_page_stays() -> None:
    assert joined([page("甲\n好呀\n乙"), page("丙\n好呀\n丁")]).text == "甲\n好呀\n乙\n丙\n好呀\n丁"


def test_captions_rights_and_late_credits_are_merged() -> None:
    pages = [
        page("甲", captions=("圖一",), rights="© 甲社", publisher=("海岬日報",), quality=0.9, script="Hant"),
        page("乙", captions=("圖一", "圖二"), rights="© 甲社\n© 乙社", publisher=("中央社",), quality=0.7, author="林某", script="Hans"),
    ]
    told = joined(pages, own="海岬日報")
    assert (told.captions, told.rights, told.publisher) == (("圖一", "圖二"), "© 甲社\n© 乙社", ("中央社",))
    assert (told.author, told.quality, told.script) == ("林某", 0.7, "mixed")


def test_one_page_is_itself() -> None:
    assert joined([page("甲")]) == page("甲")


def test_a_page_that_repeats_adds_nothing() -> None:
    assert adds([page("甲\n乙")], page("渡輪復航\n丙"))
    assert not adds([page("甲\n乙")], page("渡輪復航\n乙"))


HOT = Comment(author="木瓜", text="好", key="7", up=1, at=datetime(2026, 11, 22, 8, 5, tzinfo=UTC))
THREAD = replace(HOT, floor=3, quotes=1, up=2, at=datetime(2026, 11, 22, 8, 5, 41, tzinfo=UTC), badges=("[楼主]",))


def test_a_comment_on_the_article_and_in_the_thread_is_one_with_what_either_says() -> None:
    assert united([HOT], [THREAD]) == (THREAD,)
    assert united([THREAD], [replace(HOT, up=5)]) == (replace(THREAD, up=5),)


def test_a_deleted_comment_keeps_its_floor_and_counts() -> None:
    assert united([THREAD], [replace(THREAD, text="", author="")]) == (replace(THREAD, text=""),)


def test_new_comments_come_after_those_that_are_held() -> None:
    second = Comment(author="a", text="二", floor=2)
    assert united([THREAD], [Comment(author="b", text="四", floor=4), second, THREAD])[0] == THREAD
    assert len(united([THREAD], [second, second])) == 2


def test_an_article_holds_so_many_comments_and_the_oldest_go() -> None:
    many = [Comment(author="a", text=str(floor), floor=floor) for floor in range(MOST_COMMENTS + 20, 0, -1)]
    held = united((), many)
    assert (len(held), held[0].floor, held[-1].floor) == (MOST_COMMENTS, MOST_COMMENTS + 20, 21)
    assert united(held, many[-5:]) == held
