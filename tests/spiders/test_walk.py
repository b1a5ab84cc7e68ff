"""Paging until known items: a simulated portal whose listing is read run after run."""

from dataclasses import dataclass, field, replace

import pytest

from pipelines.sources import Feed, Listing
from pipelines.store.sources import Known, Paging
from spiders.walk import NAMES, PATIENCE, Walk

SIZE = 10  # items of a page
LIST = Listing(type="listing", url="https://p.example/list", item="li", next="https://p.example/list/{n}", pages=6)


@dataclass
class Reader:
    """What several runs over one listing know; `store` are identities that have a page."""

    source: Listing = LIST
    known: Known | None = None
    store: set[str] = field(default_factory=set)
    asked: int = 0

    def run(self, *pages: list[str], unmodified: bool = False) -> set[str]:
        """One walk through the listing as it stands; gives what it fetched for the first time."""
        walk, before, number, self.asked = Walk(source=self.source, known=self.known), set(self.store), 0, 0
        while number == 0 or walk.goes_on(number):
            number += 1
            self.asked += 1
            shown = pages[number - 1] if number <= len(pages) else []
            if unmodified and number == 1:
                walk.unmodified(1)
            else:
                walk.page(number, shown, set(shown) - before)
                self.store |= set(shown)
        names, paging = walk.remembered()
        self.known = Known(names=names, paging=paging)
        return self.store - before


def paged(items: list[str], *, pinned: list[str] | None = None, on_every_page: bool = False) -> list[list[str]]:
    """The listing's pages: a pinned block at the head of the first, or of every one, and the items."""
    head = pinned or []
    if on_every_page:
        size = SIZE - len(head)
        return [[*head, *items[start : start + size]] for start in range(0, len(items), size)]
    flow = [*head, *items]
    return [flow[start : start + SIZE] for start in range(0, len(flow), SIZE)]


def numbered(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last, -1)]


def test_the_first_reading_takes_stock_of_every_page() -> None:
    reader = Reader()
    assert reader.run(*paged(numbered(100, 0))) == set(numbered(100, 40))
    assert reader.asked == 6


def test_a_listing_that_ends_before_its_last_page_is_not_asked_on() -> None:
    reader = Reader()
    reader.run(*paged(numbered(20, 0)))
    assert reader.asked == 3


@pytest.mark.parametrize("fresh", [1, 9, 10, 25])
def test_paging_goes_on_while_a_page_holds_something_unknown(fresh: int) -> None:
    reader = Reader()
    reader.run(*paged(numbered(100, 0)))
    assert len(reader.run(*paged(numbered(100 + fresh, 0)))) == fresh
    assert reader.asked == (fresh - 1) // SIZE + 2


@pytest.mark.parametrize(
    ("block", "on_every_page"), [(1, False), (1, True), (5, False), (5, True), (9, False), (9, True), (10, False), (15, False)]
)
def test_a_pinned_block_hides_nothing_and_does_not_lead_on(block: int, on_every_page: bool) -> None:
    pinned = [f"pinned{number}" for number in range(block)]
    reader = Reader()
    reader.run(*paged(numbered(100, 0), pinned=pinned, on_every_page=on_every_page))
    seen: set[str] = set()
    for newest in range(101, 107):
        seen |= reader.run(*paged(numbered(newest, 0), pinned=pinned, on_every_page=on_every_page))
        assert reader.asked <= block // SIZE + 2
    assert seen == set(numbered(106, 100))


def test_a_wholly_pinned_page_is_looked_past_though_its_bytes_never_change() -> None:
    pinned = [f"pinned{number}" for number in range(SIZE)]
    reader = Reader()
    reader.run(*paged(numbered(100, 0), pinned=pinned))
    assert reader.run(*paged(numbered(101, 0), pinned=pinned), unmodified=True) == {"101"}
    assert reader.run(*paged(numbered(113, 0), pinned=pinned), unmodified=True) == set(numbered(113, 101))


