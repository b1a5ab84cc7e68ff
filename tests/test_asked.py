"""Every decision can be asked for its reason, and corrected, on the command line."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from opencc import OpenCC
from typer.testing import CliRunner, Result

from pipelines import flow
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.errors import WrongUseError
from pipelines.store.database import open_store
from pipelines.store.pages import Found
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from portalwatch.cli import app
from tests.dedup.test_stories import BRIDGE
from tests.store.articles import TEXT, article
from tests.store.test_flow import OTHER, WATCHLIST

SIMPLE = OpenCC("t2s").convert
NEW = "環保團體則要求提供新船的噪音測試報告,並在候船區加設遮光設施,以免影響燕鷗棲息,也要求市府說明夜間照明的限制。"
COPY = SIMPLE(TEXT.split("\n", maxsplit=1)[0] + "\n" + TEXT.split("\n")[1].replace("下週二", "本週五") + "\n" + NEW)
URLS = {"dw_zh": "https://www.dw.com/zh/x/a-{}", "storm_mg": "https://www.storm.mg/article/{}"}
Ask = Callable[..., Result]


@pytest.fixture
def ask(configured: Callable[..., Settings], tmp_path: Path, now: datetime) -> Iterator[Ask]:
    """Commands on a store with a story that was told in both scripts (1, 2), and another (3) that quotes it."""
    on = open_store(configured(home=tmp_path / "home"))
    watchlist = Watchlist.from_text(WATCHLIST)
    desk = Desk(engine=on, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
    hour = timedelta(hours=1)
    texts = [
        ("storm_mg", 4869001, {"text": TEXT, "script": "Hant", "published_at": now - hour, "publisher": ("風傳媒",)}),
        ("dw_zh", 700001, {"text": COPY, "script": "Hans", "title": "轮渡复航", "published_at": now + hour, "publisher": ("风传媒",)}),
        ("dw_zh", 700002, {"text": BRIDGE + TEXT[20:110], "title": "吊橋", "published_at": now}),
    ]
    for portal, number, changes in texts:
        found = Found(portal=portal, identity=str(number), url=URLS[portal].format(number))
        flow.keep(desk, found, article(url=found.url, **changes), now + hour)
    runner = CliRunner()
    yield lambda *arguments, stdin="": runner.invoke(app, list(arguments), input=stdin)
    on.dispose()


def test_a_story_shows_its_chain(ask: Ask) -> None:
    told = ask("stories", "show", "1").stdout
    assert "had it first: 風傳媒 (1 of 2 credits 风传媒; its own piece is here)" in told
    assert told.index("article 1  storm_mg") < told.index("article 2  dw_zh")
    assert "+2 h" in told
    assert "published 2026-11-22 15:00:00+08:00" in told
    assert "against the first: adds 1 paragraph, changes 2 passages, another headline, the other script" in told
    assert "related: story 2 吊橋" in told


def test_a_story_as_json_holds_all_of_it(ask: Ask) -> None:
    told = json.loads(ask("stories", "show", "1", "--json", "--diff").stdout)
    assert told["first"] == {"publisher": "風傳媒", "why": "1 of 2 credits 风传媒; its own piece is here", "is_here": True}
    first, copy = told["tellings"]
    assert (first["article"], copy["article"], copy["after_seconds"], copy["after_is_exact"]) == (1, 2, 7200, True)
    assert (copy["added"], copy["cut"], copy["changed"]) == (1, 0, 2)
    assert copy["diff"]["added"] == [SIMPLE(NEW)]
    assert [(each["cut"], each["added"]) for each in copy["diff"]["changed"]] == [("下", "本"), ("二", "五")]
    assert copy["evidence"]["passages"]
    assert told["related"][0]["story"] == 2


@pytest.mark.parametrize(("script", "shown"), [("hant", NEW), ("hans", SIMPLE(NEW))], ids=["hant", "hans"])
def test_a_diff_is_in_the_readers_script(ask: Ask, script: str, shown: str) -> None:
    told = ask("stories", "diff", "1", "2", "--script", script).stdout
    assert f"+ {shown}" in told
    assert ("本週[-二-]{+五+}" in told) is (script == "hant")


@pytest.mark.parametrize(("article", "against", "convert"), [("2", "1", "t2s"), ("1", "2", "s2t")], ids=["hans", "hant"])
def test_a_diff_is_in_the_script_of_its_telling_where_none_is_asked_for(ask: Ask, article: str, against: str, convert: str) -> None:
    told = ask("stories", "diff", "1", article, "--against", against).stdout
    changes = re.findall(r"^ {5}[-+~] .*$", told, re.MULTILINE)
    assert len(changes) == 3
    assert changes == [OpenCC(convert).convert(change) for change in changes]


def test_the_script_of_the_settings_is_the_readers(ask: Ask, configured: Callable[..., Settings]) -> None:
    configured(script="hant")
    assert f"+ {NEW}" in ask("stories", "show", "1", "--diff").stdout
    assert "--script" in ask("stories", "show", "1", "--script", "latin").output


@pytest.mark.parametrize(
    "pair",
    [("1", "2"), ("https://www.storm.mg/article/4869001?page=1", "https://www.dw.com/zh/other/a-700001")],
    ids=["numbers", "addresses"],
)
def test_any_pair_of_articles_is_explained(ask: Ask, pair: tuple[str, str]) -> None:
    told = json.loads(ask("same", *pair, "--json").stdout)
    assert (told["same"], told["a"]["article"], told["b"]["article"]) == (True, 1, 2)
    assert [(each["story"], each["role"]) for side in "ab" for each in told[side]["tells"]] == [(1, "first"), (1, "copy")]
    assert told["threshold"]["reached"] >= told["threshold"]["needed"]
    assert told["containment"] == max(told["a"]["held"], told["b"]["held"])
    assert all(SIMPLE(passage["a"]) == passage["b"] for passage in told["passages"])
    assert told["passages"][0]["a"] in TEXT.replace("\n", " ") + "…" or told["passages"][0]["a"].endswith("…")


@pytest.mark.parametrize("pair", [("1", "3"), ("3", "1")])
def test_a_pair_that_is_not_the_same_says_what_was_missing_when_the_later_came(ask: Ask, pair: tuple[str, str]) -> None:
    told = ask("same", *pair).stdout
    assert re.match(r"not the same: \d+% of the text and 0% of its lead are known: a copy needs 35%", told)
    assert "first of story 2: nothing known holds it; nearest is article 1" in told
    assert "is needed" in told


def test_files_are_compared(ask: Ask, tmp_path: Path) -> None:
    plain, page = tmp_path / "a.txt", tmp_path / "b.html"
    plain.write_text(TEXT, encoding="utf-8")
    paragraphs = "".join(f"<p>{line}</p>" for line in COPY.split("\n"))
    page.write_text(
        f"<html><head><title>轮渡</title></head><body><article><h1>轮渡</h1>{paragraphs}</article></body></html>", encoding="utf-8"
    )
    done = ask("same", str(plain), str(page), "--json")
    assert done.exception is None
    told = json.loads(done.stdout)
    assert (told["same"], told["a"]["article"]) == (True, None)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("same", "1"), 2, "write `same A B`"),
        (("same", "1", "99"), 1, "no article has the number 99"),
        (("same", "1", "nowhere.txt"), 1, "nowhere.txt"),
        (("same", "1", "https://www.dw.com/zh/x/a-1"), 1, "was never read"),
        (("same", "1", "https://nobody.example/1"), 1, "no sheet knows it"),
        (("stories", "show", "99"), 1, "no story has the number 99"),
        (("stories", "diff", "1", "3"), 1, "article 3 does not tell story 1"),
    ],
)
def test_what_cannot_be_answered_is_told(ask: Ask, arguments: tuple[str, ...], code: int, words: str) -> None:
    done = ask(*arguments)
    told = done.output if code == 2 else str(done.exception)
    assert done.exit_code == code
    assert words in " ".join(told.replace("│", " ").split())


def test_the_json_lines_contract_stands(ask: Ask) -> None:
    lines = [json.dumps({"a": TEXT, "b": SIMPLE(TEXT)}), json.dumps({"a": TEXT, "b": OTHER, "c": 1}), '{"a": "x"}', "no json"]
    for arguments in (("same", "-"), ("same",)):
        told = [json.loads(line) for line in ask(*arguments, stdin="\n".join(lines)).stdout.splitlines()]
        assert [set(each) for each in told] == [{"same", "containment", "why"}] * 4
        assert [each["same"] for each in told] == [True, False, False, False]


@pytest.mark.parametrize("given", ["17", "https://www.dw.com/zh/x/a-1"])
def test_who_asks_explain_of_an_article_is_shown_why(ask: Ask, given: str) -> None:
    done = ask("explain", given)
    assert done.exit_code == 2
    assert f"`portalwatch why {given}`" in " ".join(done.stderr.replace("│", " ").split())


def test_a_message_that_there_is_not_is_wrong_use_and_those_that_there_are_are_told(ask: Ask) -> None:
    newest, *_, oldest = [json.loads(line) for line in ask("alerts", "list", "--json").stdout.splitlines()]
    unknown, *by_number = (ask("alerts", "list", "--message", name).exception for name in ("999", str(oldest["alert"])))
    assert isinstance(unknown, WrongUseError)
    assert f"alerts are numbered {oldest['alert']} to {newest['alert']}, and" in str(unknown)
    assert [str(each) for each in by_number] == [
        f"no message is called `{oldest['alert']}`; alert {oldest['alert']} is told by the message {oldest['message']}"
    ]
    assert ask("alerts", "list", "--message", newest["message"]).exit_code == 0


def test_a_split_and_its_undoing_are_told(ask: Ask) -> None:
    done = ask("stories", "split", "1", "2")
    assert "story 3: article 2, split by hand from story 1" in done.stdout
    assert "split from story 3 on" in ask("stories", "show", "1").stdout
    shown = ask("stories", "show", "3").stdout
    assert "why: split by hand from story 1" in shown
    assert "by hand: split from story 1 on" in shown
    assert "story 1: joined by hand with story 3, which brings article 2" in ask("stories", "join", "1", "3").stdout
    assert "by hand: joined with story 3 on" in ask("stories", "show", "1").stdout
    assert "was joined by hand into story 1" in str(ask("stories", "show", "3").exception)


def test_a_decision_that_stands_already_is_told_and_changes_nothing(ask: Ask) -> None:
    ask("stories", "split", "1", "2")
    again = ask("stories", "split", "1", "2")
    assert (again.exit_code, again.stdout) == (0, "story 3 tells that already, split by hand from story 1: nothing changed\n")
    ask("stories", "join", "1", "3")
    before = ask("stories", "show", "1").stdout
    again = ask("stories", "join", "1", "3")
    assert (again.exit_code, again.stdout) == (0, "story 1 tells already what story 3 told, joined by hand: nothing changed\n")
    assert json.loads(ask("stories", "join", "1", "3", "--json").stdout)["articles"] == []
    assert ask("stories", "show", "1").stdout == before
    for wrong in (("join", "1", "1"), ("join", "3", "1"), ("split", "1", "99"), ("join", "1", "99")):
        assert ask("stories", *wrong).exit_code


def test_a_split_and_its_undoing_are_told_as_json(ask: Ask) -> None:
    split, join = (json.loads(ask("stories", *asked, "--json").stdout) for asked in (("split", "1", "2"), ("join", "1", "3")))
    assert split == join == {"story": 1, "other": 3, "articles": [2], "cancelled": 0}
