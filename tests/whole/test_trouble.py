"""Each bad input has a plain answer and loses nothing."""

import contextlib
import json
import os
import re
import resource
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from demo.expected import missing_and_unexpected
from pipelines.models import Outcome
from pipelines.points import VARIABLE, Point
from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, PageRow, Run
from spiders.job import now
from tests.whole.conftest import PORTALS, House
from tests.whole.portal import Answer, Portal, page, write_sheet

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"


def evidence(house: House) -> dict[str, str]:
    with reading(house.database) as session:
        run = session.scalars(select(Run).order_by(Run.id.desc()).limit(1)).one()
    return {item["url"].rsplit("/", 1)[-1]: item["why"] for item in run.evidence}


def test_odd_pages_are_counted_and_the_others_read(fresh: House, cape: Portal) -> None:
    whole = page("第九號渡輪復航").encode()
    cape.article(2, body=whole[: len(whole) // 2], claimed=len(whole))
    cape.article(3, body=b"<html>" + b"x" * (11 * 1024 * 1024))
    cape.article(4, status=403)
    cape.article(5, status=302, headers={"Location": "http://elsewhere.example/article/5"})
    cape.article(6, body=page("第六號渡輪復航", "utf-8").encode("gb18030"))
    cape.article(7, body=b"")
    cape.article(8, status=404)
    cape.lists(*range(2, 9))
    told = fresh.crawl("cape")
    assert told["succeeded"]
    assert told["outcomes"] == {"failed": 4, "new": 1, "empty": 1, "not_article": 1}
    why = evidence(fresh)
    assert why["2"] == "the page was cut off on its way"
    assert why["3"] == "larger than 10 MB"
    assert why["4"] == "answered 403 (the portal refuses us)"
    assert why["5"] == "leads off the portal, to elsewhere.example"
    with reading(fresh.database) as session:
        assert "第六號渡輪復航" in session.scalars(select(ArticleRow.title)).all()
        again = session.scalars(select(PageRow.due_at).where(PageRow.outcome == Outcome.FAILED.value)).all()
    assert len(again) == 4
    assert all(again)


def test_a_page_that_failed_is_read_by_a_later_run(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2, status=500)
    assert fresh.crawl("cape")["outcomes"] == {"failed": 1}
    cape.article(2)
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}


def test_robots_txt_is_obeyed(fresh: House, cape: Portal) -> None:
    cape.answers["/robots.txt"].status, cape.answers["/robots.txt"].body = 200, b"User-agent: portalwatch\nDisallow: /article/2\n"
    cape.lists(2, 3)
    cape.article(2)
    cape.article(3)
    assert fresh.crawl("cape")["outcomes"] == {"denied": 1, "new": 1}
    assert "/article/2" not in cape.asked


def test_a_robots_txt_that_fails_means_no(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.answers["/robots.txt"].status = 503
    told = fresh.crawl("cape")
    why = "robots.txt of cape.example answered 503: nothing there is read until it answers"
    assert (told["exit"], told["succeeded"], told["reason"]) == (1, False, why)
    assert set(cape.asked) == {"/robots.txt"}


def test_articles_on_a_host_whose_robots_txt_fails_are_left_and_come_again(fresh: House, cape: Portal) -> None:
    articles = [{"pattern": "^http://(?:local\\.)?cape\\.example/article/(?P<id>\\d+)", "key": "{id}"}]
    write_sheet(fresh.home / "config", cape.url, articles=articles)
    links = "".join(f'<li><a href="http://local.cape.example/article/{number}">第{number}篇</a></li>' for number in (2, 3))
    cape.answers["/list"] = Answer(f"<html><ul id=news>{links}</ul></html>".encode(), headers={"ETag": '"1"'})
    cape.answers["//local.cape.example/robots.txt"] = Answer(status=503)
    told = fresh.crawl("cape")
    why = "robots.txt of local.cape.example answered 503: nothing there is read until it answers"
    assert (told["succeeded"], told["outcomes"], told["reason"]) == (True, {"left": 2}, why)
    with reading(fresh.database) as session:
        assert session.scalars(select(PageRow.outcome)).all() == ["left", "left"]
        assert [item["why"] for item in session.scalars(select(Run.evidence)).one()] == [why]
    del cape.answers["//local.cape.example/robots.txt"]
    cape.article(2)
    cape.article(3)
    assert fresh.crawl("cape")["outcomes"] == {"new": 2}


def test_a_sheet_may_override_robots_txt_with_a_reason_that_is_shown(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2)
    cape.answers["/robots.txt"].status = 503
    write_sheet(fresh.home / "config", cape.url, robots={"reason": "written permission of the publisher, 2026-11-01"})
    assert fresh.crawl("cape")["succeeded"]
    assert "written permission" in fresh.run("portals", "list", "--json").stdout


@pytest.mark.slow
def test_retry_after_ends_the_run_and_keeps_the_next_ones_away(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2, status=429, headers={"Retry-After": "600"})
    told = fresh.crawl("cape")
    assert (told["finish_reason"], told["succeeded"]) == ("asked_to_wait", False)
    cape.asked.clear()
    assert "asked us to wait until" in fresh.crawl("cape")["reason"]
    assert cape.asked == []
    assert "asked us to wait" in fresh.run("portals", "resume", "cape").stdout
    cape.article(2)
    assert fresh.crawl("cape")["outcomes"].get("new") == 1


@pytest.mark.slow
def test_the_daily_budget_is_kept_and_what_is_left_comes_later(fresh: House, cape: Portal) -> None:
    cape.lists(*range(2, 10))
    for number in range(2, 10):
        cape.article(number)
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 0, "concurrency": 1, "budget": 6})  # 2 of them for our manners
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 3, "left": 5}
    write_sheet(fresh.home / "config", cape.url)
    assert fresh.crawl("cape")["outcomes"] == {"new": 5}


