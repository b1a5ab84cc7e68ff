"""A reader's feed list becomes sheets without a look, whatever its reader wrote and whoever wrote it."""

from pathlib import Path

import pytest

from pipelines.errors import PortalwatchError
from spiders.opml import Outline, Site, draft, outlines, sites, slug_of

LIST = """<?xml version="1.0" encoding="{codec}"?>
<opml version="2.0"><head><title>訂閱</title></head><body>
<outline text="台灣" title="台灣"><outline text="自由">
 <outline type="rss" text="自由時報 - 政治" xmlUrl="https://news.ltn.com.tw/rss/politics.xml" htmlUrl="https://news.ltn.com.tw/"/>
 <outline type="rss" text="自由時報 - 國際" xmlUrl="https://news.ltn.com.tw/rss/world.xml" htmlUrl="https://news.ltn.com.tw/"/>
</outline></outline>
<outline text="The Cape Post" XMLURL="feed://rss.cape.example/all" type="RSS"/>
<outline title="無類" xmlUrl="https://blog.example/feed" text=""/>
<outline title="DW" xmlUrl="https://rss.dw.com/rdf/rss-chi-all" type="rss"/>
<outline title="再一次" xmlUrl="https://blog.example/feed" type="rss"/>
<outline title="家裡" xmlUrl="http://192.168.0.3/feed" type="rss"/>
<outline title="本機" xmlUrl="http://localhost/feed" type="rss"/>
<outline title="檔案" xmlUrl="file:///etc/passwd" type="rss"/>
<outline title="別處" xmlUrl="https://feeds.feedburner.com/somebody" type="rss"/>
<outline title="連結" xmlUrl="https://link.example/" type="link"/>
<outline title="燒製" xmlUrl="https://feeds.feedburner.com/burnt" htmlUrl="https://burnt.example/" type="rss"/>
</body></opml>"""


def read(tmp_path: Path, text: str = LIST, codec: str = "utf-8") -> list[Outline]:
    path = tmp_path / "feeds.opml"
    path.write_bytes(text.replace("{codec}", codec).encode(codec))
    return outlines(path)


def taken(url: str) -> str | None:
    return "dw_zh" if "dw.com" in url else None


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "big5"])
def test_feeds_of_nested_folders_are_one_site_each_and_the_rest_is_skipped_with_its_reason(tmp_path: Path, codec: str) -> None:
    found, skipped = sites(read(tmp_path, codec=codec), taken)
    assert [(site.host, site.title, len(site.feeds)) for site in found] == [
        ("ltn.com.tw", "自由時報", 2), ("cape.example", "The Cape Post", 1), ("blog.example", "無類", 1), ("burnt.example", "燒製", 1),
    ]  # fmt: skip
    assert [(each.title, each.why.split(":")[0]) for each in skipped] == [
        ("DW", "the sheet `dw_zh` reads this site"),
        ("再一次", "stands in the list before"),
        ("家裡", "192.168.0.3 is a private address"),
        ("本機", "no address of a feed on the open Internet"),
        ("檔案", "no address of a feed on the open Internet"),
        ("別處", "its host carries feeds for others, and the list does not say which site it is of"),
        ("連結", "of type `link`, not a feed"),
    ]
    assert found[1].feeds == ("http://rss.cape.example/all",)


def test_a_draft_reads_feeds_only_and_whatever_they_link(tmp_path: Path) -> None:
    found, _ = sites(read(tmp_path), taken)
    sheets = [draft(site, "feeds.opml", ()).sheet() for site in found]
    assert [(sheet.slug, sheet.name, sheet.language, sheet.timezone) for sheet in sheets] == [
        ("ltn", "自由時報", "zh-Hant", "Asia/Taipei"), ("the_cape_post", "The Cape Post", "und", "UTC"), ("blog", "無類", "zh-Hant", "Asia/Taipei"),
        ("burnt", "燒製", "zh-Hant", "Asia/Taipei"),
    ]  # fmt: skip
    ltn, burnt = sheets[0], sheets[3]
    assert ltn.identify("https://sports.ltn.com.tw/news/breakingnews/4600001?utm_source=rss") == (
        "sports.ltn.com.tw/news/breakingnews/4600001", "https://sports.ltn.com.tw/news/breakingnews/4600001?utm_source=rss",
    )  # fmt: skip
    assert ltn.identify("https://else.example/news/1") is None
    assert burnt.serves("https://feeds.feedburner.com/burnt")
    assert burnt.serves("https://www.burnt.example/1")


@pytest.mark.parametrize(
    ("title", "host", "slug"),
    [("The Cape Post", "cape.example", "the_cape_post"), ("自由時報", "news.ltn.com.tw", "ltn"), ("!!!", "a.example", "a_portal"), ("華盛頓 Post", "post.example", "post"), ("9to5", "nine.example", "portal_9to5")],
)  # fmt: skip
def test_a_slug_comes_from_a_latin_title_else_from_the_host(title: str, host: str, slug: str) -> None:
    site = Site(host=host, title=title, home="", feeds=())
    assert slug_of(site, ()) == slug
    assert slug_of(site, {slug}) == f"{slug}_2"


BOMB = (
    '<!DOCTYPE o [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    '<opml><body><outline title="&b;&f;" text="x" xmlUrl="https://a.example/&f;"/></body></opml>'
)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not an OPML"), ("not xml", "not an OPML"), ("<opml><body>", "not an OPML"),
        ("<html><body/></html>", "not an OPML file .its first element is <html>"), ("<!doctype html><p>x<br>", "not an OPML file"),
        ("<opml>" + "<outline xmlUrl='https://a.example/'/>" * 5001 + "</opml>", "5001 feeds"), ("<opml>" + " " * 5_300_000 + "</opml>", "larger than 5 MB"),
        ("<opml>" + "<outline>" * 300 + "</outline>" * 300 + "</opml>", "not an OPML"),
    ],
)  # fmt: skip
def test_what_is_no_feed_list_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PortalwatchError, match=says):
        read(tmp_path, text)


def test_entities_are_not_read_and_files_not_opened(tmp_path: Path) -> None:
    try:
        found = read(tmp_path, BOMB)
    except PortalwatchError:
        return
    assert all("root:" not in f"{each.title}{each.feed}" and len(each.title) < 200 for each in found)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(PortalwatchError, match="cannot be read"):
        outlines(tmp_path / "none.opml")
