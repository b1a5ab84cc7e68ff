"""What an attack on the first version found, each finding a test."""

import shutil
import sqlite3
import threading
import time

import pytest
from sqlalchemy import delete, func, select, update

from pipelines.models import Outcome
from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, PageRow, Source
from pipelines.store.tables import Portal as PortalRow
from spiders.job import now
from tests.conftest import wait_for
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page, write_sheet

pytestmark = pytest.mark.slow

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
LIST = {"type": "listing", "url": "http://cape.example/list", "item": "#news li"}


def unlearn(house: House) -> None:
    with writing(house.database) as session:
        session.execute(delete(PortalRow))
        session.execute(delete(Source))


def articles(house: House) -> int:
    with reading(house.database) as session:
        return session.scalar(select(func.count()).select_from(ArticleRow)) or 0


def lists(cape: Portal, *numbers: int) -> None:
    cape.lists(*numbers)
    for number in numbers:
        cape.article(number)


def killed_while_fetching(house: House, cape: Portal) -> None:
    write_sheet(house.home / "config", cape.url, pace={"delay": 1, "concurrency": 1, "budget": 1000})
    crawl = house.start("crawl", "cape")
    deadline = time.monotonic() + 30
    while not any(path.startswith("/article/") for path in cape.asked) and time.monotonic() < deadline:
        time.sleep(0.05)
    crawl.kill()
    crawl.communicate()
    write_sheet(house.home / "config", cape.url)


def test_what_a_killed_crawl_held_is_left_and_comes_again_though_the_listing_does_not_change(fresh: House, cape: Portal) -> None:
    lists(cape, *range(1, 7))
    killed_while_fetching(fresh, cape)
    told = fresh.crawl("cape")["outcomes"]
    assert told["left"] + told.get("new", 0) == 6
    fresh.forget_heartbeats()
    cape.answers["/list"].headers["ETag"] = '"1"'
    assert fresh.crawl("cape")["succeeded"]
    assert articles(fresh) == 6


def test_a_killed_learning_run_does_not_make_old_articles_news(fresh: House, cape: Portal) -> None:
    unlearn(fresh)
    lists(cape, *range(1, 7))
    killed_while_fetching(fresh, cape)
    fresh.crawl("cape")
    fresh.forget_heartbeats()
    fresh.crawl("cape")
    assert (articles(fresh), fresh.world.inbox()) == (6, [])


def test_a_listing_that_is_read_for_the_first_time_learns(fresh: House, cape: Portal) -> None:
    unlearn(fresh)
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, LIST | {"url": "http://cape.example/other"}])
    lists(cape, 1)
    cape.answers["/other"] = Answer(status=403)
    assert fresh.crawl("cape")["succeeded"]
    first = cape.answers["/list"]
    lists(cape, 2, 3, 4)
    cape.answers["/other"], cape.answers["/list"] = cape.answers["/list"], first
    assert fresh.crawl("cape")["outcomes"] == {"new": 3}  # the other listing is what it was
    assert fresh.world.inbox() == []
    lists(cape, 1, 5)
    assert fresh.crawl("cape")["outcomes"]["new"] == 1
    assert len(fresh.world.inbox()) == 1


def test_a_page_of_a_listing_that_failed_is_asked_again(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST | {"next": "http://cape.example/list/{n}", "pages": 3}])
    lists(cape, 3, 4)
    second = cape.answers["/list"]
    lists(cape, 1, 2)
    cape.answers["/list/2"] = Answer(status=403)
    assert fresh.crawl("cape")["outcomes"] == {"new": 2}
    cape.answers["/list/2"] = second
    assert fresh.crawl("cape")["outcomes"] == {"known": 2, "new": 2}


def test_a_sitemap_index_that_names_itself_is_asked_once(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[LIST, {"type": "sitemap", "url": "http://cape.example/index.xml"}])
    entries = "".join(
        f"<sitemap><loc>{loc}</loc></sitemap>" for loc in ("http://cape.example/index.xml", "no-scheme", "http://cape.example/map.xml")
    )
    cape.answers["/index.xml"] = cape.answers["/map.xml"] = Answer(f"<sitemapindex>{entries}</sitemapindex>".encode())
    lists(cape, 1)
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}
    assert [cape.asked.count(path) for path in ("/index.xml", "/map.xml")] == [1, 1]


