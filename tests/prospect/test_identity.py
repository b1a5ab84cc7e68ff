"""Identities drawn from addresses: one key an article, whatever the portal's addresses look like."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.identity import Identity
from spiders.prospect.forms import applied, identities, with_forms
from spiders.prospect.identity import families, whole_identity
from spiders.prospect.shapes import address, is_date

SHAPES = {
    "a number": (["https://n.example/article/4869001", "https://n.example/article/4869002"], ["4869001", "4869002"]),
    "below rubrics": (["https://n.example/world/4869001", "https://n.example/china/4869002"], ["4869001", "4869002"]),
    "behind a letter": (["https://n.example/zh/俄朝/a-79200001", "https://n.example/zh/%E4%BF%84/a-79200002"], ["79200001", "79200002"]),
    "behind words": (["https://n.example/big-long-title-7654321", "https://n.example/another-long-title-7654322"], ["7654321", "7654322"]),
    "with an end": (["https://n.example/a/b/20261122001.html", "https://n.example/a/b/20261122002.html"], ["20261122001", "20261122002"]),
    "a hash": (
        ["https://n.example/articles/c0e1k1234ab/simp", "https://n.example/articles/c1e1k1234ac/simp"],
        ["c0e1k1234ab", "c1e1k1234ac"],
    ),
    "a parameter": (["https://n.example/v.php?a=view&nid=71000", "https://n.example/v.php?nid=71001&a=view"], ["71000", "71001"]),
    "a root's parameter": (["https://n.example/?p=1234", "https://n.example/?p=1236"], ["1234", "1236"]),
    "a day and a count": (
        ["https://n.example/2026/1122/1.html", "https://n.example/2026/1121/1.html"],
        ["/2026/1122/1.html", "/2026/1121/1.html"],
    ),
    "a short count in a rubric": (["https://n.example/world/12345", "https://n.example/china/12345"], ["/world/12345", "/china/12345"]),
    "a stamp and a rubric": (
        ["https://n.example/news/20240618001234-260402", "https://n.example/live/20240619001234-260407"],
        ["/news/20240618001234-260402", "/live/20240619001234-260407"],
    ),
    "words alone": (["https://n.example/hello-big-world", "https://n.example/another-fine-day"], ["/hello-big-world", "/another-fine-day"]),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_part_that_names_the_article_is_the_key(shape: str) -> None:
    urls, keys = SHAPES[shape]
    made = identities(families(urls))
    assert [applied(made, url)[0] for url in urls] == keys


@pytest.mark.parametrize("shape", SHAPES)
def test_tracking_scheme_www_and_fragment_change_no_key_and_are_not_fetched(shape: str) -> None:
    urls, _ = SHAPES[shape]
    made = identities(families(urls))
    for url in urls:
        dressed = url.replace("https://", "http://www.") + ("&" if "?" in url else "?") + "utm_source=rss&at_medium=RSS#top"
        key, fetched = applied(made, dressed)
        assert key == applied(made, url)[0]
        assert "utm_source" not in fetched


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_fetched_is_known_again_under_the_same_key(shape: str) -> None:
    urls, _ = SHAPES[shape]
    made = identities(families(urls))
    for url in urls:
        key, fetched = applied(made, url)
        assert applied(made, fetched) == (key, fetched)


def test_rubrics_that_stand_where_articles_do_are_kept_out() -> None:
    made = identities(
        families(["https://n.example/world/4869001", "https://n.example/china/4869002"], ["https://n.example/category/23083"])
    )
    assert applied(made, "https://n.example/sports/4869003")[0] == "4869003"
    assert applied(made, "https://n.example/category/23083")[0] == ""


def test_a_word_in_the_query_names_no_article_though_there_is_only_one() -> None:
    made = identities(families(["https://n.example/news/story/7331/8812345?from=front_page"]))
    assert applied(made, "https://n.example/news/story/6809/8812346?from=front_page")[0] == "8812346"


@pytest.mark.parametrize(
    ("number", "is_one"), [("2001123", False), ("20260230", True), ("20261345", False), ("202611", True), ("2026", True), ("1812", False)]
)
def test_a_number_is_a_date_only_where_it_is_written_as_one(number: str, is_one: bool) -> None:
    assert is_date(number) is is_one


def test_numbers_keep_their_shape_in_the_pattern() -> None:
    made = identities(families(SHAPES["a stamp and a rubric"][0]))
    assert applied(made, "https://n.example/news/20240620001234-260403")[0]
    assert not applied(made, "https://n.example/about/us")[0]


def test_two_hosts_that_count_on_their_own_have_two_kinds_of_keys() -> None:
    urls = [f"https://{host}n.example/index.php?act=view&nid=7100{last}" for host in ("", "local.") for last in (1, 2, 3)]
    made = identities(families(urls))
    assert len({applied(made, url)[0] for url in urls}) == 6


def test_one_article_under_two_addresses_is_told_by_its_headline() -> None:
    urls = ["https://n.example/view.php?nid=71001", "https://n.example/index.php?nid=71001", "https://n.example/view.php?nid=71002"]
    titles = dict(zip(urls, ["渡輪復航 票價不變", "[熱評] 渡輪復航 票價不變", "另一件事情"], strict=True))
    assert applied(identities(families(urls, (), titles)), urls[1])[0] == "71001"
    assert len({applied(identities(families(urls)), url)[0] for url in urls}) == 3


def test_a_feed_with_a_short_form_shares_the_key_and_is_fetched_in_the_long_form() -> None:
    long = [f"https://n.example/article/48690{last}" for last in range(10, 20)]
    short = [f"https://n.example/48690{last}?utm_source=rss" for last in range(10, 16)]
    titles = {url: f"第{url[18:].strip('/').removeprefix('article/').split('?')[0]}號渡輪復航" for url in (*long, *short)}
    assert applied(identities(families([*long, *short])), short[0])[0] == "form2:4869010"
    made = identities(families([*long, *short], (), titles))
    assert applied(made, short[0]) == ("4869010", "https://n.example/article/4869010")


ARTICLE = [Identity(pattern=r"^(?P<page>https://n\.example/article/(?P<id>\d+))(?=[?#]|$)", key="{id}", url="{page}")]
FORMS = {
    "mobile": ["https://m.n.example/article/4869001", "https://m.n.example/article/4869002"],
    "amp": ["https://n.example/amp/article/4869001", "https://n.example/amp/article/4869002"],
    "script": ["https://n.example/article/4869001/trad", "https://n.example/article/4869002/trad"],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_that_pages_name_joins_its_article_and_the_article_is_fetched(form: str) -> None:
    pairs = [(f"https://n.example/article/{number}", other) for number, other in zip((4869001, 4869002), FORMS[form], strict=True)]
    made, apart = with_forms(ARTICLE, pairs)
    assert apart == []
    assert applied(made, FORMS[form][0].replace("4869001", "4869777")) == ("4869777", "https://n.example/article/4869777")


def test_a_form_that_cannot_be_joined_is_told_and_a_front_page_as_canonical_is_none() -> None:
    pairs = [
        ("https://n.example/article/4869001", "https://n.example/s/kittens-and-dogs"),
        ("https://n.example/article/4869002", "https://n.example/"),
    ]
    made, apart = with_forms(ARTICLE, [*pairs, ("https://n.example/article/4869003", "https://n.example/")])
    assert (made, apart) == (ARTICLE, ["https://n.example/s/kittens-and-dogs"])


WHOLE = whole_identity(["n.example"])
NAMES = st.text("ab1-_.%", min_size=1, max_size=4)
TRACKED = st.sampled_from(["utm_source=rss", "utm_medium=x", "at_medium=RSS", "fbclid=Iw", "maca=chi"])
OWN = st.lists(st.tuples(st.sampled_from(["id", "p", "from", "utm"]), st.text("ab1", max_size=2)).map("=".join), max_size=2)


@st.composite
def places(draw: st.DrawFn) -> tuple[str, str]:
    """(what names an article, one of its addresses)."""
    host, path, own = draw(st.sampled_from(["n.example", "m.n.example"])), draw(st.lists(NAMES, max_size=2)), draw(OWN)
    if not path and not own:
        path = ["a"]
    query = [*draw(st.lists(TRACKED, max_size=2)), *own, *draw(st.lists(TRACKED, max_size=2))]
    url = (
        draw(st.sampled_from(["https://", "http://", "https://www."]))
        + f"{host}/{'/'.join(path)}"
        + draw(st.sampled_from(["", "/"] if path else [""]))
    )
    return f"{host}/{'/'.join(path)}?{'&'.join(own)}", url + (f"?{'&'.join(query)}" if query else "") + draw(st.sampled_from(["", "#c"]))


@given(places(), places())
@example(("n.example/1/1?id=&id=", "https://n.example/1/1?id=&id="), ("n.example/1/1?id=&id=", "https://n.example/1/1/?id=&id="))
def test_the_general_identity_never_gives_two_articles_one_key(one: tuple[str, str], other: tuple[str, str]) -> None:
    keys = [applied(WHOLE, url)[0] for _, url in (one, other)]
    assert all(keys)
    assert (keys[0] == keys[1]) == (one[0] == other[0])


def test_the_general_identity_stays_on_its_hosts() -> None:
    made = whole_identity(["n.example", "o.example"])
    assert applied(made, "https://news.o.example/a")[0]
    assert not any(
        applied(made, url)[0] for url in ("https://xn.example/a", "https://n.example.evil/a", "https://n.example/", "mailto:a@n.example")
    )


@pytest.mark.parametrize("url", ["", "https://", "https://[bad", "ftp://n.example/a", "https://n.example/", "javascript:void(0)"])
def test_what_is_no_address_has_no_parts(url: str) -> None:
    assert address(url) is None


def test_patterns_of_thousands_of_addresses_stay_few_and_short() -> None:
    urls = [f"https://n.example/{'abcdefgh'[number % 8] * 3}/{number % 5}/x{number}y" for number in range(4000)]
    made = identities(families(urls))
    assert len(made) <= 8
    assert all(len(each.pattern) < 400 for each in made)
    assert all(urlsplit(url).path for url in urls)
    assert all(re.compile(each.pattern) for each in made)
