"""What a page is: each of the seven kinds, and the articles that look like another."""

import pytest

from pipelines.extract.ladder import extract
from pipelines.models import Page, PageKind
from tests.extract.shared import shared, sheet

TEXT = "".join(f"<p>第{n}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成，费用由市里和省里分担。</p>" for n in range(9))
LINKS = "".join(f'<li><a href="/{n}">第{n}座石桥的修缮工程今天开工，市民前往围观</a></li>' for n in range(30))
ABSTRACTS = "".join(
    f'<div><h3><a href="/{n}">第{n}座石桥的修缮工程今天开工</a></h3><p>市政厅星期三宣布，第{n}座石桥的修缮从今天开始，到明年四月完成，费用由市里分担。</p></div>'
    for n in range(12)
)
TEASER = "<p>市政厅星期三宣布，石桥将分三批修缮。</p><p>第一批从河口的两座开始。</p>"


def _kind(html: str, status: int = 200) -> PageKind:
    return extract(Page(url="https://news.example.org/1", body=html.encode(), status=status)).kind


def _page(title: str, body: str) -> str:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("kind", "html"),
    [
        (PageKind.ARTICLE, _page("石桥修缮", TEXT)),
        (PageKind.ARTICLE, _page("石桥修缮", TEXT + f"<ul>{LINKS * 3}</ul>")),
        (PageKind.LISTING, _page("国内新闻", f"<ul>{LINKS}</ul>")),
        (PageKind.CHALLENGE, _page("Just a moment...", "<h2>Checking your browser</h2>")),
        (PageKind.CHALLENGE, _page("河口网", "<p>为了您的账户安全，请完成验证</p>")),
        (PageKind.CHALLENGE, _page("島嶼新聞", '<p>請稍候，系統正在確認您的連線。</p><div class="g-recaptcha"></div>')),
        (PageKind.MISSING, _page("404", "<p>返回首页</p>")),
        (PageKind.MISSING, _page("河口网", "<h1>抱歉，您访问的页面不存在</h1>")),
        (PageKind.MISSING, _page("島嶼新聞", "<h1>找不到您要的文章</h1>")),
        (PageKind.ERROR, _page("系统繁忙", "<p>请稍后再试</p>")),
        (PageKind.PAYWALL, _page("石桥修缮", TEASER + "<p>登录后继续阅读</p>")),
        (PageKind.PAYWALL, _page("石橋修繕", TEASER + "<p>訂閱會員即可看全文</p>")),
        (
            PageKind.PAYWALL,
            _page("石桥", '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>' + TEASER),
        ),
        (PageKind.EMPTY, _page("", "")),
        (PageKind.CHALLENGE, _page("河口网", "<p>您的请求已被拦截，请输入图中的验证码后继续。</p>")),
        (PageKind.CHALLENGE, _page("島嶼日報", "<h2>請確認您是真人</h2><p>完成後將自動轉回。</p>")),
        (PageKind.CHALLENGE, _page("セキュリティチェック", "<p>ロボットではありませんか。</p>")),
        (PageKind.MISSING, _page("河口网", "<h1>页面走丢了</h1><p>五秒后返回首页</p>" + f"<ul>{LINKS}</ul>")),
        (PageKind.MISSING, _page("島嶼日報", "<p>查無此文章，可能已下架。</p>")),
        (PageKind.MISSING, _page("河口网", "<h1>该内容因违规无法查看</h1>")),
        (PageKind.MISSING, _page("みなと新聞", "<h1>お探しのページは見つかりません</h1><p>公開期間が終了しました。</p>")),
        (PageKind.ERROR, _page("島嶼日報", "<p>伺服器內部錯誤，請稍後再試</p>")),
        (PageKind.ERROR, _page("みなと新聞", "<p>ただいまアクセスが集中しています。しばらく経ってからお試しください。</p>")),
        (PageKind.PAYWALL, _page("石桥修缮", TEASER + "<p>请登录后阅读全文</p>")),
        (PageKind.PAYWALL, _page("石橋修繕", TEASER + "<p>本文為會員專屬內容</p>")),
        (
            PageKind.PAYWALL,
            _page("橋の修理", "<p>市役所は水曜日、石橋を三回に分けて修理すると発表した。</p><p>続きをお読みいただけます 残り1204文字</p>"),
        ),
        (PageKind.LISTING, _page("国内", ABSTRACTS)),
        (PageKind.EMPTY, _page("x", "<script>1</script><p>好</p>")),
    ],
)
def test_a_page_is_told_by_what_it_shows(kind: PageKind, html: str) -> None:
    assert _kind(html) is kind


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, PageKind.MISSING), (410, PageKind.MISSING), (402, PageKind.PAYWALL), (500, PageKind.ERROR), (403, PageKind.ERROR)],
)
def test_a_status_decides_where_no_text_does(status: int, kind: PageKind) -> None:
    assert _kind(_page("x", "<p>抱歉</p>"), status) is kind


def test_a_challenge_with_status_403_is_a_challenge() -> None:
    assert _kind(_page("Attention Required!", "<p>captcha</p>"), 403) is PageKind.CHALLENGE


def test_an_article_with_related_headlines_between_its_paragraphs_is_one() -> None:
    related = '<p><a href="/{0}">相关：第{0}座石桥的修缮工程今天开工</a></p>'
    told = "".join(
        f"<p>{TEXT[3:40]}，{n}：工程师这样说。</p><p>{TEXT[3:40]}，{n}：市民这样说。</p>" + (related.format(n) if n % 2 else "")
        for n in range(12)
    )
    assert _kind(_page("石桥修缮", f"<h1>石桥修缮</h1>{told}<ul>{LINKS}</ul>")) is PageKind.ARTICLE


@pytest.mark.parametrize(
    "title", ["404航班的最后一程", "网站要求人机验证引发争议", "Access Denied：一部纪录片的诞生", "系统繁忙的那个下午"]
)
def test_an_article_about_a_notice_is_an_article(title: str) -> None:
    assert _kind(_page(title, f"<h1>{title}</h1>" + TEXT * 2)) is PageKind.ARTICLE


def test_a_missing_page_that_answers_200_is_told_by_the_sheet() -> None:
    page = Page(url="https://www.storm.mg/article/4999998", body=_page("風傳媒", f"<div>{LINKS}</div>" + TEXT).encode())
    assert extract(page, sheet("storm_mg")).kind is PageKind.MISSING


def test_a_listing_of_a_portal_is_no_missing_article() -> None:
    page = Page(url="https://www.storm.mg/articles", body=_page("風傳媒", f"<ul>{LINKS}</ul>").encode())
    assert extract(page, sheet("storm_mg")).kind is PageKind.LISTING


def test_a_short_flash_in_a_portals_zone_is_an_article_whatever_stands_around_it() -> None:
    html = _page(
        "快訊", '<h1 id="article_title">安全驗證系統更新</h1><div id="CMS_wrapper"><p>港口封閉。</p></div><p>登入後繼續閱讀留言</p>'
    )
    reading = extract(Page(url="https://www.storm.mg/article/4999997", body=html.encode()), sheet("storm_mg"))
    assert reading.article is not None
    assert reading.article.text == "港口封閉。"


@pytest.mark.parametrize("name", ["list_gerapy_netease_international_news", "list_gerapy_tencent_important_news", "list_gne_163_1"])
def test_a_recorded_listing_is_a_listing(name: str) -> None:
    import gzip

    with gzip.open(shared("portals", "html", f"{name}.html.gz")) as file:
        assert extract(Page(url="", body=file.read())).kind is PageKind.LISTING
