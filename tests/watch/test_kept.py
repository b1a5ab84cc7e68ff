"""Compiled watchlists in files: the same as read ones, trusted only where they are ours and whole."""

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.watch import watchlist as module
from pipelines.watch.kept import NEWEST, Shelf
from pipelines.watch.packed import key_of
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist, compiled_once, load_watchlist

TEXT = """
topics:
  dprk: {title: 俄朝, query: (北韓 OR @kim) NEAR/20 俄羅斯 NOT 足球, aliases: [territories, people], channels: [desk, hook], expires: 2027-01-31}
  exact: {query: '=后 OR missil* OR "AI"*2', portals: [park6], must_match: ["missile", {title: AI, text: ai}]}
  more: {query: '2 OF (中共 EXCEPT (其中共), /習.{0,3}平/, title:人民)', tags: [a, b], owner: 李}
  regex: {query: '/北{2}/'}
channels:
  desk: {type: mail, to: [desk@example.org]}
  hook: {type: webhook, url: "https://crm.example.org/hook", secret_env: S, headers: {X: y}}
"""
ALIASES = "people: {kim: [金正恩, Kim Jong Un]}"
READABLES = [
    Readable(title="金正恩訪問俄国", text="missiles, AI and ai；习近平，中共。", portal="park6"),
    Readable(title="人民", text="皇后与后，北北，其中共有。中共\n\n朝鲜和俄罗斯"),
    Readable(title="足球", text="朝鲜和俄罗斯", portal="storm_mg"),
]
SOURCE = (TEXT, ALIASES)


def read() -> Watchlist:
    return Watchlist.from_text(TEXT, "w.yaml", ALIASES)


def unread() -> Watchlist:
    raise AssertionError("it was compiled although there was a compiled form")


def once(shelf: Path, make: Callable[[], Watchlist] = read) -> Watchlist:
    return compiled_once(shelf, "w.yaml", SOURCE, make)


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    once(tmp_path / "home" / "compiled")
    return tmp_path / "home" / "compiled"


def file_of(shelf: Path) -> Path:
    (found,) = shelf.glob("*.compiled")
    return found


def test_a_loaded_watchlist_is_the_one_that_was_read(shelf: Path) -> None:
    loaded, fresh = once(shelf, unread), read()
    assert loaded == fresh
    assert list(loaded.topics) == ["dprk", "exact", "more", "regex"]
    assert loaded.source == fresh.source
    assert loaded.aliases.lists["people"] == fresh.aliases.lists["people"]
    assert [loaded.recipients(topic) for topic in loaded.topics.values()] == [fresh.recipients(topic) for topic in fresh.topics.values()]


def test_a_loaded_watchlist_matches_the_same(shelf: Path) -> None:
    loaded, fresh = compile_watchlist(once(shelf, unread)), compile_watchlist(read())
    found = [fresh.match(readable) for readable in READABLES]
    assert [match.topic for matches in found for match in matches] == ["dprk", "exact", "dprk", "exact", "more", "regex"]
    assert [loaded.match(readable) for readable in READABLES] == found


def test_folder_and_file_are_for_us_only(shelf: Path) -> None:
    assert shelf.stat().st_mode & 0o777 == 0o700
    assert file_of(shelf).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:-1],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: content + b"\0",
        lambda content: b"\0" * len(content),
    ],
)
def test_a_damaged_file_is_compiled_anew_with_a_line_in_the_log(
    shelf: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    path = file_of(shelf)
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.INFO):
        assert once(shelf) == read()
    assert [record.getMessage() for record in caplog.records] == [f"{path} cannot be used and is compiled anew: it is damaged"]
    assert once(shelf, unread) == read()


def test_a_file_of_another_watchlist_is_not_taken(shelf: Path, caplog: pytest.LogCaptureFixture) -> None:
    other = (TEXT.replace("足球", "籃球"), ALIASES)
    file_of(shelf).rename(shelf / f"{key_of(other)}.compiled")
    with caplog.at_level(logging.INFO):
        assert Shelf(shelf).read(key_of(other)) is None
    assert "written for something else" in caplog.text


