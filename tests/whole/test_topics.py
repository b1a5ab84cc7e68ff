"""A watchlist that changes while it runs: tried, compared, refused, mended, matched again; by the commands, over real crawls."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from pipelines.config import settings
from pipelines.errors import ConfigError
from pipelines.rounds import upkeep_round
from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, Match
from tests.whole.conftest import House
from tests.whole.portal import Portal, portal, write_sheet

FERRY = "topics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\n"
CHANNELS = "channels:\n  desk: {type: mail, to: [desk@example.org]}\n"
WATCH = FERRY + CHANNELS
NUMBER = FERRY + "  number: {title: 編號, query: 号, channels: [other]}\n" + CHANNELS + "  other: {type: mail, to: [other@example.org]}\n"
BAD = WATCH.replace("渡轮,", "渡轮, must_match: [吊橋封閉],")


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A portal that does what a test tells it to, and a topic on it, as if its learning run were over."""
    with portal() as up:
        write_sheet(fresh.home / "config", up.url)
        watches(fresh, WATCH)
        fresh.learned("cape")
        yield up


def watches(house: House, text: str, name: str = "watchlist.yaml") -> str:
    path = house.home / "config" / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def crawled(house: House, cape: Portal, *numbers: int) -> None:
    cape.publishes(*numbers)
    assert house.crawl("cape")["succeeded"]


def told(house: House, *command: str) -> list[Any]:
    done = house.run(*command)
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def versions(house: House) -> list[tuple[int, str]]:
    """(article, the version that matched it)."""
    with reading(house.database) as session:
        return [tuple(row) for row in session.execute(select(Match.article_id, Match.watchlist).order_by(Match.article_id, Match.topic))]


def owed(house: House) -> list[tuple[str, str, str | None]]:
    with reading(house.database) as session:
        return [(row.topic, row.recipient, row.late and row.late.split("-")[0]) for row in session.scalars(select(AlertRow))]


def test_a_bad_file_is_refused_in_every_place_and_the_last_good_version_runs_on(fresh: House, cape: Portal, configured: Any) -> None:
    crawled(fresh, cape, 1)
    path = watches(fresh, BAD)
    crawled(fresh, cape, 1, 2)
    (_, first), (_, second) = versions(fresh)
    assert first == second
    complaint = f"{path}:2:46: must_match: the query of `ferry` does not match"
    refused = f"the watchlist is refused, version {first} runs on:"
    for command, code in (("topics list", 1), ("portals list", 1), ("doctor --exit-code", 1), ("topics check", 1)):
        done = fresh.run(*command.split())
        said = " ".join((done.stdout + done.stderr).split())
        assert done.returncode == code, command
        assert complaint in said, command
        assert refused in said or command == "topics check", command
    assert json.loads(fresh.run("topics", "list", "--json").stdout)["matches"] == 2
    configured(**{name.removeprefix("PORTALWATCH_").lower(): value for name, value in fresh.env.items() if name.startswith("PORTALWATCH_")})
    with pytest.raises(ConfigError, match=refused):
        upkeep_round(settings())
    assert fresh.run("topics", "rematch").returncode == 1
    watches(fresh, NUMBER)
    crawled(fresh, cape, 1, 2, 3)
    assert len({version for article, version in versions(fresh) if article == 3} - {first}) == 1
    assert fresh.run("portals", "list").returncode == fresh.run("topics", "list").returncode == 0
    listed = told(fresh, "topics", "versions", "--json")
    assert [(each["runs"], each["topics"], each["matches"]) for each in listed] == [(True, 2, 2), (False, 1, 2)]
    assert fresh.run("topics", "show-version", first[:6]).stdout == WATCH
    assert fresh.run("topics", "show-version", "zz").returncode == 2
    back = fresh.run("topics", "diff", first, "--json")
    assert json.loads(back.stdout.splitlines()[-1])["topics"] == {"number": {"gained": 0, "lost": 3}}


