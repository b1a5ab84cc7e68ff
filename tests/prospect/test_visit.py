"""The manners of a look by hand: robots.txt, pauses, caps, public addresses, and plain words where a portal says no."""

import gzip
import json
import re
import threading
import zlib
from collections.abc import Callable

import pytest

from spiders import visit as visits
from spiders.address import through
from spiders.visit import AskedToWaitError, Manner, UnreadError, Visit
from tests.prospect.conftest import visit
from tests.whole.portal import Answer, Portal

PAGE = "http://cape.example/list"


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now, self.waits = 1000.0, list[float]()

    def wait(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += seconds


def timed(cape: Portal, clock: Clock, **manner: object) -> Visit:
    made = visit(cape.url, **manner)
    made.wait, made.clock = clock.wait, lambda: clock.now
    return made


def refused(made: Visit, url: str = PAGE) -> str:
    with pytest.raises(UnreadError) as told:
        made.page(url)
    return told.value.why


def test_robots_txt_is_read_first_and_obeyed(cape: Portal) -> None:
    cape.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /list\nSitemap: http://cape.example/map.xml")
    made = visit(cape.url)
    assert refused(made) == "robots.txt does not allow it"
    assert cape.asked == ["/robots.txt"]
    assert made.sitemaps(PAGE) == ["http://cape.example/map.xml"]


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (200, True)])
def test_robots_txt_answers_count_as_in_a_crawl(cape: Portal, status: int, allowed: bool) -> None:
    cape.answers |= {"/robots.txt": Answer(status=status), "/list": Answer(b"a page")}
    assert (visit(cape.url).get(PAGE).body == b"a page") if allowed else "robots.txt" in refused(visit(cape.url))


def test_a_robots_txt_that_fails_is_not_said_to_forbid(cape: Portal) -> None:
    cape.answers["/robots.txt"] = Answer(status=500)
    assert refused(visit(cape.url)) == "robots.txt answered 500: nothing there is read until it answers"


def test_a_sheet_may_override_robots_txt(cape: Portal) -> None:
    cape.answers |= {"/robots.txt": Answer(b"User-agent: *\nDisallow: /"), "/list": Answer(b"a page")}
    assert visit(cape.url, obey=False).page(PAGE).body == b"a page"
    assert cape.asked == ["/list"]


def test_two_requests_to_a_host_are_apart_by_our_delay_or_the_one_that_is_asked_for(cape: Portal) -> None:
    cape.answers |= {"/robots.txt": Answer(b"User-agent: *\nCrawl-delay: 7"), "/list": Answer(b"a page")}
    clock = Clock()
    made = timed(cape, clock, delay=2.0)
    made.page(PAGE)
    made.page(PAGE)
    assert clock.waits == [7.0, 7.0]
    made.get("http://other.example/")
    assert clock.waits == [7.0, 7.0, 7.0], "another host waits for its own robots.txt only"


def test_a_robots_txt_that_asks_for_minutes_ends_the_look(cape: Portal) -> None:
    cape.answers |= {"/robots.txt": Answer(b"User-agent: *\nCrawl-delay: 600"), "/list": Answer(b"a page")}
    assert "600 s between requests" in refused(timed(cape, Clock()))


def test_the_number_of_requests_has_an_end(cape: Portal) -> None:
    cape.answers["/list"] = Answer(b"a page")
    made = visit(cape.url, most=3)
    made.page(PAGE)
    made.page(PAGE)
    assert "3 requests are enough" in refused(made)
    assert len(cape.asked) == 3


def test_a_redirect_is_followed_within_the_portal_and_gives_its_own_address(cape: Portal) -> None:
    cape.answers |= {"/list": Answer(status=301, headers={"Location": "/new"}), "/new": Answer(b"a page")}
    assert visit(cape.url).page(PAGE).url == "http://cape.example/new"


@pytest.mark.parametrize("target", ["/list", "http://cape.example/list", "//cape.example/list"])
def test_a_circle_of_redirects_ends(cape: Portal, target: str) -> None:
    cape.answers["/list"] = Answer(status=302, headers={"Location": target})
    assert "redirects" in refused(visit(cape.url))
    assert cape.asked.count("/list") == visits.REDIRECT_MAX_TIMES + 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://cape.example/", "javascript:alert(1)", "http://", "http://[bad"])
def test_a_redirect_to_what_is_no_web_address_is_refused(cape: Portal, target: str) -> None:
    cape.answers["/list"] = Answer(status=302, headers={"Location": target})
    assert refused(visit(cape.url))
    assert set(cape.asked) == {"/robots.txt", "/list"}


def test_a_sheet_is_not_led_off_its_hosts(cape: Portal) -> None:
    cape.answers["/list"] = Answer(status=302, headers={"Location": "http://evil.example/"})
    assert refused(visit(cape.url, serves=lambda url: "cape.example" in url)) == "leads off the portal, to evil.example"


