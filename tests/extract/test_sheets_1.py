"""What the sheets of rfi_zh, voa_zh, zaobao, udn, ltn and cna read beyond their replicas' first pages: credits, editions, paywalls, endings."""

import re
from datetime import UTC, datetime

import pytest
from lxml import html

from demo.portals import Asked, answer
from demo.portals.udn import FOR_SUBSCRIBERS
from demo.world import World
from pipelines.extract.head import read_head
from pipelines.extract.ladder import extract
from pipelines.extract.lines import PageLines
from pipelines.extract.title import title_of
from pipelines.models import Article, Page, PageKind
from tests.extract.shared import sheet

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
SLUGS = ["cna", "ltn", "rfi_zh", "udn", "voa_zh", "zaobao"]
PROSE = "<p>河口的渡輪週一恢復夜航，末班船改到十一點四十分，票價不變，居民說等這一天等了三年。</p>" * 2
ADDRESS = {
    "cna": "https://www.cna.com.tw/news/aopl/202603010147.aspx",
    "ltn": "https://news.ltn.com.tw/news/life/breakingnews/5590201",
    "udn": "https://udn.com/news/story/7331/9780101",
    "voa_zh": "https://www.voachinese.com/a/8190302.html",
}


@pytest.fixture(scope="module")
def world() -> World:
    return World(now=NOW, phase=3)


def asked(world: World, host: str, path: str) -> Page:
    reply = answer(Asked(host=host, path=path), world.scene)
    return Page(url=f"https://{host}{path}", body=reply.body, status=reply.status, content_type=reply.content_type)


def read(slug: str, body: str) -> Article:
    article = extract(Page(url=ADDRESS[slug], body=f"<html><meta charset=utf-8><body>{body}</body></html>".encode()), sheet(slug)).article
    assert article is not None
    return article


@pytest.mark.parametrize("slug", SLUGS)
def test_both_layouts_of_a_portal_are_in_its_replica(world: World, slug: str) -> None:
    layouts = {piece.layout for piece in world.scene.listed(slug)}
    assert layouts == ({"a"} if slug == "cna" else {"a", "b"})


@pytest.mark.parametrize("slug", SLUGS)
def test_every_form_of_a_replicas_addresses_is_served(world: World, slug: str) -> None:
    for piece in world.scene.listed(slug):
        assert len(piece.urls) >= 2
        for url in piece.urls:
            found = sheet(slug).identify(url)
            assert found is not None
            assert found[0] == (sheet(slug).identify(piece.urls[0]) or ("",))[0]


def test_the_traditional_edition_of_rfi_reads_as_the_same_article(world: World) -> None:
    piece = world.scene.listed("rfi_zh")[0]
    path = next(url for url in piece.urls if "/tw/" in url).removeprefix("https://www.rfi.fr")
    reading = extract(asked(world, "www.rfi.fr", path), sheet("rfi_zh"))
    assert reading.article is not None
    assert (reading.article.script, reading.article.published_at) == ("Hant", piece.published_at)
    assert reading.article.title != piece.title
    assert len(reading.article.text.split("\n")) == len(piece.paragraphs)


@pytest.mark.parametrize("host", ["www.zaobao.com", "www.zaobao.com.sg"])
def test_zaobaos_two_sites_give_the_same_article(world: World, host: str) -> None:
    for piece in world.scene.listed("zaobao"):
        path = "/news/" + piece.urls[0].partition("/news/")[2]
        article = extract(asked(world, host, path), sheet("zaobao")).article
        assert article is not None
        assert (article.title, article.text, article.captions) == (piece.title, "\n".join(piece.paragraphs), piece.captions)
        assert (article.author, article.published_at) == (piece.author, piece.published_at)


def test_a_udn_page_for_subscribers_is_told_as_one(world: World) -> None:
    reading = extract(asked(world, "udn.com", f"/news/story/7331/{FOR_SUBSCRIBERS}"), sheet("udn"))
    assert (reading.kind, reading.article) == (PageKind.PAYWALL, None)