def test_a_page_that_becomes_wholly_pinned_later_is_found_out() -> None:
    reader = Reader()
    reader.run(*paged(numbered(100, 0)))
    reader.run(*paged(numbered(103, 0)))
    pinned, missed = [f"pinned{number}" for number in range(SIZE)], 0
    reader.run(*paged(numbered(104, 0), pinned=pinned))
    for newest in range(105, 125):
        missed += not reader.run(*paged(numbered(newest, 0), pinned=pinned))
    assert missed == 0
    assert set(numbered(124, 0)) - reader.store == set(numbered(40, 0))


def test_an_item_that_is_new_at_every_reading_does_not_lead_on() -> None:
    reader, forever = Reader(), ["denied"]
    for _ in range(4):
        reader.run(*paged(numbered(100, 0), pinned=forever, on_every_page=True))
        reader.store -= {"denied"}
    for turn in range(5, 40):
        reader.run(*paged(numbered(100, 0), pinned=forever, on_every_page=True))
        reader.store -= {"denied"}
        assert reader.asked == 1 + (turn - 1 in (1, 2, 4, 8) or (turn - 1) % PATIENCE == 0), turn


def test_a_quiet_listing_costs_ever_fewer_looks_past_its_head() -> None:
    reader = Reader()
    reader.run(*paged(numbered(100, 0)))
    asked = []
    for _ in range(64):
        assert reader.run(*paged(numbered(100, 0)), unmodified=True) == set()
        asked.append(reader.asked)
    assert [turn for turn, count in enumerate(asked, 1) if count == 2] == [1, 2, 4, 8, 16, 32, 48, 64]
    assert max(asked) == 2


def test_what_moves_over_the_edge_of_a_page_while_we_read_counts_once() -> None:
    reader = Reader()
    reader.run(*paged(numbered(100, 0)))
    first, later = paged(numbered(101, 0)), paged(numbered(104, 0))
    assert reader.run(first[0], *later[1:]) == {"101"}  # 102 to 104 came while the first page was read
    assert reader.asked == 2
    assert reader.run(*later) == {"102", "103", "104"}


def test_a_page_beyond_the_end_that_repeats_the_first_ends_the_listing() -> None:
    reader, first = Reader(), numbered(10, 0)
    reader.run(first, first, first, first, first, first)
    assert reader.asked == 2


def test_a_listing_that_is_not_in_the_order_of_time_is_read_as_deep_as_its_news_lies() -> None:
    reader, items = Reader(), numbered(60, 0)
    reader.run(*paged(items))
    seen, came = set(), [str(number) for number in range(101, 161)]
    for place, name in enumerate(came):
        items = [*items[: place * 7 % 30], name, *items[place * 7 % 30 :]]
        seen |= reader.run(*paged(items))
    assert reader.known is not None
    assert reader.known.paging.reach == 3
    assert set(came) - seen == set()


def test_the_reach_shrinks_when_the_head_tells_again() -> None:
    reader = Reader(known=Known(paging=Paging(reach=3, depth=6)))
    reader.run(*paged(numbered(100, 0)))
    for newest in range(101, 101 + 2 * PATIENCE):
        reader.run(*paged(numbered(newest, 0)))
    assert reader.known is not None
    assert reader.known.paging.reach == 1


def test_a_listing_that_was_cut_or_may_be_read_deeper_is_taken_stock_of() -> None:
    reader = Reader()
    reader.run(*paged(numbered(100, 0)))
    assert reader.known is not None
    reader.known = replace(reader.known, cut=True)
    reader.run(*paged(numbered(100, 0)))
    assert reader.asked == 6
    reader.source = LIST.model_copy(update={"pages": 8})
    reader.run(*paged(numbered(100, 0)))
    assert reader.asked == 8
    reader.run(*paged(numbered(100, 0)))
    assert reader.asked == 1


def test_many_names_are_kept_by_their_ends_and_the_latest_before_older_ones() -> None:
    feed = Feed(type="feed", url="https://p.example/feed")
    walk = Walk(source=feed, known=Known(names=("old",)))
    walk.page(1, [str(number) for number in range(2000)], ())
    names, _ = walk.remembered()
    assert (len(names), names[0], names[-1]) == (NAMES, "0", "1999")
    walk = Walk(source=feed, known=Known(names=("old", "2")))
    walk.page(1, ["1", "2"], ())
    assert walk.remembered()[0] == ("1", "2", "old")
