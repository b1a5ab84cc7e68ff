"""Every known form of an article's address has one key, and what is no article has none: rfi_zh, voa_zh, zaobao, udn, ltn, cna."""

import pytest

from tests.extract.shared import sheet

KEYS = [
    ("rfi_zh", "https://www.rfi.fr/cn/中国/20240506-河谷铁路通车", "20240506-河谷铁路通车"),
    (
        "rfi_zh",
        "https://www.rfi.fr/cn/%E4%B8%AD%E5%9B%BD/20240506-%E6%B2%B3%E8%B0%B7%E9%93%81%E8%B7%AF%E9%80%9A%E8%BD%A6",
        "20240506-河谷铁路通车",
    ),
    ("rfi_zh", "https://www.rfi.fr/tw/中國/20240506-河谷鐵路通車?ref=fb", "20240506-河谷铁路通车"),
    (
        "rfi_zh",
        "https://www.rfi.fr/tw/%e4%ba%9e%e6%b4%b2/20240506-%E6%B2%B3%E8%B0%B7%E9%90%B5%E8%B7%AF%E9%80%9A%E8%BB%8A#x",
        "20240506-河谷铁路通车",
    ),
    ("rfi_zh", "https://amp.rfi.fr/cn/专栏检索/公民论坛/20240506-河谷铁路通车", "20240506-河谷铁路通车"),
    ("rfi_zh", "http://cn.rfi.fr/中国/20190822-河谷铁路通车", "20190822-河谷铁路通车"),
    ("rfi_zh", "http://m.cn.rfi.fr/wire/20190822-河谷铁路通车", "20190822-河谷铁路通车"),
    ("rfi_zh", "http://trad.cn.rfi.fr/中國/20190822-河谷鐵路通車", "20190822-河谷铁路通车"),
    ("rfi_zh", "https://www.rfi.fr/cn/%E4%B8%AD%E5%9B%BD/20240506-%00%ff", "20240506-\ufffd"),
    ("rfi_zh", "https://www.rfi.fr/cn/", None),
    ("rfi_zh", "https://www.rfi.fr/cn/滚动新闻/", None),
    ("rfi_zh", "https://www.rfi.fr/cn/tag/欧盟/", None),
    ("rfi_zh", "https://www.rfi.fr/cn/podcasts/明镜书刊/", None),
    ("rfi_zh", "https://www.rfi.fr/en/france/20240506-valley-railway", None),
    ("rfi_zh", "https://www.rfi.fr/cn/rss", None),
    ("voa_zh", "https://www.voachinese.com/a/alibaba-releases-ai-model-20250129/7955186.html", "7955186"),
    ("voa_zh", "https://www.voachinese.com/a/8017961.html?utm_medium=proxy", "8017961"),
    ("voa_zh", "http://m.voachinese.com/a/alibaba-releases-ai-model-20250129/7955186.html#comments", "7955186"),
    ("voa_zh", "https://www.voachinese.com/amp/alibaba-releases-ai-model-20250129/7955186.html", "7955186"),
    ("voa_zh", "https://www.voachinese.com/z/1739", None),
    ("voa_zh", "https://www.voachinese.com/p/6197.html", None),
    ("voa_zh", "https://www.voachinese.com/author/23456.html", None),
    ("voa_zh", "https://www.voachinese.com/live/audio/45", None),
    ("voa_zh", "https://www.voachinese.com/comments/a7955186.html", None),
    ("voa_zh", "https://www.voanews.com/a/7585813.html", None),
    ("zaobao", "https://www.zaobao.com/realtime/china/story20200728-1072639", "1072639"),
    ("zaobao", "https://www.zaobao.com.sg/news/china/story20200728-1072639?ref=home-top-news", "1072639"),
    ("zaobao", "http://zaobao.com.sg/realtime/china/story20200728-1072639#c", "1072639"),
    ("zaobao", "https://www.zaobao.com.sg/special/report/politic/fincrisis/story20130901-247110", "247110"),
    ("zaobao", "https://www.zaobao.com/realtime/china", None),
    ("zaobao", "https://www.zaobao.com/keywords/xia-wu-cha", None),
    ("zaobao", "https://www.zaobao.com.sg/byline/han-yong-hong", None),
    ("zaobao", "https://www.zaobao.com.sg/zvideos/news/story20200101-1017123", None),
    ("zaobao", "https://www.zaobao.com.sg/podcast/story20200101-1017123", None),
    ("zaobao", "https://www.zaobao.com.sg/user/login?dest=/news/china/story20200728-1072639", None),
    ("udn", "https://udn.com/news/story/6656/8241591", "8241591"),
    ("udn", "https://udn.com/news/story/6809/8241591?from=udn-ch1_breaknews-1-0-news", "8241591"),
    ("udn", "https://udn.com/news/amp/story/6656/8241591/", "8241591"),
    ("udn", "http://m.udn.com/news/story/6656/8241591#sub", "8241591"),
    ("udn", "https://money.udn.com/money/story/5613/8241591", "money:8241591"),
    ("udn", "https://opinion.udn.com/opinion/story/120611/4698526", "opinion:4698526"),
    ("udn", "https://global.udn.com/global_vision/story/8663/4698371?from=x", "global:4698371"),
    ("udn", "https://udn.com/news/breaknews/1/99", None),
    ("udn", "https://udn.com/news/cate/2/6638", None),
    ("udn", "https://udn.com/search/tagging/2/%E7%99%BD%E5%A7%94", None),
    ("udn", "https://video.udn.com/news/1330021", None),
    ("udn", "https://vip.udn.com/vip/story/121160/8241591", None),
    ("udn", "https://member.udn.com/member/login.jsp?redirect=https://udn.com/news/story/6656/8241591", None),
    ("ltn", "https://news.ltn.com.tw/news/life/breakingnews/2504351", "breakingnews/2504351"),
    ("ltn", "https://news.ltn.com.tw/news/society/breakingnews/2504351?utm_medium=M", "breakingnews/2504351"),
    ("ltn", "https://m.ltn.com.tw/amp/news/life/breakingnews/2504351", "breakingnews/2504351"),
    ("ltn", "http://m.ltn.com.tw/news/life/breakingnews/2504351/2", "breakingnews/2504351"),
    ("ltn", "https://ec.ltn.com.tw/article/breakingnews/2504351", "breakingnews/2504351"),
    ("ltn", "https://sports.ltn.com.tw/news/breakingnews/2504351", "breakingnews/2504351"),
    ("ltn", "https://ec.ltn.com.tw/amp/article/breakingnews/2504351", "breakingnews/2504351"),
    ("ltn", "https://news.ltn.com.tw/news/focus/paper/1295417", "paper/1295417"),
    ("ltn", "https://ec.ltn.com.tw/article/paper/1295417", "paper/1295417"),
    ("ltn", "https://news.ltn.com.tw/news/def/breakingnews/5594307", "breakingnews/5594307"),
    ("ltn", "https://3c.ltn.com.tw/news/67790", "3c/67790"),
    ("ltn", "https://istyle.ltn.com.tw/article/41216", "istyle/41216"),
    ("ltn", "https://news.ltn.com.tw/list/breakingnews/all", None),
    ("ltn", "https://news.ltn.com.tw/topic/%E9%A2%B1%E9%A2%A8", None),
    ("ltn", "https://video.ltn.com.tw/article/IsH310YKNDI/PLI7xntdRxhw03nlbog26AEgBkNoCHWcv-", None),
    ("ltn", "https://member.ltn.com.tw/login?back=https://news.ltn.com.tw/news/life/breakingnews/2504351", None),
    ("ltn", "https://search.ltn.com.tw/list?keyword=breakingnews/2504351", None),
    ("cna", "https://www.cna.com.tw/news/aopl/202508050371.aspx", "202508050371"),
    ("cna", "https://www.cna.com.tw/news/firstnews/202508050371.aspx?topic=1", "202508050371"),
    ("cna", "http://cna.com.tw/News/aOPL/202508050371.ASPX", "202508050371"),
    ("cna", "https://www.cna.com.tw/amp/news/aopl/202508050371.aspx", "202508050371"),
    ("cna", "https://www.cna.com.tw/list/aall.aspx", None),
    ("cna", "https://www.cna.com.tw/topic/newstopic/4501.aspx", None),
    ("cna", "https://www.cna.com.tw/video/20250805a001.aspx", None),
    ("cna", "https://www.cna.com.tw/search/hysearchws.aspx?q=202508050371", None),
    ("cna", "https://focustaiwan.tw/politics/202508050012", None),
]


@pytest.mark.parametrize(("slug", "url", "key"), KEYS)
def test_an_address_has_its_articles_key(slug: str, url: str, key: str | None) -> None:
    shipped = sheet(slug)
    found = shipped.identify(url)
    assert (found and found[0]) == key
    if found:
        assert shipped.serves(found[1])
        assert shipped.identify(found[1]) == found


@pytest.mark.parametrize("slug", sorted({slug for slug, *_ in KEYS}))
def test_every_discovery_address_may_be_fetched_and_is_no_article(slug: str) -> None:
    shipped = sheet(slug)
    for source in shipped.discovery:
        assert shipped.serves(source.url)
        assert shipped.identify(source.url) is None


@pytest.mark.parametrize("slug", sorted({slug for slug, *_ in KEYS}))
def test_a_portal_is_seen_through_at_least_two_kinds_of_lists(slug: str) -> None:
    assert len({source.type for source in sheet(slug).discovery}) >= 2
