"""Stories told more than once, as `aliases suggest` reads them, and the command on a real store."""

import json
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from opencc import OpenCC
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from pipelines.store import tales
from pipelines.store.database import reading, writing
from pipelines.store.tables import ArticleRow, PageRow, Story, Telling
from pipelines.watch.aliases import read_aliases
from pipelines.yamlfile import Document
from portalwatch.cli import app

TRADITIONAL = OpenCC("s2t").convert
AROUND = "春夏秋冬东西南北"
NUMBERS = count()


def keep(session: Session, now: datetime, portal: str, text: str, script: str | None) -> int:
    page = PageRow(portal=portal, identity=str(next(NUMBERS)), url="u", marks={}, outcome="new", first_seen_at=now, looked_at=now)
    session.add(page)
    session.flush()
    empty = {
        "publisher": [],
        "captions": [],
        "reactions": {},
        "comments": [],
        "rung": "x",
        "codec": "utf-8",
        "digest": "d",
        "learned": False,
    }
    row = ArticleRow(page_id=page.id, portal=portal, url="u", title="题", text=text, script=script, first_seen_at=now, **empty)
    session.add(row)
    session.flush()
    return row.id


def tell(session: Session, now: datetime, *told: tuple[str, str, str | None], role: str = "copy") -> int:
    """A story with these tellings: portal, text, script."""
    ids = [keep(session, now, portal, text, script) for portal, text, script in told]
    story = Story(article_id=ids[0], title="题", first_seen_at=now)
    session.add(story)
    session.flush()
    for index, article in enumerate(ids):
        session.add(Telling(story_id=story.id, article_id=article, role=role if index else "first", containment=1.0, why="test"))
    return story.id


def regional(session: Session, now: datetime, one: str, other: str) -> None:
    for at, around in enumerate(AROUND):
        text = f"第{around}届海岬会议在{around}边的{{}}市{around}区闭幕，与会者{at}人。"
        tell(session, now, ("dw_zh", text.format(one), "Hans"), ("storm_mg", TRADITIONAL(text.format(other)), "Hant"))


def test_only_stories_told_more_than_once_are_read_and_parts_are_left_out(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        twice = tell(session, now, ("a", "甲", "Hans"), ("b", "乙", "Hant"))
        tell(session, now, ("a", "丙", "Hans"))
        tell(session, now, ("a", "丁", "Hans"), ("b", "戊", None), role="part")
    with reading(store) as session:
        assert list(tales.retold(session)) == [[(twice, "a", "Hans", "题", "甲"), (twice, "b", "Hant", "题", "乙")]]
        assert tales.count_retold(session) == 1
        assert tales.scripts(session) == {"Hans": 3, "Hant": 1, "none": 1}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A portalwatch of its own on SQLite, with a small alias file."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "aliases.yaml").write_text("leaders: {ren: [任甲, 壬甲]}\n", encoding="utf-8")
    monkeypatch.setenv("PORTALWATCH_CONFIG", str(config))
    return config


def run(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["aliases", *arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def told_to(home: Path, now: datetime, *pairs: tuple[str, str]) -> None:
    from pipelines.config import settings
    from pipelines.store.database import open_store

    with writing(open_store(settings())) as session:
        for one, other in pairs:
            regional(session, now, one, other)


def test_suggestions_are_yaml_that_can_be_pasted(home: Path, now: datetime) -> None:
    told_to(home, now, ("格伦达", "葛倫黛"), ("格伦达", "格蘭達"), ("任甲", "仁甲"), ("北韩", "朝鮮"))
    printed = run("suggest")
    lists = read_aliases(Document("suggested.yaml", printed)).lists
    assert lists["suggested"] == {"格伦达": ("格伦达", "格蘭達", "葛倫黛")}
    assert "8 stories, left as it is in 0. Hans: " in printed
    assert "# add to leaders.ren: [仁甲]" in printed
    assert "北韩" not in printed


def test_suggestions_as_json(home: Path, now: datetime) -> None:
    told_to(home, now, ("格伦达", "葛倫黛"))
    lines = [json.loads(line) for line in run("suggest", "--json").splitlines()]
    assert [(line["terms"], line["sides"], line["stories"], line["kept"]) for line in lines] == [
        (["格伦达", "葛倫黛"], ["Hans", "Hant-TW"], 8, 0)
    ]
    assert run("suggest", "--json", "--least", "9") == ""


def test_an_archive_that_cannot_suggest_says_why(home: Path, now: datetime) -> None:
    assert run("suggest") == "the archive is empty: nothing was crawled yet\n"
    told_to(home, now)
    from pipelines.config import settings
    from pipelines.store.database import open_store

    with writing(open_store(settings())) as session:
        tell(session, now, ("dw_zh", "甲", "Hans"), ("park6", "乙", "Hans"))
    assert run("suggest") == "no story is told in two scripts or regions yet; articles by script: 2 Hans\n"
    told_to(home, now, ("北韩", "朝鮮"))
    assert run("suggest") == "8 stories are told in two scripts or regions; no pair of names in 3 of them is new to the alias lists\n"


def test_lists_and_their_groups_are_shown(home: Path) -> None:
    assert run("list").splitlines()[2] == "leaders\t1\t@leaders"
    assert run("list", "leaders").splitlines()[1:] == ["leaders\tren\t任甲 · 壬甲"]
    assert json.loads(run("list", "KP", "--json"))["terms"][0] == "朝鲜"
    assert CliRunner().invoke(app, ["aliases", "list", "leadrs"]).exception is not None


def test_check_tells_where_groups_meet(home: Path) -> None:
    path = home / "aliases.yaml"
    path.write_text("a: {x: [川普, 四川], y: [四川话, 川普]}\nb: {z: [計畫, 计划, 计画]}\nlook_alikes: {a: [四川普]}\n", encoding="utf-8")
    assert run("check").splitlines()[:-1] == [
        "`川普` stands for a.x and a.y",
        "`四川` (a.x) is found in `四川话` (a.y): put that into look_alikes where it should not count",
        "b.z: `计画` is joined by folding already",
    ]
    path.write_text("a: {x: []}", encoding="utf-8")
    assert CliRunner().invoke(app, ["aliases", "check"]).exit_code == 1


def test_a_query_shows_its_expansion_with_the_lists_that_it_takes(home: Path) -> None:
    def expanded(*arguments: str) -> str:
        return CliRunner().invoke(app, ["topics", "expand", "任甲 北韓", *arguments]).stdout

    assert expanded("--take", "leaders").splitlines()[0] == "任甲: 任甲 · 壬甲"
    assert expanded().splitlines()[0] == "任甲: 任甲"
    assert "north korea" in expanded().splitlines()[1]
    assert CliRunner().invoke(app, ["topics", "expand", "x", "--take", "leadrs"]).exception is not None
