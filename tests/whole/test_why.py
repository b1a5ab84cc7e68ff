"""Every answer of `why`, each brought about for real: a portal that does it, a crawl, and the question."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, Listed, Listing
from spiders.job import now
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page, portal, write_sheet

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡轮 NOT 火車, channels: [desk]}
  rail: {title: 火車, query: (火車 OR 高鐵) AND 復航 NOT 渡輪, channels: [desk]}
  elsewhere: {title: 別處, query: 渡輪, portals: [dw_zh], channels: [desk]}
  over: {title: 過期, query: 渡輪, expires: 2020-01-01, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
"""


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal that does what a test tells it to, and topics on it, as if its learning run were over."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        fresh.learned("cape")
        yield up


def why(house: House, reference: str, *options: str, **env: str) -> dict[str, Any]:
    done = house.run("why", reference, "--json", *options, **env)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def about(house: House, number: int, *options: str, **env: str) -> dict[str, Any]:
    return why(house, f"http://cape.example/article/{number}", *options, **env)


def stage(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in flat(told["stages"]) if each["stage"] == name)


def flat(stages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in stages:
        yield each
        yield from flat(each["below"])


def test_a_host_that_nobody_watches_is_told_with_those_that_are(fresh: House) -> None:
    told = why(fresh, "https://unheard.example/news/1")
    assert told["answer"] == {"stage": "portal", "answer": "no", "says": "no portal is watched under this host"}
    assert "www.storm.mg" in told["stages"][0]["evidence"][0] or "storm.mg" in told["stages"][0]["evidence"][0]
    assert "portals add https://unheard.example/news/1" in told["stages"][0]["evidence"][1]


def test_an_address_that_is_no_article_is_told_with_the_patterns(fresh: House, cape: Portal) -> None:
    told = why(fresh, "http://cape.example/about")
    assert told["answer"]["says"] == "cape knows the host, and no article under such an address; its sheet's patterns are"
    assert why(fresh, "http://cape.example/list")["answer"]["says"] == "a listing of cape, no article"


def test_from_never_listed_to_rolled_off(fresh: House, cape: Portal) -> None:
    assert about(fresh, 9)["answer"]["says"] == "never listed: no listing of the portal was read yet"
    cape.publishes(2, 3)
    cape.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /article/3\n")
    fresh.crawl("cape")
    never = about(fresh, 9)
    assert re.fullmatch(r"never listed in the 1 readings since .*", never["answer"]["says"])
    assert stage(never, "page")["says"] == "never fetched"
    denied = about(fresh, 3)
    assert denied["answer"] == {"stage": "page", "answer": "no", "says": "denied: robots.txt does not allow it"}
    assert stage(denied, "listed")["answer"] == "yes"
    cape.lists(2)
    fresh.crawl("cape")
    off = about(fresh, 3)
    assert (off["answer"]["stage"], off["answer"]["answer"]) == ("listed", "no")
    assert re.fullmatch(r"listed from (.*) until \1, then it rolled off", off["answer"]["says"])
    assert "2 readings" in stage(about(fresh, 9), "listed")["says"]


def test_what_a_page_turned_out_to_be(fresh: House, cape: Portal) -> None:
    cape.lists(2, 3, 4, 5)
    challenge = "<html><head><title>Just a moment...</title></head><body><div id=cf-challenge>Checking your browser</div><script src=/cdn-cgi/challenge-platform/x.js></script></body></html>"
    cape.article(2, body=challenge.encode())
    cape.article(3, body=b"")
    cape.article(4, status=500)
    fresh.crawl("cape")
    said = {number: about(fresh, number) for number in (2, 3, 4, 5)}
    assert said[2]["answer"]["says"].startswith("a challenge page stood in its place on ")
    assert said[3]["answer"]["says"].startswith("empty on ")
    assert said[5]["answer"]["says"].startswith("its page says that it is not there on ")
    failed = stage(said[4], "page")
    assert failed["answer"] == "wait"
    assert re.search(r"^failed once, last on .*; next look due ", failed["says"])
    assert failed["evidence"] == ["answered 500"]
    assert failed["next_look"] is not None
    assert stage(said[2], "archive")["says"].startswith("archived 1 times")


def test_what_was_left_says_what_kept_it(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 0, "concurrency": 1, "budget": 4})
    cape.publishes(2, 3)
    assert fresh.crawl("cape")["outcomes"]["left"]
    told = about(fresh, 3)
    assert stage(told, "page")["says"].startswith("left on ")
    assert stage(told, "page")["evidence"] == ["cape.example had its 4 requests of today"]


def test_a_portal_that_is_paused_left_out_or_broken_says_so(fresh: House, cape: Portal) -> None:
    told = about(fresh, 2, PORTALWATCH_PORTALS="dw_zh")
    assert stage(told, "crawl")["says"] == "left out by PORTALWATCH_PORTALS"
    assert stage(about(fresh, 2), "crawl")["says"].startswith("cape was never crawled")
    cape.lists(2)
    cape.article(2, status=429, headers={"Retry-After": "600"})
    fresh.crawl("cape")
    assert stage(about(fresh, 2), "crawl")["says"].startswith("paused: cape.example asked us to wait until ")


