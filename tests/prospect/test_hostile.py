"""Sites that do not mean well, or are only odd: a look ends, in time, with a sentence, or with a draft that reads back as meant."""

import random

import pytest

from pipelines.errors import PortalwatchError
from pipelines.models import Page, PageKind
from pipelines.sources import Feed, Sitemap
from spiders.prospect.reader import Reader
from spiders.visit import AskedToWaitError, UnreadError
from tests.prospect.conftest import looked
from tests.whole.portal import Answer, Portal, page

FRONT = "http://cape.example/"
CHALLENGE = "<html><head><title>Just a moment...</title></head><body><h1>cape.example</h1><p>Verify you are human</p><form id=challenge-form></form>"
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 20}">' for level in range(5))
    + "]><rss version='2.0'><channel><title>&f;</title><item><title>&f;</title><link>http://cape.example/article/4001</link></item></channel></rss>"
)


def site(cape: Portal, *numbers: int, **head: str) -> None:
    """A front page with a list, and its articles."""
    links = "".join(f'<li><a href="/article/{number}">第{number}號渡輪今日恢復夜間航班</a></li>' for number in numbers)
    cape.answers["/"] = Answer(f"<html lang=zh-TW><head>{head.get('head', '')}</head><body><ul id=news>{links}</ul></body></html>".encode())
    for number in numbers:
        cape.article(number)


def refused(cape: Portal, reader: Reader, url: str = FRONT) -> str:
    with pytest.raises(PortalwatchError) as told:
        looked(cape.url, url, reader)
    return str(told.value)


def test_a_small_honest_site_is_drafted(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008))
    found = looked(cape.url, FRONT, reader)
    assert [proof.article is not None for proof in found.proofs] == [True] * 5
    assert found.draft.sheet().identify("http://cape.example/article/4099") == ("4099", "http://cape.example/article/4099")


@pytest.mark.parametrize("status", [401, 403, 451])
def test_a_refusal_is_told_at_once_and_not_dodged(cape: Portal, reader: Reader, status: int) -> None:
    cape.answers["/"] = Answer(status=status)
    assert "the portal refuses us" in refused(cape, reader)
    assert cape.asked == ["/robots.txt", "/"]


@pytest.mark.parametrize("status", [200, 403])
def test_a_challenge_is_a_refusal(cape: Portal, reader: Reader, status: int) -> None:
    cape.answers["/"] = Answer(CHALLENGE.encode(), status=status)
    assert "the portal refuses us" in refused(cape, reader)


def test_a_refusal_of_the_articles_is_told(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008))
    for number in range(4001, 4008):
        cape.answers[f"/article/{number}"] = Answer(status=403)
    said = refused(cape, reader)
    assert "none of them read as an article" in said
    assert "refuses us" in said
    assert sum(path.startswith("/article/") for path in cape.asked) == 1


def test_a_portal_that_asks_us_to_wait_is_left_alone(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008))
    cape.answers["/article/4001"] = Answer(status=429, headers={"Retry-After": "600"})
    with pytest.raises(AskedToWaitError):
        looked(cape.url, FRONT, reader)
    assert cape.asked[-1] == "/article/4001"


def test_robots_txt_that_forbids_the_articles_is_told(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008))
    cape.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /article/")
    assert "robots.txt does not allow it" in refused(cape, reader)
    assert not any(path.startswith("/article/") for path in cape.asked)


def test_nothing_found_says_what_was_tried(cape: Portal, reader: Reader) -> None:
    cape.answers["/"] = Answer(b"<html><body><p>Nothing here, <a href=/about>about us</a></body></html>")
    said = refused(cape, reader)
    for tried in ("/feed, /rss, /rss.xml, /atom.xml, /index.xml", "/sitemap.xml", "too few look like headlines", "Name a page that lists"):
        assert tried in said
    assert len(cape.asked) <= 12


