"""What a run leaves of its listings to the next one."""

from pipelines.sources import Listing
from pipelines.store.pages import Found
from pipelines.store.sources import Known
from spiders.readings import Readings

KEY = "https://p.example/news"
SOURCE = Listing(type="listing", url=KEY, item="a")
BEFORE, AFTER = Known(digest="before", names=("1", "2")), Known(digest="after")
NAMED = [Found(portal="p", identity=each, url=f"https://p.example/{each}") for each in ("2", "3")]


def walked() -> Readings:
    """A listing that named 1 and 2, and now names 2 and 3."""
    readings = Readings(known={KEY: BEFORE})
    readings.begin(SOURCE)
    readings.walks[KEY].page(1, [each.identity for each in NAMED], {"3"})
    readings.read[KEY] = AFTER
    return readings


def test_what_a_listing_named_lately_is_remembered_the_latest_first() -> None:
    learned = walked().learned(set(), saw_the_portal=True)[KEY]
    assert (learned.digest, learned.names) == ("after", ("2", "3", "1"))


def test_a_listing_is_read_again_though_it_did_not_change_while_a_page_that_it_names_fails() -> None:
    assert walked().learned({"3"}, saw_the_portal=True)[KEY].digest is None
    assert walked().learned({"1"}, saw_the_portal=True)[KEY].digest == "after"


def test_a_run_that_did_not_see_its_portal_leaves_its_listings_as_they_were() -> None:
    assert walked().learned(set(), saw_the_portal=False) == {}


def test_a_paging_that_was_cut_leaves_what_was_known_marked_as_cut() -> None:
    readings = walked()
    readings.cut |= {KEY, "https://p.example/never-read-before"}
    for saw_the_portal in (True, False):
        learned = readings.learned(set(), saw_the_portal=saw_the_portal)
        assert [(key, known.digest, known.names, known.cut) for key, known in learned.items()] == [(KEY, "before", ("1", "2"), True)]


def test_lately_is_of_this_run_where_it_read_the_listing_and_of_the_one_before_where_it_did_not() -> None:
    assert walked().lately(KEY) == ("2", "3", "1")
    assert Readings(known={KEY: BEFORE}).lately(KEY) == ("1", "2")
    assert Readings().lately(KEY) == ()


def test_a_reading_that_names_nothing_tells_nothing_but_one_that_stood_as_before_makes_the_rest_a_part() -> None:
    readings = Readings()
    readings.name(KEY, [])
    assert readings.named == {}
    readings.name(KEY, NAMED)
    assert readings.named[KEY].whole
    readings.name(KEY, (), whole=False)
    assert (list(readings.named[KEY].identities), readings.named[KEY].whole) == (["2", "3"], False)
