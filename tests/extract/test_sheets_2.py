"""What five sheets of overseas and Taiwanese portals must keep, must drop, and know beyond the layouts of their replicas."""

from datetime import datetime

import pytest

from pipelines.extract.ladder import extract
from pipelines.models import Article, Page
from tests.extract.shared import sheet

PAGES = {
    "creaders": ("https://news.creaders.net/us/2019/11/09/2155032.html", '<div id="newsContent">{}</div>'),
    "wenxuecity": ("https://www.wenxuecity.com/news/2024/09/15/125777979.html", '<article id="articleContent">{}</article>'),
    "setn": ("https://www.setn.com/news/1867685", '<h1>河口夜市復業</h1><div id="newsContent">{}</div>'),
    "chinatimes": ("https://www.chinatimes.com/realtimenews/20180916001767-260402", '<div class="article-body">{}</div>'),
    "yahoo_tw": (
        "https://tw.news.yahoo.com/x-083512117.html",
        '<section class="module-article-body"><div class="atoms">{}</div></section>',
    ),
}
PROSE = [
    "市政廳週三宣布，老城區的十七座石橋將分三批修繕，第一批從河口的兩座開始，工程期間行人仍可通行，自行車須改走臨時便道。",
    "在橋邊賣了二十年豆花的攤主說，橋面滑了好些年，修一修是好事，只怕遊客一時找不到他的攤子，已經託人畫了一張地圖。",
]


def read(url: str, body: str, portal: str) -> Article:
    page = f"<html><head><meta charset=utf-8><title>河口夜市復業</title></head><body>{body}</body></html>"
    article = extract(Page(url=url, body=page.encode(), content_type="text/html; charset=utf-8"), sheet(portal)).article
    assert article is not None
    return article


def with_line(portal: str, line: str) -> Article:
    url, page = PAGES[portal]
    return read(url, page.format("".join(f"<p>{text}</p>" for text in (PROSE[0], line, PROSE[1]))), portal)


KEPT = [
    ("creaders", "作者：这个称呼，他整整等了十二年，出版社寄来样书的那天，他把封面贴在冰箱门上。"),
    ("creaders", "更多精彩的比赛在后半场。"),
    ("creaders", "相关新闻发布会推迟到下周举行。"),
    ("wenxuecity", "来源：不明的货柜在码头停了三周，海关人员最后请来一位会开老锁的师傅。"),
    ("wenxuecity", "下载量最高的是一首童谣。"),
    ("setn", "記者會後，交通部長走到場外接受訪問，他說這件事沒有什麼好報導。"),
    ("setn", "社會中心／服務站將在下月開放。"),
    ("setn", "更多新聞系學生選擇回鄉實習，他們說地方報紙缺人。"),
    ("setn", "編輯台開會到凌晨。"),
    ("chinatimes", "更多內容農場被下架，平台表示會公布名單。"),
    ("chinatimes", "中時新聞網提醒您的那封信，他其實沒有打開。"),
    ("chinatimes", "圖片來源可疑，警方要求業者說明。"),
    ("yahoo_tw", "更多新聞系學生選擇回鄉實習，他們說地方報紙缺人。"),
    ("yahoo_tw", "廣告看板倒塌，壓到兩輛機車。"),
    ("yahoo_tw", "相關新聞上週已經登過一次。"),
]
DROPPED = [
    ("creaders", "敬请注意：新闻取自各大新闻媒体，新闻内容并不代表本网立场！"),
    ("creaders", "作者：沈默然"),
    ("wenxuecity", "文章来源：南塘晚报"),
    ("wenxuecity", "下载文学城APP，随时看新闻"),
    ("setn", "社會中心／綜合報導"),
    ("setn", "記者王小橋／台北報導"),
    ("setn", "▶ 更多新聞請看三立新聞網"),
    ("chinatimes", "★《中時新聞網》提醒您：飲酒過量，有礙健康"),
    ("chinatimes", "【延伸閱讀】石橋裡的一百年"),
    ("yahoo_tw", "廣告"),
    ("yahoo_tw", "◎Yahoo奇摩提醒您：酒後不開車"),
]


@pytest.mark.parametrize(("portal", "line"), KEPT)
def test_a_sentence_that_uses_the_words_of_a_rule_stays(portal: str, line: str) -> None:
    assert with_line(portal, line).text.split("\n") == [PROSE[0], line, PROSE[1]]


@pytest.mark.parametrize(("portal", "line"), DROPPED)
def test_a_line_that_is_no_text_goes(portal: str, line: str) -> None:
    assert with_line(portal, line).text.split("\n") == PROSE


@pytest.mark.parametrize(
    "line", ["更多中時新聞網報導", "更多 TVBS 報導", "【看更多新聞】", "《更多 CTWANT 報導》", "延伸閱讀：", "＊延伸閱讀＊", "原始連結"]
)
def test_what_a_house_appends_to_its_copy_at_yahoo_is_cut_with_its_heading(line: str) -> None:
    text = "".join(f"<p>{each}</p>" for each in (*PROSE, line))
    url, page = PAGES["yahoo_tw"]
    article = read(url, page.format(f'{text}<p><a href="https://x.example">港口貓會開門</a></p><p>花農的四件事</p>'), "yahoo_tw")
    assert article.text.split("\n") == PROSE


@pytest.mark.parametrize(
    ("line", "author"),
    [
        ("記者王小橋／台北報導", "王小橋"),
        ("實習記者王小橋、李河川／綜合報導", "王小橋、李河川"),
        ("國際中心／王小橋報導", "王小橋"),
        ("國際中心／綜合報導", None),
        ("地方中心／台東報導", None),
    ],
)
def test_a_by_line_at_setn_names_its_writer_but_no_place(line: str, author: str | None) -> None:
    article = with_line("setn", line)
    assert (article.author, article.text.split("\n")) == (author, PROSE)


