"""The desk's verdicts, trap lint and near misses as commands, on a store with a few alerts."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import select
from typer.testing import CliRunner

from pipelines import flow
from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.store.database import open_store, reading
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from portalwatch.cli import app
from spiders.job import now
from tests.store.articles import article

WATCHLIST = """\
# what the desk watches
topics:
  ferry:                    # boats
    title: 渡輪
    query: 渡輪 OR 中共     # either
    channels: [desk]
    must_match: [青嶼渡輪停航]
  fare:
    query: 票價 NOT 公車
    channels: [desk]
    portals: [dw_zh]
channels:
  desk: {type: mail, to: [desk@example.org]}
"""
TEXTS = {
    "青嶼渡輪撞上碼頭": "渡輪在清晨撞上碼頭,無人受傷。港務局說明原因。",
    "青嶼渡輪下月復航": "停航一年的渡輪將復航,票價不變,公車也不變。",
    "渡輪模型展開幕": "模型迷的渡輪模型在市中心展出。模型展出到週日。",
    "車禍其中共有三人受傷": "其中共有兩名學生。其中,一人重傷,其中一人出院;警方說其中沒有外國人。",
}


@pytest.fixture
def watchlist(configured: Callable[..., Settings], tmp_path: Path, fast: Fast) -> Path:
    """A watchlist's file, beside a store whose four articles told of its topic."""
    path = tmp_path / "config" / "watchlist.yaml"
    path.parent.mkdir()
    path.write_text(WATCHLIST, encoding="utf-8")
    store = open_store(configured(config=path.parent, home=tmp_path / "home"))
    read = Watchlist.from_text(WATCHLIST)
    desk = Desk(engine=store, fast=fast, watchlist=read, matcher=compile_watchlist(read), learning=False, looks=(timedelta(hours=1),))
    for number, (title, text) in enumerate(TEXTS.items()):
        found = Found(portal="dw_zh", identity=str(number), url=f"https://www.dw.com/zh/a-{number}")
        flow.keep(desk, found, article(url=found.url, title=title, text=text), now())
    return path


def run(*command: str) -> Result:
    return CliRunner().invoke(app, list(command))


def alert(title: str) -> AlertRow:
    with reading(open_store(Settings())) as session:
        place = list(TEXTS).index(title) + 1
        return session.scalars(select(AlertRow).where(AlertRow.article_id == place)).one()


def test_an_irrelevant_alert_proposes_what_keeps_the_others_and_changes_nothing(watchlist: Path) -> None:
    done = run("alerts", "irrelevant", alert("渡輪模型展開幕").message)
    assert done.exit_code == 0, done.output
    undo = f"`portalwatch alerts relevant {alert('渡輪模型展開幕').message}`"
    assert f"ferry: 「渡輪模型展開幕」 counts as not relevant (undo: {undo})" in done.output
    assert "1. (渡輪 OR 中共) NOT 模型   (would also lose 0 of 3 alerts)" in done.output
    assert "+    query: (渡輪 OR 中共) NOT 模型     # either" in done.output
    assert "+    must_not_match: ['渡輪模型展開幕']" in done.output
    assert watchlist.read_text(encoding="utf-8") == WATCHLIST


