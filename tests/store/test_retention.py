"""Ageing out: what is old goes, all of it; what is owed, told, named or younger stays; and a count proves it."""

import secrets
import signal
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update

from pipelines import flow
from pipelines.dedup.fast import Fast
from pipelines.dedup.postings import TTL
from pipelines.desk import Desk
from pipelines.models import Outcome
from pipelines.store import retention
from pipelines.store.ageing import Kept, rules
from pipelines.store.database import in_one_transaction, reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.pages import Found, sort
from pipelines.store.retention import age_out, losses, plan
from pipelines.store.tables import (
    AlertRow,
    ArticleRow,
    HostDay,
    Match,
    Mute,
    PageRow,
    Revision,
    Run,
    Shingle,
    Silenced,
    Source,
    Story,
    Telling,
    WatchlistRow,
)
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
DAY = timedelta(days=1)
OTHER = "鋼索吊橋在強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜,渡輪停航。工程師初步判斷,橋面第三節的抗風支座鬆動,需要更換十二組螺栓,工期約三週。"
OF_ARTICLES = (ArticleRow, Revision, Match, AlertRow, Shingle, Telling, Story)


@pytest.fixture
def desk(store: Engine) -> Desk:
    return desk_of(store)


def desk_of(store: Engine, fast: Fast | None = None) -> Desk:
    watchlist = Watchlist.from_text(WATCH)
    return Desk(engine=store, fast=fast, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())


def keep(desk: Desk, at: datetime, number: int = 1, text: str = TEXT, **changes: object) -> flow.Kept:
    found = Found(portal="dw_zh", identity=str(number), url=f"https://www.dw.com/zh/a-{number}")
    return flow.keep(desk, found, article(url=found.url, text=text, **changes), at)


def sent(desk: Desk, at: datetime) -> None:
    with writing(desk.engine) as session:
        session.execute(update(AlertRow).values(state="sent", sent_at=at))


def counts(desk: Desk, *tables: type) -> list[int]:
    with reading(desk.engine) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def gone(desk: Desk, now: datetime, **kept: int) -> dict[str, int]:
    aged = age_out(desk.engine, Kept(**kept), now)
    assert losses(desk.engine, aged, now) == []
    return {each.table: each.gone for each in aged if each.gone or each.table not in ("mutes", "silenced")}


@pytest.mark.parametrize(("age", "left"), [(100 * DAY, 1), (100 * DAY + timedelta(seconds=1), 0)])
def test_an_article_goes_after_its_days_with_all_that_is_its_own(desk: Desk, now: datetime, age: timedelta, left: int) -> None:
    keep(desk, now - age)
    sent(desk, now - age)
    before = counts(desk, *OF_ARTICLES)
    assert min(before) > 0
    assert gone(desk, now, articles=100) == {"articles": 1 - left}
    assert counts(desk, *OF_ARTICLES) == (before if left else [0] * len(OF_ARTICLES))
    assert counts(desk, PageRow) == [1]


def test_nothing_goes_where_nothing_is_said(desk: Desk, now: datetime) -> None:
    keep(desk, now - 4000 * DAY)
    sent(desk, now - 4000 * DAY)
    assert gone(desk, now) == {}
    assert counts(desk, ArticleRow) == [1]


@pytest.mark.parametrize("state", ["held", "owed", "sending", "retrying", "dead"])
def test_an_article_of_which_something_is_owed_or_dead_stays(desk: Desk, now: datetime, state: str) -> None:
    keep(desk, now - 200 * DAY)
    with writing(desk.engine) as session:
        session.execute(update(AlertRow).values(state=state))
    assert gone(desk, now, articles=100, alerts=100) == {"articles": 0, "alerts": 0, "attempts": 0}