@pytest.mark.parametrize(
    ("credit", "author", "publisher"),
    [
        ("聯合報／ 記者<a href='/r/1'>丁雨岑</a>／山城即時報導", "丁雨岑", "聯合報"),
        ("經濟日報／ 編譯葉若亭／綜合外電", "葉若亭", "經濟日報"),
        ("中央社／ 曼谷3日專電", None, "中央社"),
        ("聯合新聞網／ 綜合報導", None, "聯合新聞網"),
        ("世界日報／記者范若谷、丁雨岑／洛杉磯報導", "范若谷、丁雨岑", "世界日報"),
    ],
)
def test_udns_credit_names_writer_and_house(credit: str, author: str | None, publisher: str) -> None:
    head = f'<h1 class="article-content__title">渡輪恢復夜航</h1><span class="article-content__author">{credit}</span>'
    article = read("udn", f'{head}<section class="article-content__editor">{PROSE}</section>')
    assert (article.author, article.publisher) == (author, (publisher,))


@pytest.mark.parametrize(
    ("edit", "lead", "author", "publisher"),
    [
        ("記者<a>康以寧</a>／河口報導", "", "康以寧", "自由時報"),
        ("中央社", "〔中央社〕", None, "中央社"),
        ("", "〔記者康以寧、古佳穎／河口報導〕", "康以寧、古佳穎", "自由時報"),
        ("", "〔編譯邵庭安／綜合報導〕", "邵庭安", "自由時報"),
        ("", "〔即時新聞／綜合報導〕", None, "自由時報"),
        ("", "〔法新社〕", None, "法新社"),
    ],
)
def test_ltns_credits_stand_above_or_in_front_of_the_text(edit: str, lead: str, author: str | None, publisher: str) -> None:
    meta = f'<div class="article_meta"><span class="article_edit">{edit}</span></div>' if edit else ""
    text = f'<div class="text" data-desc="內容頁">{PROSE.replace("<p>", f"<p>{lead}", 1)}</div>'
    article = read("ltn", f'<div itemprop="articleBody"><h1>渡輪恢復夜航</h1>{meta}{text}</div>')
    assert (article.author, article.publisher) == (author, (publisher,))


@pytest.mark.parametrize(
    ("dateline", "author"),
    [
        ("（中央社記者陳至安台北3日電）", "陳至安"),
        ("（中央社記者王渺華盛頓2日專電）", "王渺"),
        ("（中央社記者溫若瑜、龍可新加坡1日專電）", "溫若瑜、龍可"),
        ("（中央社記者溫若瑜赫爾辛基1日專電）", "溫若瑜"),
        ("(中央社記者簡宥均新北市15日電)", "簡宥均"),
    ],
)
def test_cnas_dateline_gives_the_writer_without_the_place(dateline: str, author: str) -> None:
    body = f'<div class="centralContent"><h1><span>渡輪恢復夜航</span></h1><div class="paragraph"><p>{dateline}{PROSE[3:]}</div></div>'
    assert read("cna", body).author == author


@pytest.mark.parametrize(
    "ending",
    ["（編輯：方雅婷）1150302", "（編輯：方雅婷/呂安琪）1150302", "（譯者：方雅婷/核稿：呂安琪）1150302", "1150302", "（編輯：方雅婷）"],
)
def test_cnas_last_line_loses_its_editor_and_the_date_of_the_republic(ending: str) -> None:
    body = f'<div class="centralContent"><h1>渡輪恢復夜航</h1><div class="paragraph">{PROSE}<p>票價不變。{ending}</p><p>本網站之文字、圖片及影音，非經授權，不得轉載。</p></div></div>'
    article = read("cna", body)
    assert article.text.split("\n")[-1] == "票價不變。"
    assert article.rights == "本網站之文字、圖片及影音，非經授權，不得轉載。"