def test_a_portal_that_is_away_fails_its_run_in_plain_words(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", "http://127.0.0.1:1")
    told = fresh.crawl("cape")
    assert (told["exit"], told["reason"]) == (1, "unreachable: connection refused")


def test_a_watchlist_that_never_was_good_refuses_the_crawl_before_anything_is_fetched(fresh: House) -> None:
    path = fresh.home / "config" / "watchlist.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text("topics:\n  a: {title: A, query: '(北韓', channel: [desk]}\nchannels: {}\n", encoding="utf-8")
    done = fresh.run("crawl", "dw_zh", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{path}:2:" in done.stderr
    assert "did you mean `channels`?" in done.stderr
    assert "Traceback" not in done.stderr
    path.write_text(good, encoding="utf-8")
    assert fresh.crawl("dw_zh")["succeeded"]


def test_a_watchlist_that_turns_bad_leaves_the_last_good_one_running_and_says_so(fresh: House, cape: Portal) -> None:
    cape.lists(1)
    cape.article(1)
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}
    (fresh.home / "config" / "watchlist.yaml").write_text("topics: [", encoding="utf-8")
    cape.lists(2)
    cape.article(2)
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 1}
    assert "the watchlist is refused" in told["reason"]
    assert len(fresh.world.inbox()) == 2
    assert "FAIL watchlist" in fresh.run("doctor").stdout


def test_a_broken_sheet_is_told_with_its_place_and_the_others_live(fresh: House) -> None:
    (fresh.home / "config" / "portals" / "dw_zh.yaml").write_text("extends: dw_zh\nhots: [a]\n", encoding="utf-8")
    done = fresh.run("crawl", "dw_zh")
    assert done.returncode == 1
    assert "dw_zh.yaml:2:1: unknown key `hots`; did you mean `hosts`?" in done.stderr
    assert fresh.run("portals", "check").returncode == 1
    assert fresh.crawl("bbc_zh")["succeeded"]


@pytest.mark.slow
def test_a_terminal_shows_how_far_a_crawl_is_and_a_pipe_does_not(fresh: House, cape: Portal) -> None:
    cape.publishes(2, 3)
    ours, theirs = os.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=lambda: shown.extend(_read(ours)), daemon=True)
    reader.start()
    command = [sys.executable, "-m", "portalwatch.cli", "crawl", "cape"]
    done = subprocess.run(command, env=fresh.env | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs, text=True, check=False)
    os.close(theirs)
    reader.join(5)
    os.close(ours)
    told = b"".join(shown).decode()
    assert (done.returncode, "2 new" in done.stdout) == (0, True), told
    assert re.search(r"cape: reading (?:listings|pages) . \d fetched", told)
    assert "fetched" not in done.stdout + fresh.run("crawl", "cape").stderr