def test_a_private_address_is_refused_unless_the_settings_allow_it(cape: Portal) -> None:
    cape.answers |= {"/robots.txt": Answer(status=404), "/": Answer(b"a page")}
    said = refused(Visit(manner=Manner(user_agent="t")), f"{cape.url}/h/")
    assert "loopback address" in said
    assert "PORTALWATCH_ALLOW_HOSTS" in said
    assert cape.asked == []
    allowed = Visit(manner=Manner(user_agent="t", allow=frozenset({"127.0.0.1"}), obey=False))
    assert allowed.page(f"{cape.url}/h/").body == b"a page"


def test_a_redirect_to_a_private_address_is_refused_where_the_first_one_was_allowed(cape: Portal) -> None:
    cape.answers["/"] = Answer(status=302, headers={"Location": "http://127.0.0.2:1/"})
    made = Visit(manner=Manner(user_agent="t", allow=frozenset({"127.0.0.1"}), obey=False))
    assert "127.0.0.2" in refused(made, f"{cape.url}/h/")


@pytest.mark.parametrize(
    ("status", "says"),
    [(403, "the portal refuses us"), (401, "refuses us"), (451, "refuses us"), (404, "answered 404"), (500, "answered 500")],
)
def test_a_status_is_told_in_words_that_say_what_to_do(cape: Portal, status: int, says: str) -> None:
    cape.answers["/list"] = Answer(status=status)
    assert says in refused(visit(cape.url))


@pytest.mark.parametrize("status", [429, 503])
def test_a_portal_that_asks_us_to_wait_ends_the_look(cape: Portal, status: int) -> None:
    cape.answers["/list"] = Answer(status=status)
    with pytest.raises(AskedToWaitError, match="asks us to wait"):
        visit(cape.url).get(PAGE)


def test_a_huge_page_is_refused_before_it_is_whole(cape: Portal) -> None:
    cape.answers["/list"] = Answer(b"x" * 50_000_000)
    assert refused(visit(cape.url)) == "larger than 10 MB"


@pytest.mark.parametrize(("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_a_packed_page_is_unpacked_and_a_bomb_is_not(cape: Portal, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    cape.answers["/list"] = Answer(pack(b"a page" * 1000), headers={"Content-Encoding": encoding})
    assert visit(cape.url).page(PAGE).body == b"a page" * 1000
    cape.answers["/list"] = Answer(pack(bytes(30_000_000)), headers={"Content-Encoding": encoding})
    assert refused(visit(cape.url)) == "larger than 10 MB"
    cape.answers["/list"] = Answer(b"neither", headers={"Content-Encoding": encoding})
    assert "HTTP" in refused(visit(cape.url))


def test_a_page_that_is_cut_off_or_does_not_come_is_told(cape: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    cape.answers["/list"] = Answer(b"short", claimed=5000)
    assert "ended without a proper HTTP answer" in refused(visit(cape.url))
    assert "unreachable" in refused(visit("http://127.0.0.1:1"))
    monkeypatch.setattr(visits, "REQUEST_TIMEOUT", 0.2)
    never = threading.Event()
    cape.answers["/list"] = Answer(b"late", after=never)
    assert refused(visit(cape.url)) == "no answer in time"
    never.set()


def test_who_we_are_is_said_and_every_request_is_told(cape: Portal) -> None:
    cape.answers["/list"] = Answer(b"a page")
    told: list[str] = []
    made = visit(cape.url)
    made.tell = told.append
    made.page(PAGE)
    assert [re.sub(r"\d+", "N", line) for line in told] == ["N http://cape.example/robots.txt (N bytes)", f"N {PAGE} (N bytes)"]


def test_a_gateway_keeps_host_path_and_query() -> None:
    assert through("http://g/", "https://a.example:8/b/c?d=e#f") == "http://g/a.example:8/b/c?d=e"
    assert through(None, "https://a.example/b") == "https://a.example/b"


def test_what_is_reserved_from_text_and_data_mining_is_left_alone_where_the_sheet_says_so(cape: Portal) -> None:
    rules = [{"location": "/list", "tdm-reservation": 1}]
    cape.answers |= {"/.well-known/tdmrep.json": Answer(json.dumps(rules).encode()), "/list": Answer(b"a page"), "/free": Answer(b"free")}
    assert visit(cape.url).page(PAGE).body == b"a page"
    obeying = visit(cape.url, leave=True)
    assert "reserved from text and data mining" in refused(obeying)
    assert obeying.page("http://cape.example/free").body == b"free"
    assert cape.asked.count("/.well-known/tdmrep.json") == 1
    cape.answers["/free"].headers = {"tdm-reservation": "1"}
    assert "reserved from text and data mining" in refused(obeying, "http://cape.example/free")