def test_an_article_that_changed_lately_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now - 200 * DAY)
    keep(desk, now - 50 * DAY, text=TEXT.replace("四十天", "六十天"))
    sent(desk, now - 200 * DAY)
    assert gone(desk, now, articles=100) == {"articles": 0}
    assert gone(desk, now, revisions=100) == {"revisions": 1}
    with reading(desk.engine) as session:
        assert session.scalars(select(Revision.number)).all() == [1]


def test_a_story_goes_on_with_its_younger_telling(desk: Desk, now: datetime) -> None:
    keep(desk, now - 105 * DAY)
    keep(desk, now - 95 * DAY, 2, title="第二家")
    sent(desk, now - 105 * DAY)
    assert counts(desk, Story) == [1]
    assert gone(desk, now, articles=100) == {"articles": 1}
    with reading(desk.engine) as session:
        assert session.scalars(select(Story.title)).all() == ["第二家"]
        assert session.scalars(select(Story.article_id)).all() == session.scalars(select(ArticleRow.id)).all()


def test_what_aged_out_is_known_while_it_is_listed_and_no_news_when_it_changes(desk: Desk, now: datetime) -> None:
    keep(desk, now - 200 * DAY)
    sent(desk, now - 200 * DAY)
    gone(desk, now, articles=100)
    found = Found(portal="dw_zh", identity="1", url="https://www.dw.com/zh/a-1")
    with reading(desk.engine) as session:
        assert sort(session, [found], now).wanted == frozenset()
    assert keep(desk, now, text=TEXT.replace("四十天", "六十天")).alerts == 0


def pages_left(desk: Desk) -> list[str]:
    with reading(desk.engine) as session:
        return sorted(session.scalars(select(PageRow.identity)))


def test_an_identity_goes_when_its_article_is_gone_but_for_tombstones_and_what_is_named_or_due(desk: Desk, now: datetime) -> None:
    old, young = now - 400 * DAY, now - 10 * DAY
    for identity, outcome, at in (
        ("old", Outcome.NOT_ARTICLE, old),
        ("young", Outcome.NOT_ARTICLE, young),
        ("named", Outcome.NOT_ARTICLE, old),
        ("due", Outcome.FAILED, old),
    ):
        flow.settle(desk, Found(portal="dw_zh", identity=identity, url=f"https://www.dw.com/{identity}"), outcome, None, at)
    keep(desk, old, 7)
    with writing(desk.engine) as session:
        session.add(Source(portal="dw_zh", url="https://www.dw.com/", cut=False, read_at=now, names=["named"]))
        session.add(Source(portal="dw_zh", url="https://www.dw.com/2", cut=False, read_at=now))
        forget_article(session, Named(portal="dw_zh", identity="tomb", url="https://www.dw.com/tomb"), (), old)
    assert gone(desk, now, pages=300) == {"pages": 1}
    assert pages_left(desk) == ["7", "due", "named", "tomb", "young"]


def test_runs_go_but_for_the_newest_and_those_that_read_the_past(desk: Desk, now: datetime) -> None:
    old = now - 200 * DAY
    with writing(desk.engine) as session:
        for portal, at, history, reason in (
            ("a", old, None, "finished"),
            ("a", old, old.date(), "finished"),
            ("a", old, None, "finished"),
            ("a", old, None, "not_started"),
            ("b", now - DAY, None, "finished"),
        ):
            session.add(
                Run(
                    portal=portal,
                    started_at=at,
                    finished_at=at,
                    learning=False,
                    succeeded=True,
                    finish_reason=reason,
                    history=history,
                    watchlist="v1",
                )
            )
        session.add(HostDay(host="h", day=old.date(), requests=1))
        session.add(HostDay(host="h", day=now.date(), requests=1))
        for number in range(4):
            session.add(WatchlistRow(version=f"v{number}", text="", aliases="", activated_at=old + number * DAY))
    assert gone(desk, now, runs=180) == {"runs": 1, "host_days": 1, "retractions": 0, "notices": 0, "incidents": 0, "watchlists": 2}
    with reading(desk.engine) as session:
        assert sorted(session.scalars(select(WatchlistRow.version))) == ["v1", "v3"]