def test_a_copy_a_match_and_a_clause_that_failed(fresh: House, cape: Portal) -> None:
    cape.publishes(2)
    fresh.crawl("cape")
    cape.publishes(2, 3)
    cape.article(3, body=page("第2號渡輪復航", foot="<p>轉載</p>").encode())
    fresh.crawl("cape")
    told = about(fresh, 2)
    assert told["answer"]["stage"] == "alert"
    assert told["answer"]["says"].startswith("sent to desk@example.org (desk) on ")
    topics = {each["topic"]: each for each in told["stages"] if each["stage"] == "topic"}
    assert topics["ferry"]["answer"] == "yes"
    assert "渡輪 (渡轮, title, Hant)" in topics["ferry"]["says"]
    assert topics["rail"]["says"] == "rail: clause 1 of 3 failed (so did 1 more): 火車 OR 高鐵: not there"
    hit = topics["rail"]["clauses"][2]
    assert (hit["clause"], hit["holds"], hit["negated"]) == ("NOT 渡輪", False, True)
    assert hit["terms"][0]["as_written"] == "渡輪"
    assert topics["elsewhere"]["says"] == "elsewhere: reads only dw_zh, not cape"
    assert topics["over"]["says"] == "over: expired on 2020-01-01, before the article came"
    copy = about(fresh, 3, "--topic", "ferry")
    assert stage(copy, "story")["says"].startswith("copy in story 1: of article 1 (cape, ")
    assert copy["answer"]["says"].startswith("desk@example.org (desk) has the story already: sent to ")


def test_what_was_there_before_we_watched_is_learned(fresh: House) -> None:
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        up.publishes(2)
        fresh.crawl("cape")
        told = about(fresh, 2)
    assert told["answer"]["says"] == "learned: it was there before we watched, so nobody is told"


def test_what_a_channel_answered_and_when_it_is_tried_again(fresh: House, cape: Portal) -> None:
    cape.publishes(2)
    fresh.crawl("cape", PORTALWATCH_SMTP_PORT="1")
    told = about(fresh, 2)
    assert (told["answer"]["stage"], told["answer"]["answer"]) == ("alert", "wait")
    assert re.match(r"retrying at .*: desk@example.org \(desk\) failed [12] times so far", told["answer"]["says"])
    assert stage(told, "alert")["evidence"] != []
    with writing(fresh.database) as session:
        session.execute(update(AlertRow).values(owed_at=now() - timedelta(days=3), next_try_at=now()))
    fresh.run("alerts", "deliver", PORTALWATCH_SMTP_PORT="1")
    dead = about(fresh, 2)["answer"]
    assert dead["answer"] == "no"
    assert re.match(r"dead after \d attempts to desk@example.org \(desk\); `portalwatch alerts replay pw_", dead["says"])


def test_a_number_and_a_headline_in_the_other_script_mean_the_article(fresh: House, cape: Portal) -> None:
    cape.publishes(2, 3)
    fresh.crawl("cape")
    with reading(fresh.database) as session:
        number = session.query(ArticleRow.id).filter(ArticleRow.title == "第2號渡輪復航").scalar()
    assert why(fresh, "第2号渡轮复航")["article"] == number
    assert why(fresh, str(number))["url"] == "http://cape.example/article/2"
    assert why(fresh, "cape.example/article/2?from=app#top")["article"] == number
    several = fresh.run("why", "号渡轮复航")
    assert several.returncode == 2
    assert "第3號渡輪復航" in several.stderr
    none = fresh.run("why", "一則沒有人寫過的消息")
    assert (none.returncode, none.stdout) == (1, "")
    assert fresh.run("why", "1", "--topic", "fery").stderr.count("did you mean `ferry`") == 1


def test_lines_in_a_pipe_are_tabbed_and_a_hostile_title_stays_on_its_line(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2, body=page("渡輪\x1b[31m復航\u202e!").encode())
    fresh.crawl("cape")
    out = fresh.run("why", "http://cape.example/article/2").stdout
    assert "\x1b" not in out
    assert "\u202e" not in out
    lines = [line.split("\t") for line in out.splitlines()]
    assert {len(line) for line in lines} == {4}
    assert [line[1].strip() for line in lines][:7] == ["portal", "identity", "listed", "crawl", "page", "article", "story"]


def test_an_unchanged_listing_costs_no_row_and_keeps_its_names(fresh: House, cape: Portal) -> None:
    cape.publishes(2)
    cape.answers["/list"].headers["ETag"] = '"1"'
    for _ in range(2):
        fresh.crawl("cape")
    with reading(fresh.database) as session:
        listing = session.query(Listing).one()
        assert listing.readings == 2
        assert session.query(Listed.last_at).scalar() is None
    assert re.match(r"http://cape.example/list: from .*, still there on ", stage(about(fresh, 2), "listed")["evidence"][0])
