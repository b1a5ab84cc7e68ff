"""The archive through real crawls and commands: what was fetched can be found, shown, forgotten, and read again."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pipelines.archive.index import FORGOTTEN
from pipelines.store.alerts import HELD_FOR
from pipelines.store.database import reading, writing
from pipelines.store.tables import AlertRow, ArticleRow, PageRow, Revision
from spiders.job import now
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, page, write_sheet

WATCH = "topics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
BLIND = {"extract": {"article": ["#nowhere"]}}
URL = "http://cape.example/article/{}"
ROOT = Path(__file__).resolve().parents[2]


def lists(cape: Portal, *numbers: int) -> None:
    cape.lists(*numbers)
    for number in numbers:
        cape.article(number, headers={"ETag": f'"{number}"'})


def blind_crawl(house: House, cape: Portal, *numbers: int) -> None:
    """Crawl with a sheet that finds no article on any page, then mend the sheet."""
    lists(cape, *numbers)
    write_sheet(house.home / "config", cape.url, **BLIND)
    assert house.crawl("cape")["outcomes"] == {"not_article": len(numbers)}
    write_sheet(house.home / "config", cape.url)


def look_again(house: House, cape: Portal) -> None:
    """Crawl what is known once more; the listing names nothing, since what it names may be settled before it is looked at."""
    with writing(house.database) as session:
        session.execute(update(PageRow).values(due_at=now()))
    cape.answers["/list"] = Answer(status=304)
    assert house.crawl("cape")["succeeded"]


def rows(house: House, table: Any) -> int:
    with reading(house.database) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def json_lines(house: House, *command: str) -> list[dict[str, Any]]:
    done = house.run(*command, "--json")
    assert "Traceback" not in done.stderr, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_what_was_fetched_can_be_listed_found_shown_and_checked(fresh: House, cape: Portal) -> None:
    lists(cape, 1, 2)
    fresh.crawl("cape")
    cape.article(2, body=page("第2號渡輪停航").encode())
    look_again(fresh, cape)
    files = json_lines(fresh, "archive", "list", "cape")
    assert [(line["pages"], line["revisits"]) for line in files] == [(2, 0), (2, 1)]
    found = json_lines(fresh, "archive", "find", URL.format(1))
    assert [(line["status"], line["revisit_of"] is None) for line in found] == [(200, True), (200, False)]
    assert fresh.run("archive", "show", URL.format(1)).stdout.encode() == cape.answers["/article/1"].body
    first = json_lines(fresh, "archive", "find", URL.format(2))[0]["at"].replace(" ", "T")
    assert "第2號渡輪復航" in fresh.run("archive", "show", URL.format(2), "--at", first).stdout
    newest = fresh.run("archive", "show", URL.format(2), "--headers").stdout
    assert newest.startswith("200 http://cape.example/article/2\nfetched ")
    assert "第2號渡輪停航" in newest
    assert fresh.run("archive", "check").stdout == "2 files are whole\n"
    assert fresh.run("archive", "find", URL.format(99)).returncode == 1
    assert fresh.run("archive", "show", URL.format(1), "--at", "yesterday").returncode == 2


@pytest.mark.slow
def test_damage_is_told_with_its_place(fresh: House, cape: Portal) -> None:
    lists(cape, 1)
    fresh.crawl("cape")
    (path,) = (fresh.home / "archive" / "cape").glob("*.warc.gz")
    data = path.read_bytes()
    path.write_bytes(data[:-20])
    done = fresh.run("archive", "check")
    assert done.returncode == 1
    assert f"cape/{path.name}: is torn: its last " in done.stdout


def test_a_full_disk_stops_archiving_not_watching_and_says_so(fresh: House, cape: Portal) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("full disk: no mount allowed here; enable user namespaces (`unshare -rm true` must work)")
    cape.lists(*range(1, 7))
    for number in range(1, 7):
        cape.article(number, body=page(f"第{number}號渡輪復航").encode() + f"<!-- {os.urandom(9000).hex()} -->".encode())
    folder = fresh.home / "archive"
    folder.mkdir()
    command = f'mount -t tmpfs -o size=48k tmpfs {folder} && "$@"; code=$?; cp -r {folder} {fresh.home}/kept; exit $code'
    crawl = [sys.executable, "-m", "portalwatch.cli", "crawl", "cape", "--json"]
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command, "sh", *crawl],
        cwd=ROOT,
        env=fresh.env | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout)
    assert (told["succeeded"], told["outcomes"]) == (True, {"new": 6})
    assert told["reason"] == "archiving stopped: No space left on device"
    assert done.stderr.count("archiving stopped") == 1
    assert "FAIL archive: " in fresh.run("doctor").stdout
    shutil.rmtree(folder)
    shutil.move(fresh.home / "kept", folder)
    assert fresh.run("archive", "check").stdout == "1 files are whole\n"
    assert 0 < json_lines(fresh, "archive", "list")[0]["pages"] < 6


@pytest.mark.slow
def test_an_archive_address_that_cannot_be_used_is_refused_before_anything_is_fetched(fresh: House, cape: Portal) -> None:
    lists(cape, 1)
    done = fresh.run("crawl", "cape", PORTALWATCH_ARCHIVE_URL="s4://KEY:hunter2@bucket/pages")
    assert done.returncode == 1
    assert "PORTALWATCH_ARCHIVE_URL: `s4://` is no address of a file system" in done.stderr
    assert "hunter2" not in done.stderr
    assert cape.asked == []
    assert "FAIL archive" in fresh.run("doctor", PORTALWATCH_ARCHIVE_URL="s4://KEY:hunter2@bucket/pages").stdout


@pytest.mark.slow
def test_several_workers_share_one_address(fresh: House, cape: Portal) -> None:
    shared = f"file://{fresh.home}/shared"
    lists(cape, 1)
    fresh.crawl("cape", PORTALWATCH_ARCHIVE_URL=shared)
    fresh.crawl("dw_zh", PORTALWATCH_ARCHIVE_URL=shared)
    told = fresh.run("archive", "list", "--json", PORTALWATCH_ARCHIVE_URL=shared).stdout.splitlines()
    assert {json.loads(line)["portal"] for line in told} == {"cape", "dw_zh"}
    assert not (fresh.home / "archive").exists()


def test_pages_that_did_not_read_become_articles_and_one_late_message(fresh: House, cape: Portal) -> None:
    blind_crawl(fresh, cape, 1, 2, 3)
    dry = json_lines(fresh, "reextract", "cape", "--dry-run")
    assert [line["became"] for line in dry[:-1]] == ["new"] * 3
    assert dry[-1].items() >= {"pages": 3, "new": 3, "messages": 0, "dry_run": True}.items()
    assert (rows(fresh, ArticleRow), fresh.world.inbox()) == (0, [])
    told = json_lines(fresh, "reextract", "cape")[-1]
    assert told.items() >= {"pages": 3, "new": 3, "alerts": 3, "messages": 1}.items()
    (mail,) = fresh.world.inbox()
    assert "3 則報導較晚命中" in mail["subject"]
    assert all(URL.format(number) in mail["text"] for number in (1, 2, 3))
    again = json_lines(fresh, "reextract", "cape")
    assert len(again) == 1
    assert again[0].items() >= {"same": 3, "alerts": 0, "messages": 0}.items()
    assert len(fresh.world.inbox()) == 1
    assert fresh.crawl("cape")["outcomes"] == {"known": 3}


@pytest.mark.slow
def test_a_changed_rule_changes_the_article_and_makes_no_revision(fresh: House, cape: Portal) -> None:
    lists(cape, 1, 2)
    fresh.crawl("cape")
    write_sheet(fresh.home / "config", cape.url, extract={"title": [{"css": "h1", "pattern": "(?P<value>第\\d號)"}]})
    done = fresh.run("reextract", "--url", URL.format(1), "--dry-run")
    assert "reread     http://cape.example/article/1" in done.stdout
    assert "-第1號渡輪復航" in done.stdout
    told = json_lines(fresh, "reextract", "cape", "--since", "2020-01-01", "--until", "2020-12-31")
    assert told[-1]["pages"] == 0
    told = json_lines(fresh, "reextract", "cape")
    assert {line["differences"]["title"]["after"] for line in told[:-1]} == {"第1號", "第2號"}
    with reading(fresh.database) as session:
        assert set(session.execute(select(ArticleRow.title, ArticleRow.revision)).all()) == {("第1號", 0), ("第2號", 0)}
    assert (rows(fresh, Revision), len(fresh.world.inbox())) == (2, 2)


@pytest.mark.slow
def test_an_article_of_several_pages_is_read_again_whole(fresh: House, cape: Portal) -> None:
    for at in (1, 2, 3):
        link = f'<a href="/article/20_{at + 1}">下一頁</a>' if at < 3 else ""
        cape.answers["/article/20" + (f"_{at}" if at > 1 else "")] = Answer(page("第20號渡輪復航", seed=f"page {at}", foot=link).encode())
    cape.lists(20)
    fresh.crawl("cape")
    with reading(fresh.database) as session:
        before = session.scalars(select(ArticleRow)).one()
    assert before.text.count("渡輪消息") == 9
    assert [line["part"] for line in json_lines(fresh, "archive", "find", URL.format(20))] == ["page", "part", "part"]
    write_sheet(fresh.home / "config", cape.url, extract={"title": [{"css": "h1", "pattern": "(?P<value>第\\d+號)"}]})
    assert json_lines(fresh, "reextract")[-1].items() >= {"pages": 1, "reread": 1}.items()
    with reading(fresh.database) as session:
        after = session.scalars(select(ArticleRow)).one()
    assert (after.title, after.text, after.partial, after.revision) == ("第20號", before.text, None, 0)


def test_what_was_forgotten_is_gone_from_the_archive_and_is_not_read_again(fresh: House, cape: Portal) -> None:
    lists(cape, 1, 2)
    fresh.crawl("cape")
    look_again(fresh, cape)
    assert "with 2 archived pages" in fresh.run("forget", URL.format(1)).stdout
    assert fresh.run("archive", "find", URL.format(1)).returncode == 1
    kept = {path: path.read_bytes() for path in (fresh.home / "archive").rglob("*") if path.is_file()}
    assert [path.suffix for path, data in kept.items() if b"article/1" in data] == [FORGOTTEN], "but for the tombstone"
    assert json_lines(fresh, "reextract", "cape")[-1]["pages"] == 1
    assert rows(fresh, ArticleRow) == 1
    assert fresh.run("archive", "check").returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_replay_that_is_stopped_has_done_what_it_told_and_goes_on(fresh: House, cape: Portal, number: signal.Signals) -> None:
    blind_crawl(fresh, cape, *range(1, 31))
    command = [sys.executable, "-m", "portalwatch.cli", "reextract", "cape", "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=fresh.env | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert json.loads(first)["became"] == "new"
    process.send_signal(number)
    rest, errors = process.communicate(timeout=30)
    assert number is signal.SIGKILL or "Traceback" not in errors
    done = rows(fresh, ArticleRow)
    assert 1 <= 1 + len([line for line in rest.splitlines() if '"new"' in line]) <= done < 30
    assert fresh.world.inbox() == []
    told = json_lines(fresh, "reextract", "cape")[-1]
    assert (told["same"], told["new"], told["messages"]) == (done, 30 - done, 1)
    with writing(fresh.database) as session:
        session.execute(update(AlertRow).where(AlertRow.state == "held").values(next_try_at=now() - HELD_FOR))
    fresh.run("alerts", "deliver")
    texts = [mail["text"] for mail in fresh.world.inbox()]
    assert len(texts) == 2
    with reading(fresh.database) as session:
        assert dict(session.execute(select(AlertRow.state, func.count()).group_by(AlertRow.state)).all()) == {"sent": 30}


@pytest.mark.slow
def test_a_sheet_is_tried_on_archived_pages(fresh: House, cape: Portal, tmp_path: Path) -> None:
    lists(cape, 1, 2, 3)
    fresh.crawl("cape")
    changed = tmp_path / "cape.yaml"
    shutil.copy(fresh.home / "config" / "portals" / "cape.yaml", changed)
    done = fresh.run("portals", "try", str(changed), "--archive", "200")
    assert (done.returncode, done.stdout) == (
        0,
        "3 archived pages, 0 read differently (before: by the sheet in force, after: by yours)\n",
    ), done.stderr
    values = json.loads(changed.read_text(encoding="utf-8")) | {"extract": {"title": [{"css": "h1", "pattern": "(?P<value>第\\d號)"}]}}
    changed.write_text(json.dumps(values), encoding="utf-8")
    done = fresh.run("portals", "try", str(changed), "--archive", "2", "--diffs", "1")
    assert done.returncode == 1
    assert "2 archived pages, 2 read differently (before: by the sheet in force, after: by yours)\n      2  title\n" in done.stdout
    assert "    -第3號渡輪復航\n    +第3號\n" in done.stdout
    assert "and 1 more" in done.stdout
    lines = json_lines(fresh, "portals", "try", str(changed))
    assert lines[0]["differences"] == {"title": {"before": "第3號渡輪復航", "after": "第3號"}}
    assert rows(fresh, Revision) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["cape.yaml", "unknown.yaml", "missing.yaml", "storm_mg.yaml"])
def test_a_sheet_that_cannot_be_tried_is_wrong_use(fresh: House, cape: Portal, tmp_path: Path, name: str) -> None:
    if name != "missing.yaml":
        (tmp_path / name).write_text("nonsense: [" if name == "cape.yaml" else "extends: storm_mg\n", encoding="utf-8")
    done = fresh.run("portals", "try", str(tmp_path / name))
    assert done.returncode == 2, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_progress_is_told_on_stderr(fresh: House, cape: Portal) -> None:
    blind_crawl(fresh, cape, 1)
    done = fresh.run("reextract")
    assert "cape: 1 of 1" in done.stderr
    assert done.stdout.splitlines() == ["new        http://cape.example/article/1", "1 pages: 1 new, 1 alerts, 1 messages"]