def _read(terminal: int) -> Iterator[bytes]:
    with contextlib.suppress(OSError):  # the other side is closed
        while piece := os.read(terminal, 4096):
            yield piece


def test_a_missing_watchlist_says_what_to_do(fresh: House) -> None:
    path = fresh.home / "config" / "watchlist.yaml"
    path.unlink()
    done = fresh.run("topics", "check")
    assert (done.returncode, f"{path}: cannot be read: no such file. Write a watchlist (docs/topics.md)" in done.stderr) == (1, True)


def test_an_unknown_portal_is_wrong_use(fresh: House) -> None:
    for command in ("crawl", "portals resume", "portals check", "reextract", "backfill --from 2026-10-01", "archive list", "archive check"):
        name, *options = command.split(" --")
        done = fresh.run(*name.split(), "dw_zk", *(part for each in options for part in f"--{each}".split()))
        assert (done.returncode, "no portal is called `dw_zk`; did you mean `dw_zh`?" in done.stderr) == (2, True), command
    done = fresh.run("crawl", "dw_zh", PORTALWATCH_PORTALS="bbc_zh,park6")
    assert (done.returncode, "the portal `dw_zh` is left out by PORTALWATCH_PORTALS" in done.stderr) == (2, True)


def test_mail_and_webhook_that_refuse_lose_nothing(fresh: House, cape: Portal) -> None:
    hook = f"  crm: {{type: webhook, url: '{fresh.world.url}/_hook/crm', secret_env: DEMO_HOOK_SECRET}}\n"
    (fresh.home / "config" / "watchlist.yaml").write_text(WATCH.replace("[desk]", "[desk, crm]") + hook, encoding="utf-8")
    cape.lists(2)
    cape.article(2)
    fresh.world.fail(smtp={"code": 451, "times": 1000}, hook={"status": 500, "times": 1000})
    assert fresh.crawl("cape")["succeeded"]
    assert (fresh.world.inbox(), fresh.world.hooks()) == ([], [])
    with reading(fresh.database) as session:
        assert [row.state for row in session.scalars(select(AlertRow))] == ["retrying"] * 2
    fresh.world.fail(smtp={"code": 451, "times": 0}, hook={"status": 500, "times": 0})
    with writing(fresh.database) as session:
        session.execute(update(AlertRow).values(next_try_at=now()))
    assert fresh.run("alerts", "deliver").stdout.startswith("2 messages sent")
    assert (len(fresh.world.inbox()), len(fresh.world.hooks())) == (1, 1)


def test_a_mail_server_that_is_away_is_told_and_tried_again(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2)
    assert fresh.crawl("cape", PORTALWATCH_SMTP_PORT="1")["succeeded"]
    with reading(fresh.database) as session:
        row = session.scalars(select(AlertRow)).one()
    assert row.state == "retrying"
    assert "refused" in (row.answer or "")


def test_an_archive_that_cannot_be_written_does_not_stop_a_crawl(fresh: House, cape: Portal) -> None:
    (fresh.home / "archive").write_text("a file where a folder should be", encoding="utf-8")
    cape.lists(2)
    cape.article(2)
    told = fresh.crawl("cape")
    assert (told["outcomes"], told["succeeded"]) == ({"new": 1}, True)
    assert "archiving stopped" in told["reason"]


@pytest.mark.slow
def test_a_locked_database_is_waited_for(fresh: House, cape: Portal) -> None:
    cape.lists(2)
    cape.article(2)
    holder = sqlite3.connect(fresh.home / "portalwatch.db", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(4.0, lambda: holder.execute("COMMIT"))
    release.start()
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}
    release.join()
    holder.close()


