"""What a page or a redirect says of an article's own address, hostile ones above all; and that an identity has one form."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.extract.address import astray, host_of, own_address
from tests.extract.shared import sheet

STORM = "https://www.storm.mg/article/4869000"
ASKED = STORM + "?utm_source=x"
PARK = "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=600000"


@pytest.mark.parametrize(
    ("portal", "fetched", "canonical", "base", "own"),
    [
        ("storm_mg", ASKED, STORM, None, True),
        ("storm_mg", ASKED, "/article/4869000", None, True),
        ("storm_mg", ASKED, "  https://www.storm.mg/article/4869000#comments ", None, True),
        ("storm_mg", ASKED, None, None, None),
        ("storm_mg", ASKED, "", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg", None, None),
        ("storm_mg", ASKED, "/", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/articles", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/category/1", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/article/4869001", None, None),
        ("storm_mg", ASKED, "https://evil.example/article/4869000", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg.evil.example/article/4869000", None, None),
        ("storm_mg", ASKED, "//evil.example/article/4869000", None, None),
        ("storm_mg", ASKED, "/article/4869000", "https://evil.example/", None),
        ("storm_mg", ASKED, "https://user:secret@www.storm.mg/article/4869000", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg@evil.example/article/4869000", None, None),
        ("storm_mg", ASKED, "https://evil.example\\@www.storm.mg/article/4869000", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg\\.evil.example/article/4869000", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/\r\nSet-Cookie:x/article/4869000", None, None),
        ("storm_mg", ASKED, "ftp://www.storm.mg/article/4869000", None, None),
        ("storm_mg", ASKED, "javascript:'https://www.storm.mg/article/4869000'", None, None),
        ("storm_mg", ASKED, "http://[", None, None),
        ("storm_mg", ASKED, "https://www.storm.mg/article/4869000?" + "x" * 3000, None, None),
        ("storm_mg", "https://www.storm.mg/", STORM, None, None),
        ("park6", PARK, "https://www.6parknews.com/newspark/view.php", None, None),
        ("park6", PARK, "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=600001", None, None),
        ("park6", PARK, "https://www.6parknews.com/newspark/view.php?act=view&app=news&nid=600000", None, True),
    ],
)
def test_a_canonical_address_is_taken_where_it_is_the_same_article(
    portal: str, fetched: str, canonical: str | None, base: str | None, own: bool | None
) -> None:
    named = own_address(fetched, canonical, base, sheet(portal))
    assert (named != fetched) is bool(own)
    assert sheet(portal).identify(named) == sheet(portal).identify(fetched) or named == fetched
    assert "@" not in named
    assert "#" not in named


@pytest.mark.parametrize(
    ("answered", "why"),
    [
        (STORM, None),
        (STORM + "?page=1", None),
        ("https://www.storm.mg/amp/article/4869000", None),
        ("https://www.storm.mg/some/new/form", None),
        ("https://www.storm.mg/article/4869001", "redirected to another article, 4869001"),
        ("https://www.storm.mg/", "redirected to the front page"),
        ("https://www.storm.mg", "redirected to the front page"),
    ],
)
def test_a_redirect_must_lead_to_the_article_that_was_asked_for(answered: str, why: str | None) -> None:
    found = sheet("storm_mg").identify(STORM)
    assert found is not None
    assert astray(found[0], STORM, answered, sheet("storm_mg")) == why


def test_a_redirect_to_a_listing_is_no_article() -> None:
    park = sheet("park6")
    found = park.identify(PARK)
    assert found is not None
    assert astray(found[0], PARK, park.discovery[0].url, park) == "redirected to a listing"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://WWW.Storm.mg/a", "www.storm.mg"), ("http://a.example:8080/", "a.example"), ("https://a:b@www.storm.mg/", None),
        ("https://evil.example\\@www.storm.mg/", None), ("ftp://www.storm.mg/", None), ("//www.storm.mg/", None), ("https:///a", None),
        ("https://www.storm.mg:99999999/", None), ("http://[::1]/", "::1"), ("http://[/", None), ("https://台灣.example/", "台灣.example"),
    ],
)  # fmt: skip
def test_a_host_is_read_only_where_nobody_could_read_another(url: str, host: str | None) -> None:
    assert host_of(url) == host


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["", "https://www.storm.mg", "https://www.storm.mg/article/", "//", "https://"]))
def test_no_canonical_changes_an_identity_or_leaves_the_portal(tail: str, head: str) -> None:
    named = own_address(STORM, head + tail, None, sheet("storm_mg"))
    assert sheet("storm_mg").serves(named)
    assert (sheet("storm_mg").identify(named) or ("",))[0] == "4869000"


@settings(max_examples=200, deadline=None)
@given(
    st.integers(min_value=1, max_value=10**9),
    st.dictionaries(st.sampled_from(["utm_source", "from", "p", "fbclid"]), st.text("abc123", max_size=5), max_size=3),
    st.sampled_from(["http", "https"]),
)
def test_an_identity_holds_whatever_is_added_to_its_address(number: int, added: dict[str, str], scheme: str) -> None:
    park = sheet("park6")
    query = "&".join(["app=news", "act=view", f"nid={number}", *(f"{name}={value}" for name, value in added.items())])
    found = park.identify(f"{scheme}://www.6parknews.com/newspark/view.php?{query}")
    assert found is not None
    assert park.identify(found[1]) == found
    other = park.identify(f"https://www.6parknews.com/newspark/view.php?app=news&act=view&nid={number + 1}")
    assert other is not None
    assert other[0] != found[0]