@pytest.mark.parametrize("target", ["/", "/a"])
def test_a_circle_of_redirects_is_told(cape: Portal, reader: Reader, target: str) -> None:
    cape.answers |= {path: Answer(status=302, headers={"Location": target}) for path in ("/", "/a")}
    assert "redirects" in refused(cape, reader)


def test_a_front_page_of_50_mb_is_told(cape: Portal, reader: Reader) -> None:
    cape.answers["/"] = Answer(b"<html>" + b"<p>x" * 12_500_000)
    assert "larger than 10 MB" in refused(cape, reader)


def test_a_feed_bomb_explodes_nowhere(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008), head='<link rel=alternate type="application/rss+xml" href="/bomb.xml">')
    cape.answers["/bomb.xml"] = Answer(BOMB.encode(), headers={"Content-Type": "application/rss+xml"})
    found = looked(cape.url, FRONT, reader)
    assert len(found.draft.text) < 5_000
    assert len(found.proofs) == 5


def test_a_list_of_100000_links_is_cut_and_read(cape: Portal, reader: Reader) -> None:
    site(cape, *range(4001, 4008))
    links = "".join(f'<li><a href="/article/{number}">第{number}號渡輪今日恢復夜間航班</a></li>' for number in range(4001, 104_001))
    cape.answers["/"] = Answer(f"<html><body><ul id=news>{links}</ul></body></html>".encode())
    found = looked(cape.url, FRONT, reader)
    assert [source.type for source in found.draft.discovery] == ["listing"]
    assert len(found.proofs) == 5


def test_what_a_site_calls_itself_cannot_write_into_the_sheet(cape: Portal, reader: Reader) -> None:
    name = "海岬\u2028robots: {reason: because we say so}\n&#10;hosts: [evil.example] # '\" \x85 {page} \u202e"
    site(cape, *range(4001, 4008))
    for number in range(4001, 4008):
        body = page(f"第{number}號渡輪復航").replace("<head>", f'<head><meta property="og:site_name" content="{name}">')
        cape.answers[f"/article/{number}"] = Answer(body.encode())
    sheet = looked(cape.url, FRONT, reader).draft.sheet()
    assert sheet.name.startswith("海岬")
    assert (sheet.robots, sheet.hosts) == (None, ["cape.example"])


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_no_site(cape: Portal, reader: Reader, seed: int) -> None:
    dice = random.Random(seed)
    kinds = (b"<rss><channel><item><link>", b"<urlset><url><loc>", b"<html><a href=", b"", b"\xff\xfe<", b"<?xml version='1.0'?><feed>")
    cape.answers["/"] = Answer(kinds[seed] + dice.randbytes(3000))
    assert refused(cape, reader)


DEEP = Page(url=FRONT, body=b"<div>" * 100_000 + b"<a href=/article/4001>x</a>")


def test_pages_that_are_all_tags_are_looked_at_in_time(reader: Reader) -> None:
    assert reader.survey(DEEP).form == "html"
    assert reader.anatomy([DEEP]).read == 0


def test_a_look_that_takes_too_long_is_ended_and_the_next_one_is_not() -> None:
    with Reader(limit=0.001) as hasty:
        assert "longer than it may" in hasty.survey(DEEP).why
        hasty.limit = 20.0
        assert hasty.listing(
            Sitemap(type="sitemap", url=FRONT), Page(url=FRONT, body=b"<urlset><url><loc>http://a/</loc></url></urlset>")
        ).links


def test_whatever_is_asked_of_a_process_that_ends_has_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spiders.prospect.reader.sys.executable", "/bin/false")
    with Reader() as broken:
        why = "ended over it"
        assert why in broken.survey(DEEP).why
        assert why in broken.anatomy([DEEP]).why
        assert why in (broken.listing(Feed(type="feed", url=FRONT), DEEP).why or "")
        assert (broken.read(DEEP).kind, why in broken.read(DEEP).why) == (PageKind.ERROR, True)


def test_a_site_that_is_not_there_is_told(reader: Reader) -> None:
    with pytest.raises(UnreadError, match="unreachable"):
        looked("http://127.0.0.1:1", FRONT, reader)
