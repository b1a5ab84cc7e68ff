"""How a portal is found, and how we behave when it refuses: real crawls of a portal that does what it is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select, update

from pipelines.store import standings
from pipelines.store.database import reading, writing
from pipelines.store.standings import Standing
from pipelines.store.tables import HostDay, PageRow, Run, Source
from pipelines.store.tables import Portal as PortalRow
from spiders.job import now
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page, portal, write_sheet

LIST = {"type": "listing", "url": "http://cape.example/list", "item": "#news li"}
PAGED = LIST | {"next": "http://cape.example/list/{n}", "pages": 3}
FEED = {"type": "feed", "url": "http://cape.example/feed"}
LOCAL = {"type": "listing", "url": "http://local.cape.example/list", "item": "#news li"}
NUMBERED = [
    {"pattern": "^http://cape\\.example/article/(?P<id>\\d+)", "key": "{id}", "url": "http://cape.example/article/{id}", "sequence": "id"}
]


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal that does what a test tells it to, as if its learning run were over."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        fresh.learned("cape")
        yield up


def feed(*numbers: int) -> Answer:
    items = "".join(f"<item><link>http://cape.example/article/{number}</link></item>" for number in numbers)
    return Answer(f"<rss version='2.0'><channel>{items}</channel></rss>".encode(), headers={"Content-Type": "application/rss+xml"})


def sitemap(*numbers: int, **headers: str) -> Answer:
    items = "".join(f"<url><loc>http://cape.example/article/{number}</loc></url>" for number in numbers)
    return Answer(f"<urlset>{items}</urlset>".encode(), headers=headers)


def api(*numbers: int) -> Answer:
    return Answer(json.dumps({"items": [{"link": f"/article/{number}"} for number in numbers]}).encode())


def pause_ends(house: House) -> None:
    """As if the time of every pause had passed."""
    with writing(house.database) as session:
        row = session.get_one(PortalRow, "cape")
        ended = (now() - timedelta(seconds=1)).isoformat()
        row.standings = {host: each | {"until": ended} for host, each in (row.standings or {}).items() if each["until"]}


def pauses(house: House) -> dict[str, float]:
    """{host: seconds of its last pause}."""
    with reading(house.database) as session:
        return {host: each["pause"] for host, each in (session.get_one(PortalRow, "cape").standings or {}).items()}


def line(house: House) -> dict[str, Any]:
    """What `portals list` says of the portal."""
    listed = [json.loads(text) for text in house.run("portals", "list", "--json").stdout.splitlines()]
    return next(each for each in listed if each["portal"] == "cape")


def test_every_kind_of_listing_is_read_once_while_it_stays_the_same(fresh: House, cape: Portal) -> None:
    posted = {"type": "json", "url": "http://cape.example/api", "items": "items", "link": "link"}
    asked = [posted | {"body": {"page": 1, "tags": [kind]}} for kind in ("a", "b")]
    kinds = [LIST, FEED, {"type": "sitemap", "url": "http://cape.example/index.xml"}, posted | {"url": "http://cape.example/get"}, *asked]
    write_sheet(fresh.home / "config", cape.url, discovery=kinds)
    cape.publishes(1)
    index = "<sitemapindex><sitemap><loc>http://cape.example/map.xml</loc></sitemap></sitemapindex>"
    cape.answers |= {
        "/feed": feed(2),
        "/get": api(3),
        "/api": api(5),
        "/index.xml": Answer(index.encode()),
        "/map.xml": sitemap(4, ETag='"a"'),
    }
    cape.answers["/feed"].headers["Last-Modified"] = "Sun, 22 Nov 2026 08:00:00 GMT"
    for number in range(1, 6):
        cape.article(number)
    assert fresh.crawl("cape")["outcomes"] == {"new": 5}
    assert {json.loads(body)["tags"][0] for body in cape.posted} == {"a", "b"}
    with reading(fresh.database) as session:
        assert len([url for url in session.scalars(select(Source.url)) if url.startswith("http://cape.example/api ")]) == 2
    cape.asked.clear()
    cape.answers |= {"/map.xml": sitemap(4, 6, ETag='"b"'), "/api": api(5, 7)}
    cape.article(6)
    cape.article(7)
    assert fresh.crawl("cape")["outcomes"] == {"known": 2, "new": 2}  # three of the five stand in listings that did not change
    assert {"/list", "/feed", "/index.xml", "/map.xml", "/get", "/api"} <= set(cape.asked)


@pytest.mark.slow
def test_an_edited_sheet_reads_what_did_not_change(fresh: House, cape: Portal) -> None:
    cape.publishes(1)
    cape.answers["/list"].headers["ETag"] = '"1"'
    told = [fresh.crawl("cape") for _ in range(2)]
    assert [(each["succeeded"], each["outcomes"]) for each in told] == [(True, {"new": 1}), (True, {})]
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST | {"item": "ul li"}])
    assert fresh.crawl("cape")["outcomes"] == {"known": 1}


@pytest.mark.slow
def test_a_listing_may_end_before_the_pages_that_its_sheet_allows(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[PAGED | {"url": "http://cape.example/young"}])
    cape.publishes(1, 2)
    cape.answers["/young"] = cape.answers.pop("/list")
    told = fresh.crawl("cape")
    assert (told["succeeded"], told["reason"]) == (True, None)
    cape.lists(1, 2, 3, at="/young")
    cape.article(3)
    assert fresh.crawl("cape")["outcomes"] == {"known": 2, "new": 1}
    with reading(fresh.database) as session:
        assert [row.learned for row in session.scalars(select(PageRow).order_by(PageRow.identity))] == [True, True, False]


@pytest.mark.slow
def test_an_answer_that_nobody_asked_for_is_no_listing(fresh: House, cape: Portal) -> None:
    cape.answers["/list"] = Answer(status=304)
    assert fresh.crawl("cape")["reason"] == "answered 304"


@pytest.mark.slow
def test_news_behind_a_wholly_pinned_page_is_found(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[PAGED])
    for number in range(1, 12):
        cape.article(number)
    cape.lists(1, 2, 3)
    cape.answers["/list"].headers["ETag"] = '"pinned"'
    cape.lists(8, 7, 6, at="/list/2")
    cape.lists(5, 4, at="/list/3")
    assert fresh.crawl("cape")["outcomes"] == {"new": 8}
    for newest in (9, 10):
        cape.lists(newest, newest - 1, newest - 2, at="/list/2")
        assert fresh.crawl("cape")["outcomes"]["new"] == 1


def test_gaps_in_a_running_number_are_looked_up_a_few_a_run_and_once(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, articles=NUMBERED, pace={"delay": 0, "concurrency": 2, "budget": 1000, "gaps": 2})
    cape.publishes(100, 103, 106)
    cape.article(105)
    assert fresh.crawl("cape")["numbers"] == [{"numbers": "{id}", "from": 100, "to": 106, "held": 3, "missing": 0, "gaps": 4}]
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 1, "not_article": 1}
    assert told["numbers"] == [{"numbers": "{id}", "from": 100, "to": 106, "held": 4, "missing": 1, "gaps": 2}]
    assert cape.asked.count("/article/105") == cape.asked.count("/article/104") == 1


@pytest.mark.slow
def test_a_gap_that_is_no_article_is_not_asked_again_and_again(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, articles=NUMBERED)
    cape.publishes(100, 103, 106)
    fresh.crawl("cape")
    assert fresh.crawl("cape")["outcomes"] == {"not_article": 4}
    cape.asked.clear()
    assert fresh.crawl("cape")["outcomes"] == {}
    assert not [path for path in cape.asked if path.startswith("/article/")]
    write_sheet(fresh.home / "config", cape.url, articles=NUMBERED, pace={"delay": 0, "gaps": 0})
    cape.publishes(100, 103, 106, 109)
    assert fresh.crawl("cape")["outcomes"] == {"known": 3, "new": 1}


def test_two_views_tell_the_share_that_we_hold(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, FEED])
    in_feed, in_list = [n for n in range(1, 41) if n % 4], [n for n in range(1, 41) if n % 3]
    cape.publishes(*in_list)
    for number in in_feed:
        cape.article(number)
    cape.answers["/feed"] = feed(*in_feed)
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": len({*in_feed, *in_list})}
    assert told["share"] == pytest.approx(37 / 40, abs=0.03)  # 3 in 40 stand in neither
    assert told["views"]["views"] == {"feeds": 30, "listings": 27}
    assert line(fresh)["share"] == told["share"]
    with writing(fresh.database) as session:
        for share in (0.97, 0.96, 0.98, 0.97, 0.99, 0.7):
            session.add(Run(portal="cape", started_at=now(), learning=False, share=share))
    assert "FAIL share of cape: we hold about 70% of it, usual is 97%" in fresh.run("doctor").stdout


@pytest.mark.slow
def test_one_view_tells_no_share_and_says_so(fresh: House, cape: Portal) -> None:
    cape.publishes(*range(1, 12))
    told = fresh.crawl("cape")
    assert (told["share"], told["views"]["why"]) == (None, "only one view (listings)")
    assert "only one view" in fresh.run("portals", "list").stdout
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, PAGED | {"url": "http://cape.example/other", "view": "other"}])
    cape.answers["/other"] = cape.answers["/list"]
    assert fresh.crawl("cape")["share"] == 1.0


def test_a_portal_that_refuses_again_and_again_is_left_alone(fresh: House, cape: Portal) -> None:
    cape.lists(*range(1, 20))
    for number in range(1, 20):
        cape.article(number, status=403)
    told = fresh.crawl("cape")
    assert (told["finish_reason"], told["succeeded"], sum(told["outcomes"].values())) == ("refused", False, 19)
    assert 5 <= told["outcomes"]["failed"] <= 6  # two are in flight at once
    assert "cape.example refused us 5 times in a row (answered 403): not asked until" in told["reason"]
    with reading(fresh.database) as session:
        rows = session.scalars(select(PageRow.outcome)).all()
    assert (rows.count("left"), rows.count("failed")) == (told["outcomes"]["left"], told["outcomes"]["failed"])
    cape.asked.clear()
    told = fresh.crawl("cape")
    assert (told["finish_reason"], told["discovered"], cape.asked) == ("not_started", 0, [])
    assert "refused us 5 times" in line(fresh)["paused"][0]
    assert "FAIL pause of cape: cape.example refused us 5 times" in fresh.run("doctor").stdout


@pytest.mark.slow
def test_after_a_pause_one_listing_is_tried_and_then_one_article(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, LIST | {"url": "http://cape.example/other"}])
    cape.lists(*range(1, 20))
    for number in range(1, 20):
        cape.article(number, status=403)
    fresh.crawl("cape")
    cape.asked.clear()
    pause_ends(fresh)
    cape.answers["/list"].status = 403
    assert fresh.crawl("cape")["finish_reason"] == "refused"
    assert [path for path in cape.asked if "robots" not in path] == ["/list"]
    assert pauses(fresh) == {"cape.example": 1200.0}
    pause_ends(fresh)
    cape.answers["/list"].status = 200
    cape.asked.clear()
    assert fresh.crawl("cape")["outcomes"] == {"failed": 1, "left": 18}
    assert len([path for path in cape.asked if path.startswith("/article/")]) == 1
    assert pauses(fresh) == {"cape.example": 2400.0}
    pause_ends(fresh)
    cape.publishes(*range(1, 20))
    told = fresh.crawl("cape")
    assert (told["succeeded"], told["outcomes"]["new"] + told["outcomes"].get("left", 0)) == (True, 19)
    assert (pauses(fresh), line(fresh)["paused"]) == ({}, [])
    assert fresh.crawl("cape")["outcomes"].get("new", 0) == told["outcomes"].get("left", 0)


@pytest.mark.slow
def test_challenge_pages_in_a_row_pause_the_portal_and_a_person_may_resume_it(fresh: House, cape: Portal) -> None:
    challenge = b"<html><title>Just a moment...</title><body><h1>Checking your browser</h1></body></html>"
    cape.lists(*range(1, 12))
    for number in range(1, 32):
        cape.article(number, body=challenge)
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 0, "concurrency": 1, "budget": 1000})
    fresh.crawl("cape")
    assert pauses(fresh) == {"cape.example": 600.0}
    pause_ends(fresh)
    cape.lists(*range(1, 32))
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 0.3, "concurrency": 1, "budget": 1000})
    told = fresh.crawl("cape")
    assert (told["finish_reason"], told["succeeded"]) == ("refused", False)
    assert told["outcomes"]["left"] > 0
    assert "(a challenge page)" in told["reason"]
    assert "refused us" in fresh.run("portals", "resume", "cape").stdout
    assert "not asked until" not in fresh.run("portals", "list").stdout
    assert "its pause is over, the next run asks again" in fresh.run("portals", "list").stdout
    assert fresh.run("portals", "resume", "cape").stdout == "cape: it was not paused\n"
    assert fresh.run("portals", "resume", "cap").returncode != 0
    cape.answers["/list"] = Answer(challenge)
    assert "a challenge page" in fresh.crawl("cape")["reason"]
    for _ in range(5):
        told = fresh.crawl("cape")
    assert (told["finish_reason"], pauses(fresh)) == ("not_started", {"cape.example": 600.0})


@pytest.mark.slow
def test_missing_pages_are_no_refusal(fresh: House, cape: Portal) -> None:
    cape.lists(*range(1, 12))
    assert fresh.crawl("cape")["outcomes"] == {"not_article": 11}
    assert pauses(fresh) == {}


@pytest.mark.slow
def test_a_host_of_several_rests_alone(fresh: House, cape: Portal) -> None:
    pattern = {"pattern": "^http://(?P<host>[a-z.]*)cape\\.example/article/(?P<id>\\d+)", "key": "{host}{id}"}
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, LOCAL], articles=[pattern])
    cape.publishes(1, 2)
    cape.lists(*range(3, 15), at="//local.cape.example/list")
    cape.answers |= {f"//local.cape.example/article/{number}": Answer(status=429) for number in range(3, 15)}
    told = fresh.crawl("cape")
    assert (told["succeeded"], told["outcomes"]["new"]) == (True, 2)
    assert told["outcomes"]["left"] > 0
    assert "local.cape.example refused us 5 times" in line(fresh)["paused"][0]
    cape.publishes(1, 2, 3)
    told = fresh.crawl("cape")
    assert (told["succeeded"], told["outcomes"]) == (True, {"known": 2, "new": 1})
    assert "local.cape.example refused us" in told["reason"]
    pause_ends(fresh)
    cape.answers |= {f"//local.cape.example/article/{number}": Answer(page(f"第{number}號渡輪").encode()) for number in range(3, 15)}
    assert fresh.crawl("cape")["outcomes"]["new"] > 0
    fresh.crawl("cape")
    with reading(fresh.database) as session:
        assert set(session.scalars(select(PageRow.outcome))) == {"new"}


@pytest.mark.slow
def test_what_is_due_is_looked_at_though_a_listing_is_read_first(fresh: House, cape: Portal) -> None:
    cape.publishes(1)
    fresh.crawl("cape")
    with writing(fresh.database) as session:
        session.execute(update(PageRow).values(due_at=now()))
        refused = Standing(refusals=5, until=now() - timedelta(seconds=1), why="answered 403")
        standings.keep(session, "cape", {}, {"cape.example": refused})  # on trial, so that the listing is waited for
    cape.publishes(1, 2)
    assert fresh.crawl("cape")["outcomes"] == {"unchanged": 1, "new": 1}


@pytest.mark.slow
def test_what_a_portal_reserves_is_told_and_obeyed_where_the_sheet_says_so(fresh: House, cape: Portal) -> None:
    rules = [
        {"location": "/", "tdm-reservation": 1, "tdm-policy": "https://cape.example/policy"},
        {"location": "/list", "tdm-reservation": 0},
    ]
    cape.answers["/.well-known/tdmrep.json"] = Answer(json.dumps(rules).encode())
    cape.publishes(1)
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 1}
    assert told["reserved"] == ["http://cape.example reserves text and data mining (https://cape.example/policy)"]
    cape.asked.clear()
    write_sheet(fresh.home / "config", cape.url, tdm="obey")
    cape.publishes(1, 2)
    assert fresh.crawl("cape")["outcomes"] == {"known": 1, "denied": 1}
    assert not {"/article/2", "/.well-known/tdmrep.json"} & set(cape.asked)
    write_sheet(fresh.home / "config", cape.url, tdm={"reason": "licence of the publisher, 2026-11-01"})
    assert "read all the same: licence of the publisher" in fresh.run("portals", "list").stdout


@pytest.mark.slow
def test_a_header_reserves_its_page(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, tdm="obey")
    cape.publishes(1, 2)
    cape.answers["/article/2"].headers["TDM-Reservation"] = "1"
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 1, "denied": 1}
    assert told["reserved"] == ["http://cape.example reserves text and data mining"]


@pytest.mark.slow
def test_the_budget_of_a_day_holds_for_every_host_over_runs(fresh: House, cape: Portal) -> None:
    write_sheet(
        fresh.home / "config", cape.url, discovery=[LOCAL], pace={"delay": 0, "concurrency": 1, "budget": 5},
        articles=[{"pattern": "^http://local\\.cape\\.example/article/(?P<id>\\d+)", "key": "{id}"}],
    )  # fmt: skip
    cape.publishes(*range(1, 9))
    assert fresh.crawl("cape")["outcomes"] == {"new": 2, "left": 6}
    cape.asked.clear()
    fresh.crawl("cape")
    assert cape.asked == []
    with reading(fresh.database) as session:
        assert session.get_one(HostDay, ("local.cape.example", datetime.now(UTC).date())).requests == 5


@pytest.mark.slow
def test_a_crawl_delay_stays_as_long_as_it_was_asked_for(fresh: House, cape: Portal) -> None:
    """Without a gateway, since only then AutoThrottle learns how fast the portal answers, and shortens the pauses."""
    port = cape.url.rsplit(":", 1)[1]
    sheet = json.loads((fresh.home / "config" / "portals" / "cape.yaml").read_text(encoding="utf-8"))
    del sheet["gateway"]
    sheet |= {"hosts": ["localhost"], "discovery": [LIST | {"url": f"http://localhost:{port}/x/list"}]}
    sheet["articles"] = [{"pattern": "^http://localhost:\\d+/article/(?P<id>\\d+)", "key": "{id}"}]
    (fresh.home / "config" / "portals" / "cape.yaml").write_text(json.dumps(sheet), encoding="utf-8")
    cape.lists(*range(1, 9))
    cape.answers |= {"//robots.txt/": Answer(b"User-agent: *\nCrawl-delay: 0.8\n")}
    cape.answers |= {f"//article/{number}": Answer(page(f"第{number}號渡輪").encode()) for number in range(1, 9)}
    assert fresh.crawl("cape", PORTALWATCH_ALLOW_HOSTS="localhost")["outcomes"] == {"new": 8}
    assert min(later - sooner for sooner, later in pairwise(cape.times[2:])) > 0.3  # Scrapy varies a pause by half
