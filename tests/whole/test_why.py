"""Every answer of `why`, each brought about for real: a portal that does it, a crawl, and the question."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, Listing, Source
from spiders.job import now
from tests.whole.conftest import House, house
from tests.whole.portal import Answer, Portal, page, portal, write_sheet

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡轮 NOT 火車, channels: [desk]}
  rail: {title: 火車, query: (火車 OR 高鐵) AND 復航 NOT 渡輪, channels: [desk]}
  elsewhere: {title: 別處, query: 渡輪, portals: [dw_zh], channels: [desk]}
  moon: {title: 月, query: 月球 火箭, channels: [desk]}
  sun: {title: 日, query: 太陽, channels: [desk]}
  near: {title: 近, query: 渡輪 火箭, channels: [desk]}
  over: {title: 過期, query: 渡輪, expires: 2020-01-01, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
"""
CHALLENGE = "<html><head><title>Just a moment...</title></head><body><script src=/cdn-cgi/challenge-platform/x.js></script></body></html>"
LISTINGS = [{"type": "listing", "url": f"http://cape.example/{name}", "item": "#news li"} for name in ("list", "still")]


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal that does what a test tells it to, and topics on it, as if its learning run were over."""
    with portal() as up:
        prepare(fresh, up)
        yield up


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[House]:
    """A house after two crawls of a portal of which much went wrong, and whose second listing never changes."""
    with house(tmp_path_factory.mktemp("why"), valkey) as made, portal() as up:
        prepare(made, up, discovery=LISTINGS)
        with writing(made.database) as session:
            session.add(Source(portal="cape", url="http://cape.example/still", cut=False, read_at=now()))
        up.publishes(2, 3, 4, 5, 6, 7, 10)
        up.lists(2, at="/still")
        up.answers["/still"].headers["ETag"] = '"1"'
        up.answers["/robots.txt"] = Answer(b"User-agent: *\nDisallow: /article/3\n")
        up.article(10, body=page("碼頭\x1b[31m停\u202e航").encode())
        up.article(4, body=CHALLENGE.encode())
        up.article(5, body=b"")
        up.article(6, status=500)
        up.answers.pop("/article/7")
        made.crawl("cape")
        up.lists(4, 5, 6, 7, 8, 10)
        up.article(8, body=page("第2號渡輪復航", foot="<p>轉載</p>").encode())
        made.crawl("cape")
        yield made


def prepare(made: House, up: Portal, **keys: Any) -> None:
    write_sheet(made.home / "config", up.url, **keys)
    (made.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
    made.learned("cape")


def why(house: House, reference: str | int, *options: str, **env: str) -> dict[str, Any]:
    address = f"http://cape.example/article/{reference}" if isinstance(reference, int) else reference
    done = house.run("why", address, "--json", *options, **env)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def stage(told: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in flat(told["stages"]) if each["stage"] == name)


def flat(stages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for each in stages:
        yield each
        yield from flat(each["below"])


def test_a_host_that_nobody_watches_is_told_with_those_that_are(old: House) -> None:
    told = why(old, "unheard.example/news/1")
    assert told["answer"] == {"stage": "portal", "answer": "no", "says": "no portal is watched under this host"}
    watched, add = told["stages"][0]["evidence"]
    assert "cape.example" in watched
    assert "portals add https://unheard.example/news/1" in add


def test_an_address_that_is_no_article_is_told_with_the_patterns(old: House) -> None:
    told = why(old, "http://cape.example/about")
    assert told["answer"]["says"] == "cape knows the host, and no article under such an address; its sheet's patterns are"
    assert why(old, "http://cape.example/list")["answer"]["says"] == "a listing of cape, no article"


def test_what_no_listing_named_was_never_listed(old: House) -> None:
    told = why(old, 9)
    assert re.fullmatch(r"never listed in the 4 readings since .*", told["answer"]["says"])
    assert sorted(line.split(" since ")[0] for line in stage(told, "listed")["evidence"]) == [
        "http://cape.example/list: 2 readings",
        "http://cape.example/still: 2 readings",
    ]
    assert stage(told, "page")["says"] == "never fetched"


def test_what_a_listing_names_no_more_rolled_off(old: House) -> None:
    off = stage(why(old, 3), "listed")
    assert off["answer"] == "no"
    assert re.fullmatch(r"listed from (.*) until \1, then it rolled off", off["says"])


def test_a_listing_that_did_not_change_still_names_what_it_named(old: House) -> None:
    listed = stage(why(old, 2), "listed")
    assert listed["answer"] == "yes"
    until, still = sorted(listed["evidence"])
    assert re.match(r"http://cape.example/list: from .*, until ", until)
    assert re.match(r"http://cape.example/still: from .*, still there on ", still)


def test_what_a_page_turned_out_to_be(old: House) -> None:
    said = {number: why(old, number) for number in (3, 4, 5, 6, 7)}
    assert said[3]["answer"] == {"stage": "page", "answer": "no", "says": "denied: robots.txt does not allow it"}
    assert said[4]["answer"]["says"].startswith("a challenge page stood in its place on ")
    assert said[5]["answer"]["says"].startswith("empty on ")
    assert said[7]["answer"]["says"].startswith("its page says that it is not there on ")
    assert stage(said[4], "archive")["says"].startswith("archived 1 times")
    failed = stage(said[6], "page")
    assert (failed["answer"], failed["evidence"]) == ("wait", ["answered 500"])
    assert re.search(r"^failed 2 times, last on .*; next look due ", failed["says"])
    assert failed["next_look"] is not None


def test_a_match_is_told_with_its_words_and_a_topic_that_did_not_with_the_clause_that_failed(old: House) -> None:
    told = why(old, 2)
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


def test_topics_that_were_far_from_a_match_are_counted_unless_all_are_asked(old: House) -> None:
    said, everyone = (old.run("why", "http://cape.example/article/2", *more).stdout for more in ((), ("--all",)))
    topics = re.findall(r"\ttopic\t(.*?)\t", said)
    assert [topic.split(":")[0] for topic in topics] == ["ferry", "elsewhere", "near", "over", "3 other topics"]
    assert topics[-1] == "3 other topics: none of their words (2), too few of their words (1); --all tells their clauses"
    assert "月球" not in said
    assert "月球: not there" in everyone
    assert len(re.findall(r"\ttopic\t", everyone)) == 7
    assert "月球: not there" in old.run("why", "http://cape.example/article/2", "--topic", "moon").stdout


def test_a_long_address_is_clipped_for_people_only(old: House) -> None:
    tail = "%E6%B8%A1" * 30
    address = f"http://unheard.example/{tail}/end"
    said = old.run("why", address).stdout
    assert f"`portalwatch portals add {address}` drafts" in said
    known = f"http://cape.example/article/2?from={tail}/end"
    assert f"{known[:53]}…" in old.run("why", known).stdout
    assert known in old.run("why", known, "--json").stdout


def test_a_copy_is_told_with_its_story_and_who_had_that(old: House) -> None:
    copy = why(old, 8, "--topic", "ferry")
    assert re.match(r"copy in story \d+: of article \d+ \(cape, ", stage(copy, "story")["says"])
    assert copy["answer"]["says"].startswith("desk@example.org (desk) has the story already: sent to ")


def test_a_number_a_headline_in_the_other_script_and_any_form_of_the_address_mean_the_article(old: House) -> None:
    with reading(old.database) as session:
        number, title = session.execute(select(ArticleRow.id, ArticleRow.title).where(ArticleRow.url.endswith("/article/2"))).first()  # type: ignore[misc]
    assert title == "第2號渡輪復航"
    assert why(old, str(number))["url"] == "http://cape.example/article/2"
    assert why(old, "cape.example/article/2?from=app#top")["article"] == number
    several = old.run("why", "第2号渡轮复航")
    assert (several.returncode, several.stdout) == (2, "")
    assert "http://cape.example/article/2" in several.stderr
    assert "http://cape.example/article/8" in several.stderr
    none = old.run("why", "一則沒有人寫過的消息")
    assert (none.returncode, none.stdout) == (1, "")
    assert "did you mean `ferry`" in old.run("why", "1", "--topic", "fery").stderr


def test_lines_in_a_pipe_are_tabbed_and_a_hostile_title_stays_on_its_own(old: House) -> None:
    out = old.run("why", "http://cape.example/article/10").stdout
    lines = [line.split("\t") for line in out.splitlines()]
    assert {len(line) for line in lines} == {4}
    assert [line[1].strip() for line in lines][:8] == ["answer", "portal", "identity", "listed", "crawl", "page", "article", "story"]
    assert "碼頭" in lines[6][2]
    assert not set(out) & {"\x1b", "\u202e"}


def test_a_terminal_shows_a_tree_under_its_answer(old: House) -> None:
    out = old.run("why", "http://cape.example/article/4", FORCE_COLOR="1", TERM="xterm", COLUMNS="200").stdout
    lines = re.sub(r"\x1b\[[\d;]*m", "", out).splitlines()
    assert lines[0].startswith("✗ a challenge page stood in its place on ")
    assert lines[1] == "├── ✓ portal: cape (海岬日報) reads cape.example"


def test_explain_tells_the_clauses_of_a_topic_as_why_does(old: House) -> None:
    told = old.run("explain", "--topic", "rail", stdin='{"id": 1, "title": "火车复航", "text": ""}\n').stdout
    clauses = json.loads(told)["clauses"]
    assert [(each["clause"], each["holds"]) for each in clauses] == [("火車 OR 高鐵", True), ("復航", True), ("NOT 渡輪", True)]
    assert old.run("explain", "--topic", "rial", stdin="{}").returncode == 2


def test_what_was_there_before_we_watched_is_learned(fresh: House) -> None:
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        assert why(fresh, 2)["answer"]["says"] == "never listed: no listing of the portal was read yet"
        up.publishes(2)
        fresh.crawl("cape")
        told = why(fresh, 2)
    assert told["answer"]["says"] == "learned: it was there before we watched, so nobody is told"
    assert stage(why(fresh, 3, PORTALWATCH_PORTALS="dw_zh"), "crawl")["says"] == "left out by PORTALWATCH_PORTALS"


def test_what_a_channel_answered_and_when_it_is_tried_again(fresh: House, cape: Portal) -> None:
    cape.publishes(2)
    fresh.crawl("cape", PORTALWATCH_SMTP_PORT="1")
    told = why(fresh, 2)
    assert (told["answer"]["stage"], told["answer"]["answer"]) == ("alert", "wait")
    assert re.match(r"retrying at .*: desk@example.org \(desk\) failed [12] times so far", told["answer"]["says"])
    assert stage(told, "alert")["evidence"] != []
    with writing(fresh.database) as session:
        session.execute(update(AlertRow).values(owed_at=now() - timedelta(days=3), next_try_at=now()))
    fresh.run("alerts", "deliver", PORTALWATCH_SMTP_PORT="1")
    dead = why(fresh, 2)["answer"]
    assert dead["answer"] == "no"
    assert re.match(r"dead after \d attempts to desk@example.org \(desk\); `portalwatch alerts replay pw_", dead["says"])


@pytest.mark.slow
def test_what_was_left_says_what_kept_it(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 0, "concurrency": 1, "budget": 4})
    cape.publishes(2, 3)
    assert fresh.crawl("cape")["outcomes"]["left"]
    left = stage(why(fresh, 3), "page")
    assert left["says"].startswith("left on ")
    assert left["evidence"] == ["cape.example had its 4 requests of today"]
    assert stage(why(fresh, 9), "crawl")["says"].startswith("cape.example had its 4 requests of today; the next ones are from ")


@pytest.mark.slow
def test_a_portal_that_is_paused_says_so(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2, status=429, headers={"Retry-After": "600"})
    fresh.crawl("cape")
    assert stage(why(fresh, 2), "crawl")["says"].startswith("paused: cape.example asked us to wait until ")
    with reading(fresh.database) as session:
        assert session.scalars(select(Listing.url)).all() == ["http://cape.example/list"]