@pytest.mark.parametrize(
    ("slug", "written", "title"),
    [
        ("udn", "影／渡輪恢復夜航", "渡輪恢復夜航"),
        ("udn", "渡輪恢復夜航（圖）", "渡輪恢復夜航"),
        ("udn", "影片／音樂如何走進渡輪", "影片／音樂如何走進渡輪"),
        ("ltn", "影》渡輪恢復夜航", "渡輪恢復夜航"),
        ("ltn", "圖輯》 渡輪恢復夜航", "渡輪恢復夜航"),
        ("ltn", "影響渡輪的三件事", "影響渡輪的三件事"),
        ("cna", "【圖輯】渡輪恢復夜航", "渡輪恢復夜航"),
        ("cna", "渡輪恢復夜航（組圖）", "渡輪恢復夜航"),
        ("zaobao", "渡轮恢复夜航（组图）", "渡轮恢复夜航"),
        ("rfi_zh", "渡轮恢复夜航(图)", "渡轮恢复夜航"),
    ],
)
def test_a_mark_for_pictures_is_no_part_of_the_title(slug: str, written: str, title: str) -> None:
    inside = {"udn": '<h1 class="article-content__title">{}</h1>', "ltn": '<div class="whitecon"><h1>{}</h1></div>'}
    body = inside.get(slug, '<main><div class="centralContent"><h1><span>{}</span></h1></div></main>').format(written)
    tree = html.document_fromstring(f"<html><body>{body}</body></html>")
    assert title_of(tree, read_head(tree), sheet(slug).extract, PageLines(tree)) == title


INNOCENT = [
    "廣告收入占公司營收的四成，今年預計再成長一成。",
    "更多消息指出，兩國將在下個月恢復談判。",
    "相關新聞發布後，股價一度下跌百分之三。",
    "延伸閱讀課程在社區大學很受歡迎，每學期都額滿。",
    "不用抽血就能驗出結果的新試劑，下個月在三家醫院試用。",
    "活動辦法由市府另行公布，名額以三百人為限。",
    "支持中央社會福利預算的議員有二十三位。",
    "下載中央氣象署的應用程式之後，漁民可以看到浪高。",
    "訂閱自由意志主義刊物的讀者，十年來減少了一半。",
    "首次上稿的年輕作者占了三成，主編說這是好事。",
    "更新時間表之後，工程仍有可能再拖三個月。",
    "※ 號在古籍裡用來標示註解的位置。",
    "★ 三顆星的餐廳今年少了兩家。",
    "他在會上說：「請撥打這支電話。」",
    "分享了三十年的廚房，今天正式熄火。",
    "评论认为，这项决定来得太晚。",
    "下一篇论文将讨论水温与蟹苗的关系。",
    "本網站的編輯群由六位退休教師組成。",
    "飲酒過量的問題在離島特別嚴重，衛生所去年收治了一百二十名病人，其中四成不到三十歲，專家建議從學校教育開始，並增加夜間門診，讓家屬有人可以商量。",
]


@pytest.mark.parametrize("slug", SLUGS)
def test_no_rule_eats_a_paragraph_that_merely_says_its_words(slug: str) -> None:
    rules = sheet(slug).extract
    patterns = [*rules.drop, *rules.trim, *rules.rights, *rules.caption_lines]
    eaten = [(line, pattern) for line in INNOCENT for pattern in patterns if re.search(pattern, line)]
    assert eaten == []


@pytest.mark.parametrize(
    ("slug", "written", "title"),
    [
        ("rfi_zh", "渡轮恢复夜航 - 法广 - RFI", "渡轮恢复夜航"),
        ("rfi_zh", "渡轮恢复夜航 - RFI", "渡轮恢复夜航"),
        ("voa_zh", "渡轮恢复夜航 - 美国之音", "渡轮恢复夜航"),
        ("zaobao", "渡轮恢复夜航 | 联合早报", "渡轮恢复夜航"),
        ("zaobao", "渡轮恢复夜航 | 联合早报网 | 即时", "渡轮恢复夜航"),
        ("udn", "渡輪恢復夜航 | 生活 | 要聞 | 聯合新聞網", "渡輪恢復夜航"),
        ("ltn", "渡輪恢復夜航 - 生活 - 自由時報電子報", "渡輪恢復夜航"),
        ("ltn", "渡輪 - 夜航恢復 - 生活 - 自由時報電子報", "渡輪 - 夜航恢復"),
        ("ltn", "渡輪恢復夜航 - 自由財經", "渡輪恢復夜航"),
        ("cna", "渡輪恢復夜航 | 國際 | 中央社 CNA", "渡輪恢復夜航"),
    ],
)
def test_the_sites_name_is_no_part_of_the_title(slug: str, written: str, title: str) -> None:
    tree = html.document_fromstring(f"<html><head><title>{written}</title></head><body></body></html>")
    assert title_of(tree, read_head(tree), sheet(slug).extract, PageLines(tree)) == title