def test_a_database_that_takes_nothing_more_ends_the_run_and_what_it_left_comes_again(fresh: House, cape: Portal) -> None:
    numbers = range(2, 30)
    cape.lists(*numbers)
    for number in numbers:
        cape.article(number)
    held = cape.answers["/article/3"].after = threading.Event()
    crawl = fresh.start("crawl", "cape", "--json")
    while "/article/3" not in cape.asked:
        time.sleep(0.05)
    resource.prlimit(crawl.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))  # less than the database, more than what is said
    held.set()
    cape.asked.clear()
    _, err = crawl.communicate()
    assert crawl.returncode == 1
    assert "ERROR cape: the run ends: the database does not answer: disk I/O error" in err
    assert ("Traceback" in err, len(cape.asked) < len(numbers) - 2) == (False, True)
    fresh.forget_heartbeats()
    assert fresh.crawl("cape")["succeeded"]
    fresh.run("alerts", "deliver")
    told = [mail["message_id"] for mail in fresh.world.inbox()]
    assert len(told) == len(set(told)) == len(numbers)


def test_a_delivery_that_the_database_refuses_leaves_the_crawl_to_end_in_order(fresh: House, cape: Portal) -> None:
    cape.publishes(2)
    crawl = fresh.start("crawl", "cape", "--json", **{VARIABLE: Point.ALERT_SENT})
    assert crawl.halts()
    resource.prlimit(crawl.pid, resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
    crawl.go_on()
    _, err = crawl.communicate()
    assert "WARNING cape: alerts wait for the next delivery: the database does not answer: disk I/O error" in err
    assert ("Traceback" in err, crawl.returncode) == (False, 1)


def test_an_upgrade_that_the_database_refuses_says_why(fresh: House) -> None:
    (fresh.home / "portalwatch.db").mkdir()
    done = fresh.run("db", "upgrade")
    assert (done.returncode, done.stderr) == (1, "portalwatch: the database does not answer: unable to open database file\n")


@pytest.mark.slow
def test_two_crawls_of_one_portal_at_once_keep_each_article_once(fresh: House) -> None:
    fresh.crawl_all()
    fresh.world.set_phase(1)
    both = [fresh.start("crawl", "storm_mg", "--json") for _ in range(2)]
    for process in both:
        out, err = process.communicate(timeout=90)
        told = json.loads(out.splitlines()[-1])
        assert sum(told["outcomes"].values()) == told["discovered"], err
    for portal_name in PORTALS:
        fresh.crawl(portal_name)
    assert missing_and_unexpected(fresh.world.inbox(), fresh.world.hooks(), upto=1) == ([], [])


@pytest.mark.slow
def test_a_crawl_that_is_killed_anywhere_loses_and_doubles_nothing(fresh: House) -> None:
    fresh.crawl_all()
    fresh.world.set_phase(1)
    for delay in (1.6, 2.0, 2.3, 2.6, 3.0):
        killed = fresh.start("crawl", "storm_mg", "--json")
        time.sleep(delay)
        killed.kill()
        killed.communicate()
    with writing(fresh.database) as session:
        session.execute(update(AlertRow).where(AlertRow.state == "sending").values(next_try_at=now()))
    fresh.forget_heartbeats()
    for portal_name in PORTALS:
        assert fresh.crawl(portal_name)["succeeded"]
    inbox, hooks = fresh.world.inbox(), fresh.world.hooks()
    once = list({mail["message_id"]: mail for mail in inbox}.values())
    assert missing_and_unexpected(once, hooks, upto=1) == ([], [])
    with reading(fresh.database) as session:
        urls = session.scalars(select(ArticleRow.url)).all()
    assert len(urls) == len(set(urls))


@pytest.mark.slow
def test_sigterm_closes_a_crawl_with_a_balanced_run(fresh: House, cape: Portal) -> None:
    cape.lists(*range(2, 30))
    for number in range(2, 30):
        cape.article(number)
    write_sheet(fresh.home / "config", cape.url, pace={"delay": 1, "concurrency": 1, "budget": 100})
    process = fresh.start("crawl", "cape", "--json")
    deadline = time.monotonic() + 30
    while "/article/2" not in cape.asked and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    process.terminate()
    out, _ = process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    told = json.loads(out.splitlines()[-1])
    assert told["finish_reason"] == "shutdown"
    assert sum(told["outcomes"].values()) == told["discovered"] == 28
    assert told["outcomes"]["left"] > 0
