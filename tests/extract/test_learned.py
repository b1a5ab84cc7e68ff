"""A portal's own lines are learned from many of its stories, and taken out of the text where no sheet names a zone."""

import random

import pytest

from pipelines.extract.ladder import extract
from pipelines.extract.learned import LINES, PAGES, STORIES, Memory, Remembered, hashes_of, line_hash, without_learned
from pipelines.models import Page
from tests.whole.portal import WORDS

OWN = "河口网友看新闻，尽在河口新闻网客户端，早知道，早安心。"
STORY = [f"第{number}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成，费用由市里和省里分担。" for number in range(9)]


def _page(number: int) -> str:
    dice = random.Random(number)
    told = [f"{'、'.join(dice.sample(WORDS, 9))}，船长说风浪不大，旅客很满意。" for _ in range(6)]
    text = "".join(f"<p>{each}</p>" for each in (OWN, *told, OWN))
    return f"<html><head><title>第{number}号码头</title></head><body><h1>第{number}号码头</h1><div>{text}</div></body></html>"


def _memory(pages: int, stories: int | None = None) -> Memory:
    memory = Memory()
    for number in range(pages):
        reading = extract(Page(url="", body=_page(number).encode()))
        memory = memory.with_page(Remembered(identity=str(number), story=number % (stories or pages), lines=reading.lines))
    return memory


def test_a_line_of_many_stories_is_learned_and_taken_out() -> None:
    page = Page(url="", body=_page(77).encode())
    before, after = extract(page).article, extract(page, None, _memory(STORIES).learned).article
    assert before is not None
    assert after is not None
    assert OWN in before.text
    assert OWN not in after.text
    assert after.text.replace("\n", "") == before.text.replace("\n", "").replace(OWN, "")


@pytest.mark.parametrize(("pages", "stories"), [(1, None), (STORIES - 1, None), (30, STORIES - 1)])
def test_nothing_is_learned_from_few_stories_however_often_they_are_told(pages: int, stories: int | None) -> None:
    assert _memory(pages, stories).learned == frozenset()


def test_a_line_that_few_of_the_pages_have_is_not_learned() -> None:
    memory = Memory()
    for number in range(PAGES):
        lines = hashes_of([OWN] if number % 4 == 0 else [STORY[number % 9]])
        memory = memory.with_page(Remembered(identity=str(number), story=number, lines=lines))
    assert line_hash(OWN) not in memory.learned


def test_a_copied_paragraph_is_longer_than_what_can_be_learned() -> None:
    paragraph = "，".join(STORY[:3])
    assert line_hash(paragraph) is None
    assert line_hash("赞") is None


def test_the_same_line_with_another_counter_is_the_same_line() -> None:
    assert line_hash("已有 1024 人参与讨论") == line_hash("已有7人参与讨论")


def test_a_memory_is_bounded_and_a_page_counts_once() -> None:
    memory = Memory()
    for number in range(PAGES * 2):
        memory = memory.with_page(Remembered(identity=str(number), story=number, lines=(1,)))
    assert len(memory.with_page(Remembered(identity=str(PAGES * 2 - 1), story=1, lines=())).pages) == PAGES
    assert len(hashes_of([f"第{'天地玄黄宇宙洪荒'[n % 8]}{chr(0x4E00 + n)}句话是这样说的。" for n in range(1000)])) <= LINES


def test_a_memory_that_was_poisoned_cannot_eat_an_article() -> None:
    paragraphs = tuple(STORY)
    poison = {found for each in paragraphs if (found := line_hash(each)) is not None}
    assert without_learned(paragraphs, poison) == paragraphs
    page = Page(url="", body=_page(77).encode())
    clean = extract(page)
    assert extract(page, None, clean.lines).article == clean.article


def test_what_a_sheet_s_zone_gives_is_neither_learned_nor_cut() -> None:
    from pipelines.extract.rules import Rules
    from tests.extract.shared import sheet

    zoned = sheet("storm_mg").model_copy(update={"extract": Rules(zones=("div",))})
    reading = extract(Page(url="https://www.storm.mg/article/1", body=_page(3).encode()), zoned, {line_hash(OWN) or 0})
    assert reading.article is not None
    assert reading.article.text.count(OWN) == 2
    assert reading.lines == ()