@pytest.mark.parametrize(
    ("portal", "head", "written", "title"),
    [
        ("setn", "<h1>{}</h1>", "影／渡輪恢復夜航", "渡輪恢復夜航"),
        ("setn", '<h1 class="news-title-3">{}</h1>', "【影片】渡輪恢復夜航", "渡輪恢復夜航"),
        ("setn", '<div class="newsTitle">{}</div>', "有片｜渡輪恢復夜航（圖）", "渡輪恢復夜航"),
        ("setn", '<h1 class="news-title-3">{}</h1>', "影響渡輪的三件事", "影響渡輪的三件事"),
        ("chinatimes", '<h1 class="article-title">{}</h1>', "影》渡輪恢復夜航", "渡輪恢復夜航"),
        ("chinatimes", '<h1 id="h1">{}</h1>', "渡輪恢復夜航（組圖）", "渡輪恢復夜航"),
        ("yahoo_tw", '<div class="caas-title-wrapper"><h1>{}</h1></div>', "圖輯／渡輪恢復夜航", "渡輪恢復夜航"),
        ("creaders", '<span class="STYLE3">{}</span>', "渡轮恢复夜航(组图)", "渡轮恢复夜航"),
        ("wenxuecity", '<div id="newswrapper"><h1>{}</h1></div>', "渡轮恢复夜航(图)", "渡轮恢复夜航"),
    ],
)
def test_a_mark_for_pictures_is_no_part_of_the_title(portal: str, head: str, written: str, title: str) -> None:
    url, page = PAGES[portal]
    assert read(url, head.format(written) + page.replace("<h1>河口夜市復業</h1>", "").format(LINES), portal).title == title


LINES = "".join(f"<p>{text}</p>" for text in PROSE)
LAYOUTS = [
    (
        "setn",
        "https://health.setn.com/news/1745465",
        f'<div class="newsTitle">河口診所開張</div><time class="pageDate">2026/01/13 17:12</time><div class="news-content"><div id="ckuse">{LINES}</div></div>',
        ("河口診所開張", "2026-01-13T17:12:00+08:00", ("三立新聞網",)),
    ),
    (
        "setn",
        "https://www.setn.com/m/news.aspx?newsid=350370",
        f'<section class="news-all-area"><h1>河口診所開張</h1><div class="page-date"><time>2018-02-21 18:03</time></div></section><div id="ckuse"><article>{LINES}</article></div>',
        ("河口診所開張", "2018-02-21T18:03:00+08:00", ("三立新聞網",)),
    ),
    (
        "setn",
        "https://www.setn.com/news/1918897",
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-10-07 18:00 +00:00"}</script><h1>河口夜市復業</h1>'
        f'<div class="article_time_box"><div class="time_item"><span>2026/10/07 18:00:00</span></div></div><div id="newsContent"><p>（中央社記者葉知夏台北7日電）{PROSE[0]}</p></div>',
        ("河口夜市復業", "2026-10-07T18:00:00+08:00", ("中央社",)),
    ),
    (
        "chinatimes",
        "https://www.chinatimes.com/realtimenews/20260925003391-260402",
        '<article><header class="article-header"><h1 class="article-title">河口診所開張</h1><time datetime="2026/09/25 12:33">12:33</time>'
        f'<div class="source">工商時報</div></header><div class="article-body">{LINES}</div></article>',
        ("河口診所開張", "2026-09-25T12:33:00+08:00", ("工商時報",)),
    ),
    (
        "yahoo_tw",
        "https://tw.news.yahoo.com/x-183800671.html",
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2016-02-12T18:38:00Z","provider":{"@type":"Organization","name":"東嶼通訊社"}}</script>'
        f'<header class="canvas-header"><h1>河口診所開張</h1></header><div class="canvas-body">{LINES}</div>',
        ("河口診所開張", "2016-02-12T18:38:00+00:00", ("東嶼通訊社",)),
    ),
    (
        "wenxuecity",
        "http://www.wenxuecity.com/news/2017/12/28/6854071.html",
        '<h3>河口夜市復業</h3><div>文章来源: <span itemprop="author">南塘晚报</span> 于 <time itemprop="datePublished">2017-12-28 06:38:26</time></div>'
        f'<div id="articleContent">{LINES}</div>',
        ("河口夜市復業", "2017-12-28T06:38:26+08:00", ("南塘晚报",)),
    ),
    (
        "creaders",
        "http://news.creaders.net/immigration/2017/03/16/1799109.html",
        '<span class="STYLE3">河口诊所开张(组图)</span> 新闻来源: <span itemprop="author">南塘晚报</span> 于<time itemprop="datePublished">2017-03-16 5:19:36</time>'
        f'<div id="newsContent">{PROSE[0]}<br><br>{PROSE[1]}</div>',
        ("河口诊所开张", "2017-03-16T05:19:36+08:00", ("南塘晚报",)),
    ),
]


@pytest.mark.parametrize(("portal", "url", "body", "told"), LAYOUTS)
def test_an_older_or_neighbouring_layout_is_read(portal: str, url: str, body: str, told: tuple[str, str, tuple[str, ...]]) -> None:
    article = read(url, body, portal)
    assert (article.title, article.published_at, article.publisher) == (told[0], datetime.fromisoformat(told[1]), told[2])
    assert PROSE[0] in article.text
    assert "港口" not in article.text