def test_a_feed_with_one_bad_link_gives_the_others_and_one_that_is_a_path_opens_nothing(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, discovery=[{"type": "feed", "url": "http://cape.example/feed"}])
    items = "<item><link>http://[</link></item><item><link>http://cape.example/article/1</link></item>"
    cape.answers["/feed"] = Answer(f"<rss><channel>{items}</channel></rss>".encode())
    cape.article(1)
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}
    local = fresh.home / "local.xml"
    local.write_text(f"<rss><channel>{items.replace('article/1', 'article/2')}</channel></rss>", encoding="utf-8")
    cape.answers["/feed"] = Answer(str(local).encode())
    assert fresh.crawl("cape")["succeeded"] is False


def test_a_channel_named_twice_or_an_address_in_two_channels_is_one_message(fresh: House, cape: Portal) -> None:
    text = WATCH.replace("[desk]", "[desk, desk, boss]") + "  boss: {type: mail, to: [desk@example.org]}\n"
    (fresh.home / "config" / "watchlist.yaml").write_text(text, encoding="utf-8")
    lists(cape, 1)
    assert fresh.crawl("cape")["outcomes"] == {"new": 1}
    assert len(fresh.world.inbox()) == 1


def test_an_id_is_never_given_out_twice(fresh: House, cape: Portal) -> None:
    lists(cape, 1)
    fresh.crawl("cape")
    assert fresh.run("forget", "http://cape.example/article/1").returncode == 0
    lists(cape, 2)
    fresh.crawl("cape")
    ids = [mail["message_id"] for mail in fresh.world.inbox()]
    assert len(set(ids)) == 2


def test_a_restored_database_is_not_deceived_by_redis(fresh: House, cape: Portal) -> None:
    lists(cape, 1)
    fresh.crawl("cape")
    backup = fresh.home / "backup.db"
    with sqlite3.connect(fresh.home / "portalwatch.db") as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    lists(cape, 1, 2)
    fresh.crawl("cape")
    fresh.database.dispose()
    for suffix in ("", "-wal", "-shm"):
        (fresh.home / f"portalwatch.db{suffix}").unlink(missing_ok=True)
    shutil.copy(backup, fresh.home / "portalwatch.db")
    assert fresh.crawl("cape")["outcomes"]["new"] == 1
    assert articles(fresh) == 2


def test_identities_of_any_length_and_odd_validators_do_not_keep_a_run_from_being_counted(fresh: House, cape: Portal) -> None:
    items = "".join(f'<li><a href="/article/{number}">x</a></li>' for number in ("9" * 600, "9" * 601, "8" * 3000))
    cape.answers["/list"] = Answer(f"<ul id=news>{items}</ul>".encode(), headers={"ETag": '"\x01\x7f"'})
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"not_article": 2}
    with reading(fresh.database) as session:
        rows = session.scalars(select(PageRow)).all()
    assert {row.outcome for row in rows} == {Outcome.NOT_ARTICLE}
    assert max(len(row.identity) for row in rows) <= 500