def test_a_version_that_a_match_names_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now - 300 * DAY)
    with writing(desk.engine) as session:
        for version in (desk.watchlist.version, "other", "running"):
            session.add(WatchlistRow(version=version, text="", aliases="", activated_at=now - (300 if version != "running" else 1) * DAY))
    assert gone(desk, now, runs=180)["watchlists"] == 1


def test_the_index_in_sql_goes_and_the_article_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now - 91 * DAY)
    keep(desk, now - 10 * DAY, 2, OTHER)
    before = counts(desk, Shingle)[0]
    gone(desk, now, index=90)
    assert 0 < counts(desk, Shingle)[0] < before
    assert counts(desk, ArticleRow) == [2]


def test_sent_alerts_go_and_nobody_hears_again(desk: Desk, now: datetime) -> None:
    keep(desk, now - 50 * DAY)
    sent(desk, now - 50 * DAY)
    assert gone(desk, now, alerts=30) == {"alerts": 1, "attempts": 0}
    assert keep(desk, now, text=TEXT.replace("四十天", "六十天")).alerts == 0


def silenced(desk: Desk, article: int, at: datetime, until: datetime) -> None:
    """A mute of that time, and what it kept from being told of an article."""
    with writing(desk.engine) as session:
        row = Mute(topic="ferry", since=at, until=until, who="desk")
        session.add(row)
        session.flush()
        session.add(Silenced(mute_id=row.id, topic="ferry", article_id=article, revision=0, channel="desk", recipient="d", silenced_at=at))


def test_what_was_silenced_goes_with_its_article_and_the_mute_after_it(desk: Desk, now: datetime) -> None:
    old = keep(desk, now - 100 * DAY).article_id
    sent(desk, now - 100 * DAY)
    young = keep(desk, now - 10 * DAY, 2, OTHER).article_id
    silenced(desk, old, now - 99 * DAY, now - 98 * DAY)
    silenced(desk, young, now - 10 * DAY, now - 9 * DAY)
    lines = {line.table: line.goes for line in plan(desk.engine, Kept(articles=40, alerts=40), now) if line.goes}
    assert lines["silenced of articles"] == 1
    assert gone(desk, now, articles=40, alerts=40)["mutes"] == 1
    assert counts(desk, Silenced, Mute) == [1, 1]
    assert "mutes" not in gone(desk, now + 100 * DAY, alerts=40), "its article is there, and why tells of it"


def test_a_mute_goes_after_the_days_of_alerts_and_never_while_it_holds(desk: Desk, now: datetime) -> None:
    with writing(desk.engine) as session:
        for until in (now - 40 * DAY, now - 40 * DAY - timedelta(seconds=1), now + DAY):
            session.add(Mute(topic="ferry", since=now - 90 * DAY, until=until, who="desk"))
    assert [line.goes for line in plan(desk.engine, Kept(alerts=40), now) if line.table == "mutes"] == [1]
    assert gone(desk, now, alerts=40)["mutes"] == 1
    assert counts(desk, Mute) == [2]


def test_the_plan_tells_what_goes_by_table_and_portal_and_changes_nothing(desk: Desk, now: datetime) -> None:
    keep(desk, now - 200 * DAY)
    keep(desk, now - 190 * DAY, 2, OTHER)
    sent(desk, now - 190 * DAY)
    flow.keep(desk, Found(portal="bbc_zh", identity="3", url="https://bbc.example/3"), article(), now)
    lines = {(line.table, line.portal): line for line in plan(desk.engine, Kept(articles=100), now)}
    told = lines["articles", "dw_zh"]
    assert (told.goes, told.stays, told.oldest, told.newest) == (2, 0, now - 200 * DAY, now - 190 * DAY)
    assert (lines["articles", "bbc_zh"].goes, lines["articles", "bbc_zh"].stays) == (0, 1)
    assert lines["matches of articles", "dw_zh"].goes == 2
    assert counts(desk, ArticleRow) == [3]
    assert gone(desk, now, articles=100) == {"articles": 2}


