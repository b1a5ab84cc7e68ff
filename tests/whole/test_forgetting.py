"""Forgetting through the commands: everywhere, in any form of the address, and once more after a backup was restored."""

import gzip
import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from pipelines import forgetting
from pipelines.config import Settings
from pipelines.rounds import upkeep_round
from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, Forgotten, PageRow, Retraction
from tests.whole.conftest import House
from tests.whole.portal import Portal, portal, write_sheet

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡轮, channels: [desk, crm]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  crm: {type: webhook, url: "URL/_hook/crm", secret_env: DEMO_HOOK_SECRET}
"""
URL = "http://cape.example/article/{}"


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal with two articles, crawled and told."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        (fresh.home / "config" / "watchlist.yaml").write_text(WATCH.replace("URL", fresh.world.url), encoding="utf-8")
        fresh.learned("cape")
        up.publishes(1, 2)
        assert fresh.crawl("cape")["outcomes"] == {"new": 2}
        yield up


def urls(house: House) -> list[str]:
    with reading(house.database) as session:
        return sorted(session.scalars(select(ArticleRow.url)))


def archived(house: House, number: int) -> bool:
    return any(
        f"/article/{number}\r\n".encode() in gzip.decompress(path.read_bytes()) for path in house.home.glob("archive/cape/*.warc.gz")
    )


def settings_of(house: House) -> Settings:
    return Settings(home=house.home, config=house.home / "config", redis_url=house.valkey)  # type: ignore[arg-type]


def backup(house: House) -> Path:
    copy = house.home / "backup.db"
    with sqlite3.connect(house.home / "portalwatch.db") as source, sqlite3.connect(copy) as target:
        source.backup(target)
    return copy


def restore(house: House, copy: Path) -> None:
    house.database.dispose()
    for suffix in ("", "-wal", "-shm"):
        (house.home / f"portalwatch.db{suffix}").unlink(missing_ok=True)
    shutil.copy(copy, house.home / "portalwatch.db")


def test_a_dry_run_says_what_would_go_and_leaves_it(fresh: House, cape: Portal) -> None:
    done = fresh.run("forget", URL.format(1), "--dry-run")
    assert "with 1 revision, 0 comments, 2 alerts, with 1 archived page; 1 webhook message to take it back" in done.stdout, done.stderr
    assert "nothing was changed" in done.stdout
    assert (urls(fresh), archived(fresh, 1)) == ([URL.format(1), URL.format(2)], True)


def test_forgetting_reaches_webhooks_and_a_restored_backup_is_told_again(fresh: House, cape: Portal) -> None:
    copy, before = backup(fresh), len(fresh.world.hooks())
    done = fresh.run("forget", URL.format(1))
    assert "removed; 1 webhook message to take it back; crawls leave it alone" in done.stdout, done.stderr
    assert (urls(fresh), archived(fresh, 1), archived(fresh, 2)) == ([URL.format(2)], False, True)
    told = fresh.run("alerts", "deliver")
    assert told.stdout == "1 message sent, 0 will be tried again, 0 dead\n", told.stderr
    (taken,) = fresh.world.hooks()[before:]
    assert taken["body"]["type"] == "alert.retracted" if "body" in taken else "alert.retracted" in json.dumps(taken)
    restore(fresh, copy)
    assert urls(fresh) == [URL.format(1), URL.format(2)]
    assert upkeep_round(settings_of(fresh))["forgotten_again"] == 1
    assert urls(fresh) == [URL.format(2)]
    with reading(fresh.database) as session:
        assert session.scalars(select(PageRow.identity).where(PageRow.outcome == "denied")).all() == ["1"]
    assert upkeep_round(settings_of(fresh))["forgotten_again"] == 0


def test_a_crawl_after_a_restore_does_not_fetch_what_was_forgotten(fresh: House, cape: Portal) -> None:
    copy = backup(fresh)
    cape.publishes(1, 2, 3)
    fresh.crawl("cape")
    assert fresh.run("forget", URL.format(3)).returncode == 0
    restore(fresh, copy)
    asked = cape.asked.count("/article/3")
    fresh.crawl("cape")
    assert cape.asked.count("/article/3") == asked
    assert urls(fresh) == [URL.format(1), URL.format(2)]


def test_cut_short_it_is_ended_by_calling_it_again_or_by_the_upkeep(fresh: House, cape: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from pipelines.store.forget import Named

    on = forgetting.ground(settings_of(fresh), fresh.database)
    for number, place in ((1, "in_one_transaction"), (2, "adopt")):
        named = Named(portal="cape", identity=str(number), url=URL.format(number))
        with monkeypatch.context() as cut:
            cut.setattr(forgetting, place, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                forgetting.forget(on, named, (), datetime.now(UTC))
    assert (urls(fresh), archived(fresh, 2)) == ([URL.format(1)], True)
    assert upkeep_round(settings_of(fresh))["forgotten_again"] == 1
    assert urls(fresh) == []
    assert (archived(fresh, 1), archived(fresh, 2)) == (False, False)
    with reading(fresh.database) as session:
        assert session.scalar(select(func.count()).select_from(Retraction)) == 2


def test_by_number_and_by_an_address_whose_sheet_is_gone(fresh: House, cape: Portal) -> None:
    (fresh.home / "config" / "portals" / "cape.yaml").unlink()
    with reading(fresh.database) as session:
        number = session.scalars(select(ArticleRow.id).where(ArticleRow.url == URL.format(2))).one()
    assert "cape 1: article" in fresh.run("forget", "https://www.cape.example/article/1/").stdout
    done = fresh.run("forget", "--article", str(number))
    assert "cape " in done.stdout
    assert urls(fresh) == []
    assert fresh.run("forget", "--article", str(number)).returncode == 1
    assert fresh.run("forget").returncode == 2


def test_every_sheet_that_serves_the_host_is_asked(fresh: House, cape: Portal) -> None:
    write_sheet(fresh.home / "config", cape.url)
    path = fresh.home / "config" / "portals"
    other = json.loads((path / "cape.yaml").read_text()) | {
        "articles": [{"pattern": "^http://cape\\.example/other/(?P<id>\\d+)", "key": "{id}"}]
    }
    (path / "aardvark.yaml").write_text(json.dumps(other))
    assert "cape 1: article" in fresh.run("forget", URL.format(1)).stdout


def test_other_tellings_are_named_and_go_with_story(fresh: House, cape: Portal) -> None:
    cape.publishes(1, 2, 3)
    cape.answers["/article/3"] = cape.answers["/article/1"]
    fresh.crawl("cape")
    assert "the story keeps 1 other telling" in (told := fresh.run("forget", URL.format(1), "--dry-run").stdout)
    assert "--article " in told
    fresh.run("forget", URL.format(1), "--story")
    assert urls(fresh) == [URL.format(2)]


def test_a_forgotten_commenter_stays_away_after_a_restore(fresh: House, cape: Portal) -> None:
    said = [
        {
            "author": "老街坊",
            "text": "還有靠窗的嗎",
            "badges": [],
            "at": None,
            "up": None,
            "down": None,
            "floor": 1,
            "quotes": None,
            "key": "1",
        }
    ]
    answer = said[0] | {"author": "木瓜", "text": "老街坊:還有靠窗的嗎——沒有了", "floor": 2, "quotes": 1, "key": "2"}
    with writing(fresh.database) as session:
        session.execute(update(ArticleRow).where(ArticleRow.id == 1).values(comments=[*said, answer]))
    fresh.run("forget", "nobody")  # makes the key
    copy = backup(fresh)
    assert fresh.run("forget", "老街坊", "--dry-run").stdout == "1 comment of `老街坊` would go; nothing was changed\n"
    for _ in range(2):
        with reading(fresh.database) as session:
            assert len(session.scalars(select(ArticleRow.comments).where(ArticleRow.id == 1)).one()) == 2
        if _:
            upkeep_round(settings_of(fresh))
        else:
            assert fresh.run("forget", "老街坊").stdout.startswith("1 comment removed")
        with reading(fresh.database) as session:
            (left,) = session.scalars(select(ArticleRow.comments).where(ArticleRow.id == 1)).one()
            assert "靠窗" not in left["text"]
            assert len(session.scalars(select(Forgotten)).all()) == 2
        if not _:
            restore(fresh, copy)


def test_retention_by_command(fresh: House, cape: Portal) -> None:
    assert "nothing is old enough to go" in fresh.run("retention", "--dry-run").stdout
    with writing(fresh.database) as session:
        session.execute(
            update(AlertRow).values(state="sent", owed_at=func.datetime("now", "-400 days"), sent_at=func.datetime("now", "-400 days"))
        )
        for table, column in (("articles", "first_seen_at"), ("revisions", "seen_at"), ("matches", "matched_at")):
            session.connection().exec_driver_sql(f"UPDATE {table} SET {column} = datetime({column}, '-400 days')")
    env = {"PORTALWATCH_ARTICLE_DAYS": "365"}
    plan = [json.loads(line) for line in fresh.run("retention", "--dry-run", "--json", **env).stdout.splitlines()]
    assert [(line["table"], line["portal"], line["goes"]) for line in plan if line["table"] == "articles"] == [("articles", "cape", 2)]
    done = fresh.run("retention", "--json", **env)
    assert [json.loads(line)["gone"] for line in done.stdout.splitlines() if "articles" in line] == [2], done.stderr
    assert urls(fresh) == []
    asked = len(cape.asked)
    cape.publishes(1, 2, 3)
    assert fresh.crawl("cape")["outcomes"] == {"known": 2, "new": 1}
    assert [path for path in cape.asked[asked:] if path.startswith("/article")] == ["/article/3"]
    assert "is called `nosuch`" in fresh.run("archive", "list", "nosuch").stderr
