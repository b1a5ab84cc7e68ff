"""Every URL form of an article gives its one key, and what is no article gives none: five sheets of overseas and Taiwanese portals."""

from urllib.parse import quote

import pytest

from tests.extract.shared import sheet

CREADERS = [
    ("https://news.creaders.net/us/2019/11/09/2155032.html", "2155032"),
    ("http://news.creaders.net/us/2019/11/09/2155032.html?from=list#top", "2155032"),
    ("https://ent.creaders.net/2018/07/16/1973859.html", "1973859"),
    ("https://finance.creaders.net/2022/06/22/2497071.html", "2497071"),
    ("https://news.creaders.net/headline/", None),
    ("https://news.creaders.net/breaking/?page=2", None),
    ("https://news.creaders.net/us/", None),
    ("https://bbs.creaders.net/life/bbsviewer.php?trd_id=1109217", None),
    ("https://blog.creaders.net/u/3027/202001/365421.html", None),
    ("https://blog.creaders.net/2018/07/16/1973859.html", None),
    ("https://pub.creaders.net/upload_files/image/201801/20180120_15165198536083.jpg", None),
    ("https://creaders.net.example.org/us/2019/11/09/2155032.html", None),
]
WENXUECITY = [
    ("https://www.wenxuecity.com/news/2024/09/15/125777979.html", "125777979"),
    ("http://www.wenxuecity.com/news/2017/12/28/6854071.html?a=1#comment", "6854071"),
    ("https://m.wenxuecity.com/news/2017/12/28/6854071.html", "6854071"),
    ("http://m.wenxuecity.com/site/news/news/detail/news/6665130", "6665130"),
    ("http://m.wenxuecity.com/site/news/news/detail/ent/141021", "ent-141021"),
    ("https://www.wenxuecity.com/news/2014/05/26/ent-141021.html", "ent-141021"),
    ("http://m.wenxuecity.com/site/news/news/detail/gossip/145093", "gossip-145093"),
    ("https://www.wenxuecity.com/news/2014/05/26/141021.html", "141021"),
    ("https://www.wenxuecity.com/news/", None),
    ("https://www.wenxuecity.com/news/morenews/?page=2", None),
    ("https://bbs.wenxuecity.com/currentevent/2741902.html", None),
    ("https://blog.wenxuecity.com/myblog/66438/201501/16246.html", None),
    ("https://passport.wenxuecity.com/login?back=/news/2024/09/15/125777979.html", None),
    ("https://www.wenxuecity.com/data/news/202409/15/125777979.jpg", None),
]
SETN = [
    ("https://www.setn.com/news/1867685", "1867685"),
    ("https://www.setn.com/News.aspx?NewsID=1867685", "1867685"),
    ("https://www.setn.com/News.aspx?NewsID=1867685&utm_campaign=viewallnews", "1867685"),
    ("https://www.setn.com/News.aspx?utm_source=x&NewsID=1867685&p=2", "1867685"),
    ("https://www.setn.com/m/news.aspx?newsid=1867685", "1867685"),
    ("https://setn.com/News.aspx?NewsID=1867685", "1867685"),
    ("https://inews.setn.com/news/1867685", "1867685"),
    ("https://travel.setn.com/News/1867685", "1867685"),
    ("https://star.setn.com/E/news.aspx?newsid=1867685", "1867685"),
    ("https://www.setn.com/ViewAll.aspx?PageGroupID=6&p=2", None),
    ("https://www.setn.com/Catalog.aspx?PageGroupID=41", None),
    ("https://www.setn.com/Klist.aspx?TagID=4147", None),
    ("https://www.setn.com/Project.aspx?ProjectID=5533", None),
    ("https://www.setn.com/VOD.aspx?IsVOD=true&newsid=349300&videoid=88297", None),
    ("https://www.setn.com/login.aspx?back=/News.aspx?NewsID=1867685", None),
    ("https://star.setn.com/search/1867685/", None),
    ("https://attach.setn.com/newsimages/2018/02/21/1256191-PH.jpg", None),
]
CHINATIMES = [
    ("https://www.chinatimes.com/realtimenews/20180916001767-260402", "20180916001767"),
    ("http://www.chinatimes.com/realtimenews/20180916001767-260402?chdtv", "20180916001767"),
    ("https://www.chinatimes.com/amp/realtimenews/20180916001767-260402", "20180916001767"),
    ("https://www.chinatimes.com/cn/realtimenews/20180916001767-260402", "20180916001767"),
    ("https://www.chinatimes.com/realtimenews/20180916001767-260405#x", "20180916001767"),
    ("https://m.chinatimes.com/realtimenews/20180916001767-260402", "20180916001767"),
    ("https://www.chinatimes.com/newspapers/20180917000123-260106", "20180917000123"),
    ("https://www.chinatimes.com/opinion/20220101002563-262104", "20220101002563"),
    ("https://www.chinatimes.com/realtimenews/", None),
    ("https://www.chinatimes.com/realtimenews/?page=2&chdtv", None),
    ("https://www.chinatimes.com/realtimenews/260402/", None),
    ("https://www.chinatimes.com/politic/", None),
    ("https://www.chinatimes.com/Search/20180916001767-260402", None),
    ("https://www.chinatimes.com/reporter/899", None),
    ("https://www.chinatimes.com/album/20180916001767-260402", None),
    ("https://wantrich.chinatimes.com/news/20250101900123-420101", None),
]
_CAT, _YAHOO = "小站月台貓退休-旅客送行-083512117", "小站月台猫退休-旅客送行-083512117"
YAHOO_TW = [
    (f"https://tw.news.yahoo.com/{_CAT}.html", _YAHOO),
    (f"https://tw.news.yahoo.com/{quote(_CAT)}.html", _YAHOO),
    (f"https://tw.news.yahoo.com/news/{quote(_CAT).lower()}.html?guccounter=1#x", _YAHOO),
    (f"https://tw.news.yahoo.com/amphtml/{_CAT}.html", _YAHOO),
    (f"https://tw.stock.yahoo.com/news/{_CAT}.html", _YAHOO),
    (f"https://tw.sports.yahoo.com/news/{_CAT}.html", _YAHOO),
    ("https://tw.news.yahoo.com/-083512117.html", "-083512117"),
    ("https://tw.news.yahoo.com/rss", None),
    ("https://tw.news.yahoo.com/archive", None),
    ("https://tw.news.yahoo.com/politics", None),
    (f"https://tw.news.yahoo.com/video/{_CAT}.html", None),
    (f"https://tw.news.yahoo.com/photos/{_CAT}.html", None),
    ("https://tw.news.yahoo.com/小站月台貓退休-0835.html", None),
    (f"https://hk.news.yahoo.com/{_CAT}.html", None),
    (f"https://login.yahoo.com/?done=https://tw.news.yahoo.com/{_CAT}.html", None),
]
TABLE = [
    *(("creaders", *row) for row in CREADERS),
    *(("wenxuecity", *row) for row in WENXUECITY),
    *(("setn", *row) for row in SETN),
    *(("chinatimes", *row) for row in CHINATIMES),
    *(("yahoo_tw", *row) for row in YAHOO_TW),
]


@pytest.mark.parametrize(("portal", "url", "key"), TABLE)
def test_an_address_gives_its_articles_key_or_none(portal: str, url: str, key: str | None) -> None:
    rules = sheet(portal)
    identity = rules.identify(url)
    assert (identity and identity[0]) == key
    if identity is not None:
        assert rules.serves(identity[1])
        assert rules.identify(identity[1]) == identity, "the address to fetch is a form of the same article"