def test_a_loss_of_something_younger_is_told(desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(desk, now - 200 * DAY)
    keep(desk, now - 20 * DAY, 2, OTHER)
    sent(desk, now - 200 * DAY)

    def take(session, articles):  # type: ignore[no-untyped-def]
        for row in session.scalars(select(ArticleRow)):
            retention_remove(session, row.id)

    from pipelines.store.forget import remove as retention_remove

    monkeypatch.setattr("pipelines.store.ageing._take_articles", take)
    aged = age_out(desk.engine, Kept(articles=100), now)
    assert losses(desk.engine, aged, now)[0].startswith("retention: 1 articles are missing that were not old enough to go")


def test_what_arrives_meanwhile_is_not_missed_and_what_was_forgotten_is_no_loss(desk: Desk, now: datetime) -> None:
    for number in range(3):
        keep(desk, now - 200 * DAY, number, f"{OTHER}{number}" * 3)
    keep(desk, now - 20 * DAY, 7)
    sent(desk, now - 200 * DAY)
    aged = age_out(desk.engine, Kept(articles=100), now, lambda *_: keep(desk, now, 9, TEXT + OTHER) and None)
    assert [(each.before, each.arrived, each.after) for each in aged if each.table == "articles"] == [(1, 1, 2)]
    with writing(desk.engine) as session:
        forget_article(session, Named(portal="dw_zh", identity="7", url=""), (), now)
    shrunk = [retention.Aged(table="articles", gone=0, before=2, after=1)]
    assert losses(desk.engine, shrunk, now) == []
    assert losses(desk.engine, shrunk, now + DAY) != []


def test_what_is_owed_since_it_was_looked_at_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now - 200 * DAY)
    sent(desk, now - 200 * DAY)
    rule, *_ = rules(Kept(articles=100), now, desk.engine.dialect.name)
    with reading(desk.engine) as session:
        keys = session.execute(rule.going).all()
    with writing(desk.engine) as session:
        session.execute(update(AlertRow).values(state="owed"))
    assert in_one_transaction(desk.engine, lambda session: retention._taken(session, rule, keys)) == 0


KILLED = """
import os, signal, sys
from datetime import datetime
from pipelines.store.ageing import Kept
from pipelines.store import retention
from pipelines.store.database import engine
retention.BATCH = 2
def tell(table, gone, total):
    if gone >= 4:
        os.kill(os.getpid(), signal.SIGKILL)
retention.age_out(engine(sys.argv[1]), Kept(articles=100), datetime.fromisoformat(sys.argv[2]), tell)
"""


def test_killed_in_the_middle_it_goes_on_where_it_was(desk: Desk, database_url: str, now: datetime) -> None:
    for number in range(9):
        keep(desk, now - 200 * DAY, number, "".join(chr(0x4E00 + number * 300 + n) for n in range(200)))
    keep(desk, now, 99, OTHER)
    sent(desk, now - 200 * DAY)
    killed = subprocess.run([sys.executable, "-c", KILLED, database_url, now.isoformat()], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert counts(desk, ArticleRow) == [6]
    assert gone(desk, now, articles=100) == {"articles": 5}
    assert counts(desk, ArticleRow, Telling, Story, Revision) == [1, 1, 1, 1]


def test_the_index_in_redis_ages_by_itself(desk: Desk, valkey: str, redis_client, now: datetime) -> None:  # type: ignore[no-untyped-def]
    store = secrets.token_hex(6)
    fast = Fast(valkey, store)
    keep(desk_of(desk.engine, fast), now)
    keys = [key for key in redis_client.scan_iter(f"pw:{{{store}}}:postings*") if b"postings-whole" not in key]
    assert keys
    assert {0 < redis_client.ttl(key) <= TTL.total_seconds() for key in keys} == {True}
    fast.close()