def test_a_silent_mail_server_does_not_keep_a_run_open(fresh: House, cape: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    lists(cape, 1)
    told = fresh.crawl("cape", PORTALWATCH_SMTP_HOST="127.0.0.1", PORTALWATCH_SMTP_PORT="1")
    assert told["succeeded"]
    with reading(fresh.database) as session:
        assert session.scalars(select(AlertRow.state)).all() == ["retrying"]


@pytest.mark.parametrize(
    "keys",
    [
        {"looks": ["99999999999999999 h"]}, {"schedule": "every 99999999999999 h"}, {"schedule": "99 99 * * *"}, {"hosts": [""]},
        {"gateway": "nonsense"}, {"charset": "klingon"}, {"slug": "other"}, {"discovery": [LIST | {"item": "li[["}]},
        {"discovery": [LIST | {"next": "http://cape.example/{page}"}]}, {"discovery": [{"type": "feed", "url": "foo"}]},
        {"articles": [{"pattern": "(?P<id>x)", "key": "{}"}]}, {"articles": [{"pattern": "(?P<id>x)", "key": "{id!r}"}]},
        {"articles": [{"pattern": "(?P<id>x)", "key": "{id}{"}]},
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be_is_refused_with_its_place(fresh: House, cape: Portal, keys: dict[str, object]) -> None:
    write_sheet(fresh.home / "config", str(keys.pop("gateway", cape.url)), **keys)
    done = fresh.run("portals", "check", "cape")
    assert done.returncode == 1
    assert "cape.yaml:1:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("text", ["a: &a [*a]", "a: !!int abc", "a: !!timestamp zz", f"a: {'9' * 5000}", "", "- a", "\t", "a: 1\na: 2"])
def test_a_watchlist_of_any_bytes_is_told_plainly(fresh: House, text: str) -> None:
    (fresh.home / "config" / "watchlist.yaml").write_text(text, encoding="utf-8")
    done = fresh.run("topics", "check")
    assert done.returncode == 1
    assert "watchlist.yaml" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_part_of_a_password_is_told(fresh: House) -> None:
    for name, url in (("REDIS", "redis://:Pa/ssw0rd@127.0.0.1:1/0"), ("DATABASE", "postgresql://u:p@ssSECRET@127.0.0.1:1/db")):
        done = fresh.run("doctor", **{f"PORTALWATCH_{name}_URL": url})
        assert "Traceback" not in done.stderr
        assert not {"ssw0rd", "'Pa'", "ssSECRET"} & {word for word in ("ssw0rd", "'Pa'", "ssSECRET") if word in done.stdout + done.stderr}


def test_a_host_that_leads_inside_is_not_fetched(fresh: House, cape: Portal) -> None:
    port = cape.url.rsplit(":", 1)[1]
    inside = [{"type": "listing", "url": f"http://localhost:{port}/x/list", "item": "#news li"}]
    write_sheet(fresh.home / "config", cape.url, hosts=["localhost"], discovery=inside, robots={"reason": "our own test portal"})
    text = (fresh.home / "config" / "portals" / "cape.yaml").read_text(encoding="utf-8").replace(f'"gateway": "{cape.url}", ', "")
    (fresh.home / "config" / "portals" / "cape.yaml").write_text(text, encoding="utf-8")
    lists(cape, 1)
    assert fresh.crawl("cape", PORTALWATCH_ALLOW_HOSTS="")["reason"] == "unreachable: name not resolved"
    assert cape.asked == []
    assert fresh.crawl("cape", PORTALWATCH_ALLOW_HOSTS="localhost")["requests"] > 0
    assert cape.asked


def test_a_page_that_redirects_to_something_else_is_no_part_of_the_article(fresh: House, cape: Portal) -> None:
    cape.lists(2, 3, 4, 5)
    for number in (2, 3, 4, 5):
        foot = f'<a href="/article/{number}_2">下一頁</a>'
        cape.article(number, body=page(f"第{number}號渡輪復航", foot=foot).encode())
    leads = {"2": "/article/9", "3": "/", "4": "/article/4_2/", "5": "//evil.example/article/5_2"}
    for number, target in leads.items():
        cape.answers[f"/article/{number}_2"] = Answer(status=302, headers={"Location": target})
    for at in ("/article/9", "/", "/article/4_2/", "//evil.example/article/5_2"):
        cape.answers[at] = Answer(page("別的", seed=f"另一篇 {at}").encode())
    assert fresh.crawl("cape")["outcomes"] == {"new": 4}
    with reading(fresh.database) as session:
        told = {row.url.rpartition("/")[2]: row for row in session.scalars(select(ArticleRow))}
    assert {number: len(row.text.split("\n")) for number, row in told.items()} == {"2": 3, "3": 3, "4": 6, "5": 3}
    assert {number for number, row in told.items() if row.partial} == {"2", "3", "5"}


def test_a_redirect_to_another_article_or_the_front_page_is_no_article_and_no_revision(fresh: House, cape: Portal) -> None:
    lists(cape, 1, 2, 3, 9)
    cape.answers["/article/2"] = Answer(status=302, headers={"Location": "/article/9"})
    cape.answers["/article/3"] = Answer(status=302, headers={"Location": "/"})
    cape.answers["/"] = Answer(page("海岬日報").encode())
    write_sheet(fresh.home / "config", cape.url, looks=["1 s"])
    assert fresh.crawl("cape")["outcomes"] == {"new": 2, "not_article": 2}
    cape.answers["/article/1"] = cape.answers["/article/2"]
    with writing(fresh.database) as session:
        session.execute(update(PageRow).values(due_at=now()))
    assert fresh.crawl("cape")["outcomes"]["not_article"] == 3
    with reading(fresh.database) as session:
        told = {row.url.rpartition("/")[2]: row.title for row in session.scalars(select(ArticleRow))}
    assert told == {number: f"第{number}號渡輪復航" for number in "19"}
    assert len(fresh.world.inbox()) == 2


def test_what_a_killed_run_asked_for_counts_in_the_budget_of_the_day(fresh: House, cape: Portal) -> None:
    lists(cape, *range(1, 21))
    cape.answers["/article/3"].after = held = threading.Event()
    budget = {"delay": 0, "concurrency": 1, "budget": 12}
    write_sheet(fresh.home / "config", cape.url, pace=budget)
    crawl = fresh.start("crawl", "cape")
    wait_for(lambda: "/article/3" in cape.asked, 60)
    crawl.kill()
    crawl.communicate()
    held.set()
    fresh.forget_heartbeats()
    for _ in range(2):
        fresh.crawl("cape")
    assert len(cape.asked) <= 12
