"""The commands as a newcomer and a script meet them: help, exit codes, plumbing, forgetting."""

import gzip
import json
import re
from pathlib import Path

import pytest
import typer
from sqlalchemy import func, select
from typer.main import get_command

from pipelines.config import PREFIX, Settings
from pipelines.store.database import reading
from pipelines.store.tables import AlertRow, ArticleRow, PageRow
from portalwatch.cli import MODULES, app
from tests.conftest import python
from tests.whole.conftest import House

ROOT = Path(__file__).resolve().parents[2]
FERRY = "海岬市政府週三宣布,往返青嶼與內港的夜間渡輪將自下月起恢復行駛,每晚增開兩班,票價維持不變。交通局長表示修復工程提前完工。"


def _commands(command: object, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], object]]:
    below = getattr(command, "commands", {})
    return [item for name, inner in below.items() for item in _commands(inner, (*path, name))] or [(path, command)]


def test_every_command_has_a_help_with_an_example() -> None:
    found = _commands(get_command(app))
    assert {path[0] for path, _ in found} == {
        "up", "crawl", "backfill", "portals", "topics", "aliases", "articles", "stories", "alerts", "archive", "reextract", "extract", "same", "explain", "forget",
        "doctor", "db", "redis", "why", "retention", "serve", "health", "canary", "airflow",
    }  # fmt: skip
    assert [path for path, command in found if "Example: `" not in (command.help or "")] == []  # type: ignore[attr-defined]


def test_a_command_imports_its_own_modules_alone_and_lacks_none() -> None:
    for path, command in _commands(get_command(app)):
        module = str(command.callback.__module__).rpartition(".")[2]  # type: ignore[attr-defined]
        assert module in (*MODULES[path[0]], "preview", "revisions"), path
    hung = {
        file.stem for file in (ROOT / "portalwatch" / "commands").glob("*.py") if "\ndef add_to(app" in file.read_text(encoding="utf-8")
    }
    assert hung <= {module for modules in MODULES.values() for module in modules}
    told = "import sys; from portalwatch import cli; cli.app(['articles', '--help'], standalone_mode=False); print(*sys.modules)"
    loaded = python("-c", told).stdout
    assert "portalwatch.commands.articles" in loaded
    assert "portalwatch.commands.backfill" not in loaded
    assert "scrapy" not in loaded


def test_version_and_help_answer_and_wrong_use_is_2() -> None:
    assert re.fullmatch(r"portalwatch \d+\.\d+\.\d+\n", python("-m", "portalwatch.cli", "--version").stdout)
    assert python("-m", "portalwatch.cli", "crawl", "--help").returncode == 0
    assert python("-m", "portalwatch.cli", "topics", "check", "-h").returncode == 0
    assert python("-m", "portalwatch.cli", "nonsense").returncode == 2
    assert isinstance(app, typer.Typer)


