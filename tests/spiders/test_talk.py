"""How far an article's comments are read."""

from collections import Counter
from types import SimpleNamespace

from pipelines.models import Comment, Thread
from pipelines.sheet import read_sheet
from pipelines.store.pages import Found
from spiders.following import Following, Talk
from tests.extract.shared import SHEETS

FOUND = Found(portal="p", identity="1", url="https://p.example/1")


def read(pages: list[list[int]], count: int | None, known: set[int] = frozenset()) -> int:  # type: ignore[assignment]
    """How many pages are read of a thread whose pages hold these floors; an empty one follows the last."""
    names = frozenset(f"floor {floor}" for floor in known)
    talk = Talk(found=FOUND, first="u", count=count, known=names)
    for number, floors in enumerate([*pages, []], 1):
        thread = Thread(comments=tuple(Comment(author="a", text="t", floor=floor) for floor in floors))
        if talk.is_over(thread):
            return number
        talk = talk.after(thread)
    raise AssertionError("never over")


NEWEST_FIRST, OLDEST_FIRST = [[6, 5], [4, 3], [2, 1]], [[1, 2], [3, 4], [5, 6]]


def test_a_first_reading_ends_with_the_count_or_with_an_empty_page() -> None:
    assert read(NEWEST_FIRST, 6) == 3
    assert read(NEWEST_FIRST, 9) == 4
    assert read(NEWEST_FIRST, None) == 4


def test_a_later_reading_ends_when_the_count_is_reached_in_either_order() -> None:
    assert read(NEWEST_FIRST, 6, {1, 2, 3, 4, 5}) == 1
    assert read(OLDEST_FIRST, 6, {1, 2, 3, 4, 5}) == 3


def test_without_a_count_it_ends_with_a_page_that_was_known() -> None:
    assert read(NEWEST_FIRST, None, {1, 2, 3, 4, 5}) == 2


def test_a_page_that_comes_again_ends_it() -> None:
    assert read([[6, 5], [6, 5]], 99) == 2


def test_comments_leave_the_rest_of_the_budget_to_articles() -> None:
    sheet = read_sheet(SHEETS / "park6.yaml")
    url, host, most = "https://www.6parknews.com/newspark/index.php?act=newsreply&nid=1&p=1", "www.6parknews.com", sheet.pace.budget * 0.6
    job = SimpleNamespace(sheet=sheet, spent={host: int(most) - 2}, requests=Counter({host: 1}))
    following = Following(SimpleNamespace(job=job))  # type: ignore[arg-type]
    assert following.spares(url) is None
    job.requests[host] += 1
    assert following.spares(url) == "what is left of the 3000 requests of today is for articles"
    assert following.spares(None) is None