def test_write_changes_two_lines_of_the_file_and_it_still_checks(watchlist: Path) -> None:
    done = run("alerts", "irrelevant", str(alert("車禍其中共有三人受傷").id), "--write", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    assert (told["topic"], told["query"], told["written"]) == ("ferry", "渡輪 OR 中共 EXCEPT (其中共)", True)
    assert (told["proposals"][0]["lost"], told["proposals"][0]["of"]) == (0, 3)
    expected = WATCHLIST.replace("渡輪 OR 中共 ", "渡輪 OR 中共 EXCEPT (其中共) ")
    expected = expected.replace("# either\n", "# either\n    must_not_match: ['車禍其中共有三人受傷']\n")
    assert watchlist.read_text(encoding="utf-8") == expected
    assert run("topics", "check").exit_code == 0


def test_the_verdict_is_remembered_shown_and_taken_back(watchlist: Path) -> None:
    row = alert("渡輪模型展開幕")
    run("alerts", "irrelevant", str(row.id))
    listed = json.loads(run("topics", "list", "--json").output.splitlines()[0])
    assert (listed["alerted"], listed["irrelevant"]) == (4, 1)
    assert "75% of 4" in run("topics", "list").output
    assert run("alerts", "relevant", str(row.id)).exit_code == 0
    assert "100% of 4" in run("topics", "list").output


def test_what_would_lose_others_is_written_only_where_it_is_chosen(watchlist: Path) -> None:
    row = alert("車禍其中共有三人受傷")
    done = run("alerts", "irrelevant", str(row.id), "--because", "受傷", "--write")
    assert isinstance(done.exception, PortalwatchError)
    assert "it would also lose 1 of 3 alerts; say --take 1" in str(done.exception)
    assert watchlist.read_text(encoding="utf-8") == WATCHLIST
    assert run("alerts", "irrelevant", str(row.id), "--because", "受傷", "--write", "--take", "1").exit_code == 0
    assert "query: (渡輪 OR 中共) NOT 受傷     # either" in watchlist.read_text(encoding="utf-8")


def test_a_sample_that_must_match_stands_in_the_way(watchlist: Path) -> None:
    done = run("alerts", "irrelevant", str(alert("青嶼渡輪下月復航").id), "--because", "青嶼", "--write")
    assert "nothing to write" in str(done.exception)


def test_a_word_that_is_not_there_writes_nothing(watchlist: Path) -> None:
    done = run("alerts", "irrelevant", str(alert("渡輪模型展開幕").id), "--because", "足球", "--write")
    assert isinstance(done.exception, PortalwatchError)
    assert "nothing to write" in str(done.exception)
    assert watchlist.read_text(encoding="utf-8") == WATCHLIST


def test_wrong_names_are_told(watchlist: Path) -> None:
    for command in (["999"], ["1", "--topic", "fare"], ["1", "--take", "99"]):
        assert isinstance(run("alerts", "irrelevant", *command).exception, WrongUseError)


def test_near_misses_name_the_change(watchlist: Path) -> None:
    told = [json.loads(line) for line in run("topics", "near", "fare", "--json").output.splitlines()]
    assert [(each["title"], each["change"], each["query"]) for each in told] == [("青嶼渡輪下月復航", "without `NOT 公車`", "票價")]
    assert "1 near misses: 1 without `NOT 公車`; 4 articles of 7 days were looked at" in run("topics", "near", "fare").output
    assert isinstance(run("topics", "near", "fair").exception, WrongUseError)


def test_lint_tells_what_the_archive_shows(watchlist: Path) -> None:
    told = {each["term"]: each for each in map(json.loads, run("topics", "lint", "--json").output.splitlines())}
    assert told["中共"]["archive"]["words"] == [{"text": "其中共", "count": 2, "is_across": True}]
    assert told["中共"]["proposal"].startswith("渡輪 OR 中共 EXCEPT (其中共, ")
    assert not told["渡輪"]["warning"]
    assert "the built-in list and 4 articles of 30 days were looked at" in run("topics", "lint").output
    assert "1 trap warning about short terms" in run("topics", "check").output


def test_an_empty_archive_says_so(configured: Callable[..., Settings], tmp_path: Path) -> None:
    (tmp_path / "watchlist.yaml").write_text(WATCHLIST, encoding="utf-8")
    configured(config=tmp_path, home=tmp_path / "home")
    linted = run("topics", "lint", "--query", "中共")
    assert "only the built-in list was looked at" in linted.output
    assert "write: 中共 EXCEPT (其中共, " in linted.output
    assert "so this says nothing yet" in run("topics", "near", "ferry").output
    assert not (tmp_path / "home").exists()