def test_every_setting_is_documented_and_nothing_else() -> None:
    documented = set(re.findall(rf"^\| `({PREFIX}\w+)`", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.M))
    assert documented == {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def test_a_misspelt_variable_is_told_with_the_one_that_may_be_meant(fresh: House) -> None:
    done = fresh.run("doctor", "--exit-code", PORTALWATCH_SMPT_HOST="mail.example")
    assert done.returncode == 1
    assert "PORTALWATCH_SMPT_HOST: no setting is called so, and it is ignored; did you mean `PORTALWATCH_SMTP_HOST`?" in done.stderr


def test_a_wrong_setting_is_told_by_its_name(fresh: House) -> None:
    done = fresh.run("doctor", PORTALWATCH_TIMEZONE="Asia/Taipeh", PORTALWATCH_SMTP_PORT="many")
    assert done.returncode == 1
    assert "PORTALWATCH_TIMEZONE: `Asia/Taipeh` is no time zone" in done.stderr
    assert "PORTALWATCH_SMTP_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_same_explains_any_pair_and_answers_bad_lines_in_place(fresh: House) -> None:
    lines = [{"a": FERRY, "b": FERRY[: len(FERRY) * 2 // 3]}, {"a": FERRY}, {"a": FERRY, "b": "另一件事" * 30, "more": 1}]
    done = fresh.run("same", "-", stdin="\n".join(json.dumps(line) for line in lines) + "\nnonsense\n")
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["same"] for line in told] == [True, False, False, False]
    assert told[0]["containment"] > 0.9
    assert all(line["why"] for line in told)


def test_explain_gives_offsets_of_the_string_received(fresh: House) -> None:
    given = {"id": 7, "title": "𠀀俄羅斯與北韓", "text": "無關", "ignored": True}
    done = fresh.run("explain", "--watchlist", str(fresh.home / "config" / "watchlist.yaml"), "-", stdin=json.dumps(given) + "\n[]\n")
    first, second = (json.loads(line) for line in done.stdout.splitlines())
    terms = [term for topic in first["topics"] for term in topic["terms"]]
    assert {"俄羅斯", "北韓"} <= {given["title"][term["start"] : term["end"]] for term in terms}
    assert "why" in second


def test_extract_reads_files_gz_and_json_lines(fresh: House, tmp_path: Path) -> None:
    paragraphs = "".join(f"<p>{FERRY}</p>" for _ in range(2))
    html = f"<html><head><title>渡輪復航</title></head><body><h1>渡輪復航</h1><div>{paragraphs}</div></body></html>"
    plain, packed = tmp_path / "a.html", tmp_path / "b.html.gz"
    plain.write_text(html, encoding="utf-8")
    packed.write_bytes(gzip.compress(html.encode("big5hkscs", "ignore")))
    told = [json.loads(line) for line in fresh.run("extract", str(plain), str(packed), str(tmp_path / "none.html")).stdout.splitlines()]
    assert [line["outcome"] for line in told] == ["article", "article", "failed"]
    assert [line["title"] for line in told[:2]] == ["渡輪復航"] * 2
    by_line = fresh.run(
        "extract", "-", stdin=json.dumps({"file": str(plain), "url": "https://www.dw.com/zh/x/a-1"}) + "\n{}\n"
    ).stdout.splitlines()
    assert len(by_line) == 2


def test_forget_removes_everywhere_and_crawls_do_not_bring_it_back(fresh: House) -> None:
    assert fresh.crawl("dw_zh")["outcomes"]["new"]
    with reading(fresh.database) as session:
        url = session.scalars(select(ArticleRow.url).order_by(ArticleRow.id)).first()
        before = session.scalar(select(func.count()).select_from(ArticleRow)) or 0
    assert url
    done = fresh.run("forget", url)
    assert "with 1 archived page:" in done.stdout, done.stdout + done.stderr
    fresh.crawl("dw_zh")
    with reading(fresh.database) as session:
        assert session.scalar(select(func.count()).select_from(ArticleRow)) == before - 1
        assert url not in session.scalars(select(ArticleRow.url)).all()
        assert session.scalars(select(PageRow.evidence).where(PageRow.outcome == "denied")).all() == ["forgotten on request"]
        assert session.scalars(select(AlertRow)).all() == []
    archives = list((fresh.home / "archive" / "dw_zh").glob("*.warc.gz"))
    assert archives
    assert not any(f"WARC-Target-URI: {url}\r\n".encode() in gzip.decompress(path.read_bytes()) for path in archives)


def test_forget_a_commenter(fresh: House) -> None:
    fresh.crawl("park6", PORTALWATCH_COMMENTS="full")
    with reading(fresh.database) as session:
        names = [comment["author"] for comments in session.scalars(select(ArticleRow.comments)) for comment in comments]
    assert names
    assert " removed; new ones" in fresh.run("forget", names[0]).stdout
    fresh.crawl("park6", PORTALWATCH_COMMENTS="full")
    with reading(fresh.database) as session:
        assert names[0] not in [comment["author"] for comments in session.scalars(select(ArticleRow.comments)) for comment in comments]


@pytest.mark.parametrize("what", ["https://unknown.example/1", "https://www.dw.com/zh/x/a-999999999"])
def test_forgetting_what_was_never_read_is_told(fresh: House, what: str) -> None:
    done = fresh.run("forget", what)
    assert done.returncode == 1
    assert what in done.stderr


def test_a_topic_that_names_an_unknown_portal_is_told(fresh: House) -> None:
    path = fresh.home / "config" / "watchlist.yaml"
    path.write_text(
        "topics:\n  a: {query: 渡輪, channels: [desk], portals: [storm_mq]}\nchannels:\n  desk: {type: mail, to: [a@example.org]}\n",
        encoding="utf-8",
    )
    done = fresh.run("topics", "check")
    assert done.returncode == 1
    assert "no portal is called `storm_mq`; did you mean `storm_mg`?" in done.stderr
    assert "storm_mq" in fresh.crawl("dw_zh")["reason"]


@pytest.mark.parametrize("schedule", ["* * * *", "99 * * * *", "every 0 s", "often", "every 5 s"])
def test_a_schedule_that_cannot_be_is_refused_with_its_place(fresh: House, schedule: str) -> None:
    fresh.sheet("dw_zh", schedule=schedule)
    done = fresh.run("portals", "check")
    assert done.returncode == 1
    assert "dw_zh.yaml:1:" in done.stderr
