"""A portal's past, read day by day beside the present, and nobody told but where that was asked for."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, HostDay, PageRow, Run
from pipelines.store.tables import Portal as PortalRow
from spiders.job import now
from tests.conftest import wait_for
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page, portal, write_sheet

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
DAY = date(2026, 10, 1)
DATED = {
    "type": "listing",
    "url": "http://cape.example/day/{year}/{month}/{day}",
    "next": "http://cape.example/day/{year}/{month}/{day}/{n}",
}
HISTORY = [DATED | {"item": "#news li", "pages": 9}]
DEEP = [{"type": "listing", "url": "http://cape.example/all?p=1", "next": "http://cape.example/all?p={n}", "item": "#news li", "pages": 90}]


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal with a past, and a topic on it."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url, history=HISTORY)
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        fresh.learned("cape")
        yield up


def published(cape: Portal, number: int, day: date) -> None:
    """An article of a day."""
    body = page(f"第{number}號渡輪復航").replace("<h1>", f'<meta property="article:published_time" content="{day}T08:00:00+08:00"><h1>')
    cape.article(number, body=body.encode())


def listed(*numbers: int, day: date | None = None) -> Answer:
    shown = f"<i>{day:%Y-%m-%d}</i>" if day else ""
    items = "".join(f'<li><a href="/article/{number}">第{number}篇</a>{shown}</li>' for number in numbers)
    return Answer(f"<html><ul id=news>{items}</ul></html>".encode())


def a_day(cape: Portal, day: date, *pages: tuple[int, ...]) -> None:
    """The listing of a day, page by page; beyond the last it repeats that, as such listings do."""
    for at, numbers in enumerate((*pages, pages[-1]), 1):
        cape.answers[f"/day/{day:%Y/%m/%d}" + (f"/{at}" if at > 1 else "")] = listed(*numbers)


def kept(house: House) -> list[str]:
    with reading(house.database) as session:
        return sorted(session.scalars(select(PageRow.identity).join(ArticleRow)))


def test_a_day_of_the_past_is_read_whole_and_nobody_is_told(fresh: House, cape: Portal) -> None:
    a_day(cape, DAY, (31, 32), (33, 40))
    for number, day in ((31, DAY), (32, DAY), (33, DAY), (40, DAY + timedelta(days=1))):
        published(cape, number, day)
    done = fresh.run("backfill", "cape", "--from", "2026-10-01", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["history"], told["outcomes"]) == ("2026-10-01", {"new": 3, "not_article": 1})
    assert (kept(fresh), fresh.world.inbox()) == (["31", "32", "33"], [])
    with reading(fresh.database) as session:
        assert session.scalars(select(PageRow.due_at)).all() == [None] * 3
        run = session.scalars(select(Run)).one()
    assert [item["why"] for item in run.evidence] == ["published on 2026-10-02, not on 2026-10-01"]
    cape.asked.clear()
    again = fresh.run("backfill", "cape", "--from", "2026-10-01")
    assert (again.returncode, cape.asked) == (0, [])
    assert "cape 2026-10-01: read before" in again.stderr
    # What the past named but did not keep is still news to the present.
    cape.lists(31, 40)
    assert fresh.crawl("cape")["outcomes"] == {"known": 1, "new": 1}
    assert len(fresh.world.inbox()) == 1


@pytest.mark.slow
def test_the_present_keeps_its_share_of_the_budget_and_a_day_is_read_on_where_it_stopped(fresh: House, cape: Portal) -> None:
    numbers = tuple(range(31, 40))
    a_day(cape, DAY, numbers)
    for number in numbers:
        published(cape, number, DAY)
    write_sheet(fresh.home / "config", cape.url, history=HISTORY, pace={"delay": 0, "concurrency": 1, "budget": 12})
    done = fresh.run("backfill", "cape", "--from", "2026-10-01", "--to", "2026-10-02")
    assert done.returncode == 1
    assert "are left for another run (history may use 6 requests a day of a host" in done.stderr
    assert "stopped at 2026-10-01; the same command goes on from there" in done.stderr
    assert len(cape.asked) == 6
    with reading(fresh.database) as session:
        assert len(session.scalars(select(PageRow.id)).all()) == len(kept(fresh)) < 9
    first = set(kept(fresh))
    with writing(fresh.database) as session:
        session.execute(update(HostDay).values(requests=0))
    write_sheet(fresh.home / "config", cape.url, history=HISTORY)
    cape.asked.clear()
    assert fresh.run("backfill", "cape", "--from", "2026-10-01").returncode == 0
    assert kept(fresh) == [str(number) for number in numbers]
    assert not first & {path.rsplit("/", 1)[-1] for path in cape.asked if path.startswith("/article")}


def test_a_backfill_tells_late_what_it_finds_and_the_present_learns_nothing_by_it(fresh: House, cape: Portal) -> None:
    with writing(fresh.database) as session:
        session.execute(update(PortalRow).values(learned_at=None))
    a_day(cape, DAY, (31, 32))
    published(cape, 31, DAY)
    published(cape, 32, DAY)
    assert fresh.run("backfill", "cape", "--from", "2026-10-01", "--alerts", "late").returncode == 0
    with reading(fresh.database) as session:
        assert [(row.state, row.late) for row in session.scalars(select(AlertRow))] == [("sent", "backfill-cape-2026-10-01")] * 2
        assert session.scalars(select(PortalRow.learned_at)).one() is None
    assert len(fresh.world.inbox()) == 1
    assert "cape" not in [line for line in fresh.run("portals", "list").stdout.splitlines() if "well" in line]


def test_a_deep_listing_is_searched_for_the_day(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url, history=[DEEP[0] | {"day": {"css": "i"}}])
    for at in range(1, 91):
        cape.answers[f"/all?p={at}"] = listed(2 * at, 2 * at + 1, day=DAY + timedelta(days=40 - at // 2))
    for number in (160, 161, 162, 163):
        published(cape, number, DAY)
    assert fresh.run("backfill", "cape", "--from", "2026-10-01").returncode == 0
    assert kept(fresh) == ["160", "161", "162", "163"]
    assert len([path for path in cape.asked if path.startswith("/all")]) < 20
    assert len([path for path in cape.asked if path.startswith("/article")]) == 4
    done = fresh.run("backfill", "cape", "--from", "2020-01-01")
    assert done.returncode == 1
    assert "backfill: 2020-01-01 was not read to its end (http://cape.example/all?p=1: goes back" in fresh.run("portals", "list").stdout
    doctor = fresh.run("doctor").stdout
    assert "FAIL backfill of cape: 2020-01-01 was not read" in doctor
    assert "`portalwatch backfill cape --from 2020-01-01` goes on" in doctor
    with writing(fresh.database) as session:
        session.execute(update(Run).where(Run.history == date(2020, 1, 1)).values(started_at=now() - timedelta(days=8)))
    assert "backfill" not in fresh.run("doctor").stdout
    assert "http://cape.example/all?p=1: goes back to 2026-09-26 only" in done.stderr


@pytest.mark.slow
def test_a_backfill_gives_way_to_a_crawl_of_the_present(fresh: House, cape: Portal) -> None:
    a_day(cape, DAY, (31,))
    published(cape, 31, DAY)
    with writing(fresh.database) as session:
        session.add(Run(portal="cape", started_at=now(), learning=False, outcomes={}, evidence=[]))
    process = fresh.start("backfill", "cape", "--from", "2026-10-01")
    wait_for(lambda: _paused(fresh), 60)
    assert cape.asked == []
    with writing(fresh.database) as session:
        session.execute(update(Run).where(Run.history.is_(None)).values(finished_at=now()))
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert "1 new" in out
    assert kept(fresh) == ["31"]


def _paused(house: House) -> bool:
    with reading(house.database) as session:
        opened = session.scalars(select(Run.started_at).where(Run.history.is_not(None))).all()
    return bool(opened) and now() - opened[0] > timedelta(seconds=1)


def test_what_cannot_be_read_back_is_said_in_plain_words(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url)
    without = fresh.run("backfill", "cape", "--from", "2026-10-01")
    assert without.returncode == 2
    assert "its sheet does not say where the past is listed. Add it, for example\n  history:\n" in without.stderr
    assert "put {year}, {month} and {day} into the address" in without.stderr
    write_sheet(fresh.home / "config", cape.url, history=HISTORY)
    assert "is not over where cape is (Asia/Taipei)" in fresh.run("backfill", "cape", "--from", "2100-01-01").stderr
    assert "is later than" in fresh.run("backfill", "cape", "--from", "2026-10-02", "--to", "2026-10-01").stderr
    assert fresh.run("backfill", "capo", "--from", "2026-10-01").returncode == 2
    assert cape.asked == []
