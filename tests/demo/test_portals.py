"""The replicas carry the documented markup: what a sheet's selectors look for is there and holds the truth."""

import json
import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from lxml import html

from demo.portals.reply import rendered
from demo.world import Truth, World
from tests.demo.reading import fetched, texts, tree, xml

NOW = datetime.fromisoformat("2026-11-22T08:00:00+00:00")
MISSING = [
    "https://www.dw.com/zh/x/a-1",
    "https://www.bbc.com/zhongwen/articles/c00000000000/simp",
    "https://www.6parknews.com/newspark/view.php?act=view&nid=1",
]


@pytest.fixture(scope="module")
def world() -> World:
    return World(now=NOW, phase=3)


def of(world: World, portal: str) -> list[Truth]:
    return [each for each in world.truth() if each.portal == portal]


def is_old_storm(truth: Truth) -> bool:
    return "/article/5" in truth.urls[0]


def test_an_old_storm_page_holds_title_paragraphs_and_naive_taipei_time(world: World) -> None:
    for truth in filter(is_old_storm, of(world, "storm_mg")):
        page = tree(fetched(world.scene, truth.urls[0]))
        assert texts(page, "h1#article_title") == [truth.title]
        body = [text for text in texts(page, "div#CMS_wrapper > p[aid]") if text != truth.rights]
        assert tuple(body) == truth.paragraphs
        printed = datetime.strptime(texts(page, "span#info_time")[0], "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("Asia/Taipei"))
        assert printed == truth.published_at
        assert page.cssselect('meta[property="dable:author"]')[0].get("content") == truth.author


def test_a_syndicated_storm_page_credits_its_source_and_keeps_the_rights_line(world: World) -> None:
    truth = next(each for each in of(world, "storm_mg") if each.author == "德國之聲")
    page = tree(fetched(world.scene, truth.urls[0]))
    assert texts(page, "div#CMS_wrapper > p[aid=c]") == [truth.rights]
    assert re.match(r"© 2026年德國之聲版權聲明", truth.rights or "")
    assert texts(page, ".related_copy_content")[0].startswith("（相關報導：")
    assert texts(page, ".cover .caption") == [image.get("alt") for image in page.cssselect(".cover img")] == list(truth.captions)
    assert len(page.cssselect(".more_articles .card_wrapper a.link_title")) >= 5


def test_a_new_storm_page_holds_json_ld_and_the_content_component(world: World) -> None:
    found = [each for each in of(world, "storm_mg") if not is_old_storm(each)]
    assert found
    for truth in found:
        page = tree(fetched(world.scene, truth.urls[0]))
        data = json.loads(page.cssselect('script[type="application/ld+json"]')[0].text)
        assert (data["@type"], data["headline"]) == ("NewsArticle", truth.title)
        assert datetime.fromisoformat(data["datePublished"]) == truth.published_at
        assert tuple(texts(page, 'div[data-test-comp="ArticleContent"] > p')) == truth.paragraphs
        assert page.cssselect('meta[property="article:published_time"]')[0].get("content").endswith("+08:00")


def test_a_missing_storm_article_answers_200_without_an_article(world: World) -> None:
    reply = fetched(world.scene, "https://www.storm.mg/article/1")
    assert reply.status == 200
    assert texts(tree(reply), "h1#article_title, div[data-test-comp=ArticleContent]") == []


@pytest.mark.parametrize("url", [*MISSING, "https://www.storm.mg/nothing", "https://nobody.example/"])
def test_what_is_not_there_answers_404(world: World, url: str) -> None:
    assert fetched(world.scene, url).status == 404


def test_a_storm_listing_pages_on_with_next_until_all_are_named() -> None:
    world, path, seen = World(now=NOW, articles=300), "/articles", []
    while path:
        page = tree(fetched(world.scene, f"https://www.storm.mg{path}"))
        seen += [link.get("href").removeprefix("https://www.storm.mg") for link in page.cssselect(".category_card .link_title")]
        path = next((link.get("href") for link in page.cssselect("#next")), "")
    assert sorted(seen) == sorted(f"/article/{piece.number}" for piece in world.scene.listed("storm_mg"))


def test_the_storm_feed_names_relative_links_unless_asked_for_a_base(world: World) -> None:
    feed = "https://www.storm.mg/api/getRss/channel_id/2"
    bare = xml(fetched(world.scene, feed)).findtext("channel/item/link")
    based = xml(fetched(world.scene, f"{feed}?path=https%3A%2F%2Fwww.storm.mg%2Farticle")).findtext("channel/item/link")
    assert re.fullmatch(r"/\d+\?utm_source=rss", bare)
    assert based == f"https://www.storm.mg/article{bare}"


def test_the_news_sitemap_lags_behind_a_vanished_article_and_shows_that_something_happened() -> None:
    before, after = World(now=NOW, phase=2), World(now=NOW, phase=3)
    address = "https://www.storm.mg/sitemaps/1/article-news-1.xml"
    moved = {
        loc
        for loc, mod in _lastmods(xml(fetched(after.scene, address))).items()
        if _lastmods(xml(fetched(before.scene, address))).get(loc, mod) != mod
    }
    assert moved == {"https://www.storm.mg/article/5313350", "https://www.storm.mg/article/5314102"}
    assert texts(tree(fetched(after.scene, "https://www.storm.mg/article/5313350")), "h1#article_title") == []


def _lastmods(root: object) -> dict[str, str]:
    name = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    return {url.findtext(f"{name}loc"): url.findtext(f"{name}lastmod") for url in root}  # type: ignore[attr-defined]


def test_every_address_of_a_park6_article_shows_the_same_text(world: World) -> None:
    for truth in of(world, "park6"):
        bodies = {fetched(world.scene, url).body for url in truth.urls}
        assert len(truth.urls) == 4
        assert len(bodies) == 1


def test_a_park6_page_holds_the_source_line_and_lines_parted_by_br(world: World) -> None:
    for truth in of(world, "park6"):
        page = park6_page(world, truth)
        found = re.search(r"新闻来源:\s*(.*?)\s*于(\d{4}-\d\d-\d\d \d{1,2}:\d\d:\d\d)", texts(page, "#newscontent_2 > p")[0])
        assert found is not None
        assert tuple(found[1].split("/")) == truth.publisher
        assert datetime.strptime(found[2], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo("Asia/Shanghai")) == truth.published_at
        assert re.sub(r"\((?:组?图)\)$", "", texts(page, "#newscontent_2 h2")[0]) == truth.title
        lines = [line.strip() for line in page.cssselect("#shownewsc")[0].text_content().split("\n") if line.strip()]
        assert [line for line in lines if line in truth.paragraphs] == list(truth.paragraphs)


def park6_page(world: World, truth: Truth) -> html.HtmlElement:
    reply = fetched(world.scene, truth.urls[0])
    return tree(reply, "utf-8" if "utf-8" in reply.content_type else "gb18030")


def test_an_hour_before_ten_is_not_padded_on_park6() -> None:
    world = World(now=datetime.fromisoformat("2026-11-22T01:00:00+00:00"), phase=0)
    printed = [texts(park6_page(world, truth), "#newscontent_2 > p")[0] for truth in of(world, "park6")]
    assert any(re.search(r"于\d{4}-\d\d-\d\d \d:\d\d:\d\d ", line) for line in printed)


def test_old_park6_pages_say_gb2312_and_need_gb18030(world: World) -> None:
    old = [reply for truth in of(world, "park6") if (reply := fetched(world.scene, truth.urls[0])).content_type == "text/html"]
    assert len(old) >= 3
    assert all(b"charset=gb2312" in reply.body for reply in old)
    assert not all(decodes(reply.body, "gb2312") for reply in old)
    assert not any(decodes(reply.body, "utf-8") for reply in old)
    assert all(decodes(reply.body, "gb18030") for reply in old)


def decodes(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def test_a_park6_listing_names_every_article_once_beside_the_pinned_banner(world: World) -> None:
    page = tree(fetched(world.scene, "https://www.6parknews.com/newspark/index.php?p=1"))
    items = texts(page, "#d_list ul > li")
    listed = [piece for piece in world.scene.listed("park6") if not piece.local]
    assert len(items) == len(listed)
    assert all(re.search(r" - \S+  \(\d+ bytes\)  - \d\d/\d\d/\d\d  \(\d+ reads\)", item) for item in items)
    hrefs = [link.get("href") for link in page.cssselect("#d_list ul > li > a:first-child")]
    assert {href.partition("?")[0] for href in hrefs} == {"https://www.6parknews.com/newspark/view.php", "view.php", "index.php"}
    assert texts(page, "a.list_reimg") == [str(piece.comment_count) for piece in listed if piece.comment_count]
    assert len(page.cssselect("#d_list > div a")) == 2


def test_the_local_listing_names_the_local_articles_only(world: World) -> None:
    page = tree(fetched(world.scene, "https://local.6parknews.com/index.php?type_id=11&p=1"))
    assert texts(page, "#d_list ul > li > a:first-child") == ["慢火车上的课桌：云岭线为学生保留一节车厢"]


def test_a_ranking_gives_count_in_the_fourth_cell(world: World) -> None:
    page = tree(fetched(world.scene, "https://www.6parknews.com/newspark/index.php?act=hotreply"))
    counts = [int(text.removesuffix(" 次")) for text in texts(page, "#d_list table tr td:nth-child(4)")]
    assert counts == sorted(counts, reverse=True)
    assert len(page.cssselect("#d_list table tr td:nth-child(2) a")) == len(counts) > 0


def test_hot_comments_stand_on_the_article_and_all_on_the_paged_thread(world: World) -> None:
    truth = max(of(world, "park6"), key=lambda each: each.comment_count or 0)
    page = park6_page(world, truth)
    assert texts(page, "#reply_list_all .r_auther a") == [said.author for said in truth.comments]
    assert texts(page, "a.reply_link_img span") == [f"{truth.comment_count} 条"]
    nid = truth.article.partition(":")[2]
    pages = [
        tree(fetched(world.scene, f"https://www.6parknews.com/newspark/index.php?act=newsreply&nid={nid}&p={page}")) for page in (1, 2, 3)
    ]
    floors = [int(floor) for page in pages for floor in texts(page, "#reply_list_all .r_step a[name]")]
    assert floors == list(range(truth.comment_count or 0, 0, -1)) == [said.floor for said in truth.thread]
    assert all(re.search(r"\d{4}年\d\d月\d\d日 \d{1,2}:\d\d:\d\d$", text) for text in texts(pages[0], ".r_date"))


def test_the_merged_park6_article_carries_both_credits_a_caption_line_and_glued_headlines(world: World) -> None:
    truth = next(each for each in of(world, "park6") if len(each.stories) == 2)
    lines = [line.strip() for line in park6_page(world, truth).cssselect("#shownewsc")[0].text_content().split("\n") if line.strip()]
    assert truth.publisher == ("德国之声", "BBC中文网")
    assert len([line for line in lines if line not in truth.paragraphs]) == 2
    assert truth.captions[0] in lines


def test_a_dw_page_holds_text_rights_and_utc_times(world: World) -> None:
    for truth in of(world, "dw_zh"):
        page = tree(fetched(world.scene, truth.urls[0]))
        *body, instagram, rights = texts(page, "div.rich-text > p")
        assert tuple(body) == truth.paragraphs
        assert instagram.startswith("DW中文有Instagram！欢迎搜寻dw.chinese")
        assert rights == truth.rights
        data = json.loads(page.cssselect('script[type="application/ld+json"]')[0].text)
        assert data["datePublished"].endswith("Z")
        assert datetime.fromisoformat(data["datePublished"]) == truth.published_at
        assert re.search(r" – DW – 2026年11月\d{1,2}日$", texts(page, "title")[0])


def test_the_dw_feed_is_rdf_and_names_what_the_listing_names(world: World) -> None:
    feed = xml(fetched(world.scene, "https://rss.dw.com/rdf/rss-chi-all"))
    assert feed.tag == "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
    links = [link.text.partition("?")[0] for link in feed.iterfind("{http://purl.org/rss/1.0/}item/{http://purl.org/rss/1.0/}link")]
    page = tree(fetched(world.scene, "https://www.dw.com/zh/在线报导/s-9058"))
    assert [f"https://www.dw.com{link.get('href')}" for link in page.cssselect(".teaser a")] == links
    assert len(links) == len(world.scene.listed("dw_zh"))


def test_a_bbc_page_comes_in_both_scripts_with_its_side_matter_in_sections(world: World) -> None:
    for truth in of(world, "bbc_zh"):
        page = tree(fetched(world.scene, truth.urls[0]))
        assert texts(page, "main[role=main] h1") == [truth.title]
        assert tuple(texts(page, "main[role=main] > div > p")) == truth.paragraphs
        assert texts(page, "main[role=main] figcaption") == list(truth.captions)
        assert {each.get("data-component") for each in page.cssselect("main section")} >= {"tag-list", "see-alsos", "links-block"}
        assert datetime.fromisoformat(page.cssselect("main time")[0].get("datetime")) == truth.published_at
    scripts = {
        truth.article: {each.script for each in of(world, "bbc_zh") if each.article == truth.article} for truth in of(world, "bbc_zh")
    }
    assert all(each == {"Hans", "Hant"} for each in scripts.values())


@pytest.mark.parametrize(
    ("script", "title"), [("simp", "茶叶拍卖搬上手机之后，品茶师的舌头还值钱吗"), ("trad", "茶葉拍賣搬上手機之後，品茶師的舌頭還值錢嗎")]
)
def test_the_bbc_feed_of_a_script_prints_and_links_that_script(world: World, script: str, title: str) -> None:
    items = xml(fetched(world.scene, f"https://feeds.bbci.co.uk/zhongwen/{script}/rss.xml")).findall("channel/item")
    assert items[0].findtext("title") == title
    assert all(f"/{script}?" in item.findtext("link") for item in items)


def test_a_challenge_stands_in_place_of_a_listed_article_for_one_phase_only() -> None:
    address = "https://www.dw.com/zh/x/a-79104291"
    assert fetched(World(now=NOW, phase=2).scene, address).status == 404
    challenged = fetched(World(now=NOW, phase=3).scene, address)
    assert challenged.status == 200
    assert b"captcha" in challenged.body
    assert b"rich-text" not in challenged.body
    assert b"rich-text" in fetched(World(now=NOW, phase=4).scene, address).body


def test_one_listing_comes_back_empty_in_phase_3() -> None:
    counts = [
        len(texts(tree(fetched(World(now=NOW, phase=phase).scene, "https://www.storm.mg/category/117")), ".category_card"))
        for phase in (2, 3, 4)
    ]
    assert counts[1] == 0
    assert counts[0] > 0
    assert counts[2] > 0


@pytest.mark.parametrize(
    "host", ["www.storm.mg", "www.6parknews.com", "local.6parknews.com", "www.dw.com", "rss.dw.com", "www.bbc.com", "feeds.bbci.co.uk"]
)
def test_every_host_has_a_robots_file_that_allows_all_but_the_search(world: World, host: str) -> None:
    lines = fetched(world.scene, f"https://{host}/robots.txt").body.decode().splitlines()
    assert lines[:2] == ["User-agent: *", "Disallow: /search"]


def test_text_from_an_article_cannot_break_out_of_the_page() -> None:
    world = World(now=NOW, phase=0)
    piece = replace(world.scene.listed("dw_zh")[0], title='</script><b onload="x">')
    page = rendered(
        "dw_article.html",
        piece=piece,
        url="u",
        local=piece.published_at,
        published=piece.published_at,
        modified=piece.updated_at,
        others=[],
    ).decode()
    assert "<b onload" not in page