def test_what_a_query_would_have_matched(fresh: House, cape: Portal) -> None:
    assert "the archive is empty" in fresh.run("topics", "try", "渡輪").stderr
    crawled(fresh, cape, 1, 2)
    (all_of_it,) = told(fresh, "topics", "try", "渡轮", "--json", "--limit", "1")
    assert {name: all_of_it[name] for name in ("articles", "matched", "stories", "alerts", "alerts_a_day")} == {
        "articles": 2, "matched": 2, "stories": 2, "alerts": 2, "alerts_a_day": None,
    }  # fmt: skip
    assert 0 <= all_of_it["watched_days"] < 1
    assert all_of_it["portals"] == [{"portal": "cape", "matched": 2, "alerts": 2}]
    assert (len(all_of_it["days"]), sum(day["matched"] for day in all_of_it["days"])) == (31, 2)
    (sample,) = all_of_it["samples"]
    assert "渡輪" in sample["title"]
    assert {hit["as_written"] for hit in sample["hits"]} == {"渡輪"}
    shown = fresh.run("topics", "try", "--topic", "ferry").stdout
    assert re.search(
        r"2 of 2 articles match, in 2 stories; 2 alerts in the \d+ min that the archive spans; a rate needs a day at least", shown
    )
    assert "第2號【渡輪】復航" in shown
    assert "0 of 2 articles match" in fresh.run("topics", "try", "吊橋", "--portal", "cape").stdout
    for wrong in (["渡輪", "--portal", "cap"], ["渡輪 AND"], ["--topic", "fery"], [], ["渡輪", "--aliases", "nobody"]):
        done = fresh.run("topics", "try", *wrong)
        assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (2, "", False), wrong
    assert "\n渡輪 AND\n        ^ the query ends where" in fresh.run("topics", "try", "渡輪 AND").stderr


def test_articles_of_a_learning_run_give_no_forecast(fresh: House, cape: Portal) -> None:
    crawled(fresh, cape, 1)
    with writing(fresh.database) as session:
        session.scalars(select(ArticleRow)).one().learned = True
    shown = fresh.run("topics", "try", "渡轮").stdout
    assert "1 of 1 articles match, in 1 stories; how many alerts a day cannot be told" in shown
    assert "(does not alert)" in shown


def test_a_change_is_shown_and_then_made_good_late(fresh: House, cape: Portal) -> None:
    assert "no watchlist ever ran" in fresh.run("topics", "diff").stderr
    crawled(fresh, cape, 1, 2)
    same = fresh.run("topics", "diff")
    assert (same.returncode, "no topic differs" in same.stdout) == (0, True)
    bad = fresh.run("topics", "diff", watches(fresh, BAD, "bad.yaml"))
    assert (bad.returncode, "bad.yaml:2:46: must_match" in bad.stderr) == (2, True)
    draft = watches(fresh, NUMBER, "draft.yaml")
    different = fresh.run("topics", "diff", draft)
    assert different.returncode == 1
    assert "alerts of the last 30 days: +2 / −0" in different.stdout
    assert "第1號渡輪復航\tother@example.org" in different.stdout
    *moved, counts = told(fresh, "topics", "diff", draft, "--json")
    assert [(each["change"], each["topic"], each["to"]) for each in moved] == [("gained", "number", ["other@example.org"])] * 2
    assert counts["topics"] == {"number": {"gained": 2, "lost": 0}}

    watches(fresh, NUMBER)
    (dry,) = told(fresh, "topics", "rematch", "--dry-run", "--json")
    assert (dry["new_matches"], dry["alerts"], dry["messages"]) == (2, 2, 1)
    before = owed(fresh)
    assert before == [("ferry", "desk@example.org", None)] * 2
    (done,) = told(fresh, "topics", "rematch", "--topic", "number", "--json")
    assert {**done, "late": "", "dry_run": True, "topics": 2} == {**dry, "late": "", "topics": 2, "matched": 2}
    assert owed(fresh) == [*before, *[("number", "other@example.org", "rematch")] * 2]
    with reading(fresh.database) as session:
        assert len(set(session.scalars(select(AlertRow.message).where(AlertRow.late.is_not(None))))) == 1
    (again,) = told(fresh, "topics", "rematch", "--json")
    assert (again["new_matches"], again["alerts"], again["messages"]) == (0, 0, 0)
    assert fresh.run("topics", "rematch", "--topic", "nobody").returncode == 2


def test_the_starter_passes_its_check_and_is_never_written_over(fresh: House) -> None:
    path = fresh.home / "elsewhere" / "watchlist.yaml"
    assert fresh.run("topics", "init", str(path)).returncode == 0
    assert fresh.run("topics", "check", str(path)).returncode == 0
    kept = path.read_bytes()
    done = fresh.run("topics", "init", str(path))
    assert (done.returncode, "stays as it is" in done.stderr, path.read_bytes()) == (2, True, kept)
    (fresh.home / "config" / "watchlist.yaml").unlink()
    missing = fresh.run("topics", "check").stderr
    assert "`portalwatch topics init " in missing