def test_another_text_or_alias_list_has_a_file_of_its_own() -> None:
    assert len({key_of(SOURCE), key_of((TEXT + "#", ALIASES)), key_of((TEXT, ALIASES + "#")), key_of((TEXT + ALIASES, ""))}) == 4


def test_a_folder_that_others_can_enter_is_not_used(shelf: Path, caplog: pytest.LogCaptureFixture) -> None:
    shelf.chmod(0o755)
    with caplog.at_level(logging.INFO), pytest.raises(AssertionError, match="although"):
        once(shelf, unread)
    assert "not ours alone" in caplog.text


def test_a_link_or_a_file_that_others_can_write_is_not_used(shelf: Path, tmp_path: Path) -> None:
    path, elsewhere = file_of(shelf), tmp_path / "elsewhere"
    elsewhere.write_bytes(path.read_bytes())
    assert Shelf(shelf).read(path.stem) is not None
    path.chmod(0o666)
    assert Shelf(shelf).read(path.stem) is None
    path.symlink_to(elsewhere)
    assert Shelf(shelf).read(path.stem) is None
    assert elsewhere.exists()


def test_a_pipe_in_the_folder_holds_nobody_up(shelf: Path) -> None:
    for path in (file_of(shelf), shelf / "lock"):
        path.unlink()
        os.mkfifo(path)
    started = threading.Thread(target=once, args=[shelf], daemon=True)
    started.start()
    started.join(10)
    assert not started.is_alive()
    assert once(shelf, unread) == read()


def test_a_lock_that_is_a_link_leads_to_no_other_file(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("kept")
    file_of(shelf).unlink()
    (shelf / "lock").unlink()
    (shelf / "lock").symlink_to(tmp_path / "elsewhere")
    assert once(shelf) == read()
    assert (tmp_path / "elsewhere").read_text() == "kept"


def test_a_place_where_nothing_can_be_kept_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert once(tmp_path / "file" / "compiled") == read()
    assert once(tmp_path / "file") == read()


def test_a_bad_watchlist_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text("topics: {x: {query: '('}}")
    with pytest.raises(module.ConfigError):
        load_watchlist(path, shelf=tmp_path / "compiled")
    assert not list((tmp_path / "compiled").glob("*.compiled"))


def test_the_newest_files_stay_and_a_dead_writers_goes(shelf: Path) -> None:
    first, dead, alive = file_of(shelf), shelf / "dead.new", shelf / "alive.new"
    for path in (dead, alive):
        path.write_bytes(b"")
    for path in (first, dead):
        os.utime(path, (1, 1))
    for index in range(NEWEST):
        Shelf(shelf).write(f"{index}", {"x": b"y"})
    assert {path.name for path in shelf.iterdir()} == {"lock", "alive.new", *(f"{index}.compiled" for index in range(NEWEST))}


def test_processes_that_start_together_compile_once(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text(TEXT.replace("[territories, people]", "[]").replace("@kim", "金正恩"))
    code = f"""
from pathlib import Path
from pipelines.watch import watchlist
from pipelines.watch.watchlist import load_watchlist
plans = watchlist.program_of
watchlist.program_of = lambda given: print("compiled") or plans(given)
print(len(load_watchlist(Path({str(path)!r}), shelf=Path({str(tmp_path / "compiled")!r})).topics))
"""
    children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(3)]
    lines = [line for child in children for line in child.communicate(timeout=60)[0].split()]
    assert sorted(lines) == ["4", "4", "4", "compiled"]


def test_reading_tells_how_far_it_is() -> None:
    told: list[tuple[str, int, int]] = []
    Watchlist.from_text(TEXT, "w.yaml", ALIASES, progress=lambda *each: told.append(each))
    queries = [("understanding the queries", done, 4) for done in range(4)]
    assert told == [("reading", 0, 0), *queries, ("compiling", 0, 0), ("trying the samples", 0, 0)]
