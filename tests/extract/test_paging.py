"""Which page is an article's next one, and which is the next article's."""

import pytest

from pipelines.extract.ladder import extract
from pipelines.extract.paging import first_page, is_page
from pipelines.models import Page
from pipelines.sheet import Sheet
from tests.extract.shared import sheet

TEXT = "<p>" + "海岬市政府週三宣布,夜間航班下月恢復,票價維持不變,居民通勤與學生離校的時間都納入考慮。" * 6 + "</p>"
FIRST = "https://p.example/a/12.html"


def following(links: str, url: str = FIRST, *, rules: dict[str, object] | None = None, first: str = "", number: int = 1) -> str | None:
    """The next page of an article with these links, by a sheet's rules where there are some."""
    body = f"<html><head><title>題</title></head><body><h1>題</h1><div id=text>{TEXT}</div>{links}</body></html>"
    page = Page(url=url, body=body.encode(), content_type="text/html; charset=utf-8", part_of=first, number=number)
    return extract(page, ruled(rules) if rules is not None else None).next


def ruled(rules: dict[str, object], **identity: str) -> Sheet:
    form = {"pattern": r"^https://p\.example/a/(?P<id>\d+)", "key": "{id}"} | identity
    values = {"slug": "cape", "name": "海岬", "language": "zh", "timezone": "Asia/Taipei", "hosts": ["p.example"]}
    return Sheet.model_validate(
        values | {"discovery": [{"type": "feed", "url": "https://p.example/rss"}], "articles": [form], "extract": rules}
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://p.example/a/12.html", "https://p.example/a/12_2.html"),
        ("https://p.example/a/12.shtml", "http://p.example/a/12-2.shtml"),
        ("https://p.example/a/12", "https://p.example/a/12/2"),
        ("https://p.example/a/12/", "https://p.example/a/12/page/2/"),
        ("https://p.example/a/12?utm_source=rss", "https://p.example/a/12?page=2"),
        ("https://p.example/view.php?nid=12", "https://p.example/view.php?p=2&nid=12"),
        ("https://p.example/view.php?nid=12&p=1", "https://p.example/view.php?nid=12&p=2"),
    ],
)
def test_an_address_with_a_page_number_added_is_the_next_page(first: str, second: str) -> None:
    assert is_page(first, second, 2)
    assert not is_page(first, second, 3)
    assert not is_page(second, first, 2)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ("https://p.example/a/12.html", "https://p.example/a/13.html"),
        ("https://p.example/a/1.html", "https://p.example/a/2.html"),
        ("https://p.example/a/12.html", "https://p.example/a/13_2.html"),
        ("https://p.example/a/12.html", "https://q.example/a/12_2.html"),
        ("https://p.example/view.php?nid=1", "https://p.example/view.php?nid=2"),
        ("https://p.example/view.php?nid=12", "https://p.example/view.php?p=2"),
        ("https://p.example/?p=12", "https://p.example/?p=13"),
        ("https://p.example/a/12?mode=whole", "https://p.example/a/12?page=2"),
        ("https://p.example/", "https://p.example/2"),
        ("https://p.example/a/12", "https://[bad/a/12/2"),
    ],
)
def test_another_article_is_no_page_of_this_one(first: str, other: str) -> None:
    assert not is_page(first, other, 2)


@pytest.mark.parametrize("words", ["下一页", "下一頁 »", "下页", "次へ", "次のページ", "Next page", "2"])
def test_the_link_to_the_next_page_is_known_by_its_words(words: str) -> None:
    assert following(f'<a href="12_2.html">{words}</a>') == "https://p.example/a/12_2.html"


def test_rel_next_is_believed_where_the_address_agrees() -> None:
    assert following('<link rel="next" href="/a/12_2.html">') == "https://p.example/a/12_2.html"
    assert following('<a rel="next" href="/a/13.html">下一頁</a>') is None


@pytest.mark.parametrize("words", ["下一篇", "下一則新聞", "更多"])
def test_other_words_lead_nowhere(words: str) -> None:
    assert following(f'<a href="12_2.html">{words}</a>') is None


def test_a_later_page_leads_on_from_the_first_ones_address() -> None:
    links = '<a href="12_1.html">1</a><a href="12.html">上一頁</a><a href="12_3.html">下一頁</a>'
    assert following(links, "https://p.example/a/12_2.html", first=FIRST, number=2) == "https://p.example/a/12_3.html"


def test_a_base_element_counts() -> None:
    assert following('<base href="https://p.example/a/"><a href="12_2.html">下一頁</a>', "https://p.example/a/12.html?from=home")


def test_a_sheets_link_leads_where_it_says() -> None:
    rules = {"pages": {"link": "a.more"}}
    assert following('<a class=more href="/b/9">看下去</a><a href="12_2.html">下一頁</a>', rules=rules) == "https://p.example/b/9"
    assert following('<a class=more href="/a/12.html#text">看下去</a>', rules=rules) is None


def test_a_sheets_address_is_filled_up_to_the_count_that_the_page_names() -> None:
    rules = {"pages": {"url": "?id={id}&part={n}", "count": {"css": "#of", "pattern": r"/(\d+)"}}}
    assert following("<i id=of>1/3</i>", rules=rules) == "https://p.example/a/12.html?id=12&part=2"
    later = "https://p.example/a/12.html?id=12&part=2"
    assert following("<i id=of>2/3</i>", later, rules=rules, first=FIRST, number=2) == "https://p.example/a/12.html?id=12&part=3"
    assert following("<i id=of>3/3</i>", later, rules=rules, first=FIRST, number=3) is None
    assert following("", rules=rules) is None


@pytest.mark.parametrize(
    ("url", "first"),
    [
        ("https://p.example/a/12_2.html", "https://p.example/a/12.html"),
        ("https://p.example/a/12?page=2", "https://p.example/a/12"),
        ("https://p.example/v?nid=12&p=3", "https://p.example/v?nid=12"),
        ("https://p.example/a/123.html?", "https://p.example/a/123.html?"),
        ("https://p.example/a/123/", "https://p.example/a/123/"),
        ("https://p.example/a/2024", "https://p.example/a/2024"),
    ],
)
def test_the_first_page_of_an_address(url: str, first: str) -> None:
    assert first_page(url) == first


def test_a_later_page_in_a_listing_is_its_article() -> None:
    assert ruled({}).identify("https://p.example/a/12_2.html") == ("12", "https://p.example/a/12.html")
    other = ruled({}, pattern=r"^https://p\.example/a/(?P<id>\w+)")
    assert other.identify("https://p.example/a/12_2.html") == ("12_2", "https://p.example/a/12_2.html")


def test_comments_on_pages_of_their_own_are_found_from_either_edition_of_park6() -> None:
    page = f"<html><body><div id=mainContent><h2>題</h2><div id=shownewsc>{TEXT}</div></div></body></html>"
    for url, thread in (
        (
            "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=7",
            "https://www.6parknews.com/newspark/index.php?act=newsreply&nid=7&p=1",
        ),
        ("https://local.6parknews.com/index.php?app=news&act=view&nid=7", "https://local.6parknews.com/index.php?act=newsreply&nid=7&p=1"),
    ):
        assert extract(Page(url=url, body=page.encode()), sheet("park6")).thread == thread
