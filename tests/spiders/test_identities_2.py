"""Every URL form of an article gives its one key, and what is no article gives none: five sheets of overseas and Taiwanese portals."""

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
TABLE = [("creaders", *row) for row in CREADERS]


@pytest.mark.parametrize(("portal", "url", "key"), TABLE)
def test_an_address_gives_its_articles_key_or_none(portal: str, url: str, key: str | None) -> None:
    rules = sheet(portal)
    identity = rules.identify(url)
    assert (identity and identity[0]) == key
    if identity is not None:
        assert rules.serves(identity[1])
        assert rules.identify(identity[1]) == identity, "the address to fetch is a form of the same article"
