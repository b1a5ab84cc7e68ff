"""portals add, check, import and record, as a person runs them: what they print, write and answer."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.sheet import read_sheet
from pipelines.store.database import writing
from pipelines.store.tables import Portal as PortalRow
from spiders import loader
from spiders.job import now
from tests.whole.conftest import House
from tests.whole.portal import Answer, Portal, portal, write_sheet

STORM = "https://www.storm.mg/articles"
QUICK = ("--delay", "0")


@pytest.fixture
def cape(fresh: House) -> Iterator[Portal]:
    """A site that does what a test tells it to."""
    with portal() as up:
        yield up


def own(house: House, slug: str) -> Path:
    return house.home / "config" / "portals" / f"{slug}.yaml"


def front(cape: Portal, *numbers: int) -> None:
    links = "".join(f'<li><a href="/article/{number}">第{number}號渡輪今日恢復夜間航班</a></li>' for number in numbers)
    cape.answers["/"] = Answer(f"<html><body><ul id=news>{links}</ul></body></html>".encode())
    for number in numbers:
        cape.article(number)


def test_add_drafts_a_sheet_that_check_accepts_and_a_crawl_reads(fresh: House, cape: Portal) -> None:
    front(cape, *range(4001, 4009))
    done = fresh.run("portals", "add", "http://cape.example/", "--gateway", cape.url, *QUICK)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("   text       ") == 5
    assert "第4001號渡輪復航" in done.stdout
    assert "check by hand: " in done.stdout
    assert f"{own(fresh, 'cape')}: written" in done.stdout
    assert "200 http://cape.example/ (" in done.stderr
    assert fresh.run("portals", "check", "cape").stdout == "1 sheet read\n"
    own(fresh, "cape").write_text(own(fresh, "cape").read_text(encoding="utf-8").replace("delay: 3", "delay: 0"), encoding="utf-8")
    told = fresh.crawl("cape")
    assert told["outcomes"] == {"new": 8}, told


def test_add_prints_a_sheet_and_its_proof_as_one_file_and_writes_nothing(fresh: House, tmp_path: Path) -> None:
    fresh.world.set_phase(3)
    done = fresh.run("portals", "add", STORM, "--dry-run", "--force", "--gateway", fresh.world.url, *QUICK)
    assert done.returncode == 0, done.stderr
    assert not own(fresh, "storm").exists()
    (tmp_path / "storm.yaml").write_text(done.stdout, encoding="utf-8")
    assert read_sheet(tmp_path / "storm.yaml").name == "風傳媒"
    assert done.stdout.count("#    publisher  ") == 5


def test_add_says_that_a_sheet_reads_the_site_and_how_to_change_it(fresh: House) -> None:
    done = fresh.run("portals", "add", STORM)
    assert done.returncode == 1
    assert "the sheet `storm_mg` (風傳媒) reads this site already" in done.stderr
    assert "`extends: storm_mg`" in done.stderr
    assert "GET" not in done.stderr


def test_add_writes_over_no_sheet(fresh: House, cape: Portal) -> None:
    front(cape, *range(4001, 4009))
    write_sheet(fresh.home / "config", cape.url, hosts=["other.example"])
    before = own(fresh, "cape").read_bytes()
    command = ("portals", "add", "http://cape.example/", "--gateway", cape.url, *QUICK, "--name", "cape")
    done = fresh.run(*command)
    assert (done.returncode, own(fresh, "cape").read_bytes(), cape.asked) == (1, before, [])
    assert "--name takes another name" in done.stderr
    forced = fresh.run(*command, "--force")
    assert "cape.yaml: written" in forced.stdout
    assert "reads this site too" not in forced.stderr
    again = fresh.run(*command[:-1], "cape2", "--force", "--dry-run")
    assert "warning: the sheet `cape` (cape.example) reads this site too. Two sheets read it, and tell its news, twice" in again.stderr
    assert own(fresh, "cape").read_bytes() != before


def test_wrong_use_of_add_is_2(fresh: House) -> None:
    for arguments in (
        ["nonsense"],
        ["ftp://a.example/"],
        ["https://a.example/", "--name", "A-b"],
        ["a.example", "--force", "--name", "../b"],
        [],
    ):
        assert fresh.run("portals", "add", *arguments).returncode == 2


def test_a_refusing_portal_is_told_in_plain_words(fresh: House, cape: Portal) -> None:
    cape.answers["/"] = Answer(status=403)
    done = fresh.run("portals", "add", "cape.example", "--gateway", cape.url, *QUICK)
    assert done.returncode == 1
    assert "https://cape.example: the portal refuses us (answered 403)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_look_that_is_interrupted_leaves_no_file(fresh: House, cape: Portal) -> None:
    front(cape, *range(4001, 4009))
    never = cape.answers["/article/4002"].after = threading.Event()
    before = sorted(own(fresh, "x").parent.iterdir())
    started = fresh.start("portals", "add", "http://cape.example/", "--gateway", cape.url, *QUICK)
    while "/article/4002" not in cape.asked:
        assert started.returncode == -1
    started.interrupt()
    _, err = started.communicate()
    never.set()
    assert started.returncode != 0, err
    assert sorted(own(fresh, "x").parent.iterdir()) == before


def test_a_dry_run_keeps_nothing_and_exits_1_where_something_must_be_mended(fresh: House, cape: Portal) -> None:
    cape.lists(1, 2)
    cape.article(1)
    write_sheet(fresh.home / "config", cape.url)
    done = fresh.run("portals", "check", "cape", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "listing  http://cape.example/list: 2 links, 2 articles" in done.stdout
    assert "2. NO ARTICLE: missing: status 404" in done.stdout
    assert not (fresh.home / "portalwatch.db").exists()
    cape.answers["/list"] = Answer(status=500)
    done = fresh.run("portals", "check", "cape", "--dry-run")
    assert done.returncode == 1
    assert "http://cape.example/list: answered 500" in done.stderr


def test_a_dry_run_leaves_a_paused_portal_alone_unless_it_is_forced(fresh: House, cape: Portal) -> None:
    cape.publishes(1)
    write_sheet(fresh.home / "config", cape.url)
    fresh.learned("cape")
    until = (now() + timedelta(minutes=9)).isoformat()
    rests = {"refusals": 5, "pause": 600, "until": until, "why": "answered 403", "pages": False, "asked": False}
    with writing(fresh.database) as session:
        session.get_one(PortalRow, "cape").standings = {"cape.example": rests}
    done = fresh.run("portals", "check", "cape", "--dry-run")
    assert (done.returncode, cape.asked) == (1, [])
    assert "cape.example refused us 5 times in a row (answered 403): not asked until" in done.stderr
    assert "; --force asks all the same" in done.stderr
    assert fresh.run("portals", "check", "cape", "--dry-run", "--force").returncode == 0
    assert "/article/1" in cape.asked


def test_check_knows_a_file_and_refuses_an_unknown_slug(fresh: House, tmp_path: Path) -> None:
    path = tmp_path / "cape.yaml"
    path.write_text("extends: dw_zh\nname: 海岬\nscedule: x\n", encoding="utf-8")
    done = fresh.run("portals", "check", str(path))
    assert done.returncode == 1
    assert f"{path}:3:1: unknown key `scedule`; did you mean `schedule`?" in done.stderr
    done = fresh.run("portals", "check", "dw_zn")
    assert done.returncode == 2
    assert "did you mean `dw_zh`" in done.stderr
    assert fresh.run("portals", "check", "--dry-run").returncode == 2


def test_a_sheet_that_extends_another_under_another_name_is_told(fresh: House) -> None:
    fresh.sheet("dw_zh_mine", extends="dw_zh")
    done = fresh.run("portals", "check")
    assert done.returncode == 1
    assert "`dw_zh_mine` extends `dw_zh`: call its file dw_zh.yaml" in done.stderr


def test_a_recorded_page_is_replayed_until_the_sheet_reads_it_otherwise(fresh: House) -> None:
    url = next(true.urls[0] for true in fresh.world.world.truth() if true.portal == "dw_zh")
    done = fresh.run("portals", "record", url)
    assert done.returncode == 0, done.stderr
    (file,) = (fresh.home / "config" / "portals" / "pages" / "dw_zh").glob("*.json")
    assert f"{file}: what it should read as" in done.stdout
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["expect"]["title"] = "應有的標題"
    file.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    done = fresh.run("portals", "check")
    assert done.returncode == 1
    assert f"{file}: title: expected '應有的標題', read" in done.stderr


def test_what_cannot_be_recorded_is_told_and_nothing_is_kept(fresh: House) -> None:
    for arguments, code, says in (
        (["https://unknown.example/1"], 1, "no sheet serves it; name one with --portal"),
        (["https://www.dw.com/zh/a/a-1", "--portal", "dw_zn"], 2, "did you mean `dw_zh`"),
        (["page.html"], 2, "say with --url where it came from"),
        (["none.html", "--url", "https://www.dw.com/zh/a/a-1"], 1, "none.html: cannot be read"),
        (["https://www.dw.com/zh/a/a-999999999"], 1, "answered 404"),
    ):
        done = fresh.run("portals", "record", *arguments)
        assert done.returncode == code, arguments
        assert says in " ".join(done.stderr.replace("│", " ").split())
    assert not (fresh.home / "config" / "portals" / "pages").exists()


OPML = """<opml version="1.0"><body><outline text="新聞">
<outline text="德國之聲" xmlUrl="https://rss.dw.com/rdf/rss-chi-all"/>
<outline text="海岬日報" xmlUrl="http://cape.example/rss.xml" htmlUrl="http://cape.example/"/>
<outline text="別處" xmlUrl="http://gone.example/rss.xml" htmlUrl="http://gone.example/"/></outline></body></opml>"""


@pytest.fixture
def opml(tmp_path: Path) -> str:
    """A reader's feed list."""
    path = tmp_path / "feeds.opml"
    path.write_text(OPML, encoding="utf-8")
    return str(path)


def test_a_feed_list_becomes_sheets_without_a_request(fresh: House, opml: str) -> None:
    done = fresh.run("portals", "import", opml, "--dry-run")
    assert (done.returncode, own(fresh, "cape").exists()) == (0, False)
    done = fresh.run("portals", "import", opml)
    assert done.returncode == 0, done.stderr
    assert "skipped: the sheet `dw_zh` reads this site" in done.stdout
    assert "2 sheets written, 1 entries skipped" in done.stderr
    assert {"cape", "gone"} <= {path.stem for path in own(fresh, "x").parent.glob("*.yaml")}
    assert fresh.run("portals", "check").returncode == 0
    again = fresh.run("portals", "import", opml)
    assert (again.returncode, again.stdout.count("skipped"), again.stdout.count("reads this site")) == (0, 3, 3)
    Path(opml).write_text('<opml><body><outline type="link" xmlUrl="http://sea.example/"/></body></opml>', encoding="utf-8")
    assert fresh.run("portals", "import", opml).returncode == 1


def test_a_feed_list_that_is_looked_at_becomes_closer_sheets(fresh: House, cape: Portal, opml: str) -> None:
    front(cape, *range(4001, 4009))
    items = "".join(
        f"<item><title>第{number}號</title><link>http://cape.example/article/{number}</link></item>" for number in range(4001, 4009)
    )
    cape.answers["/rss.xml"] = Answer(f"<rss><channel><title>海岬</title>{items}</channel></rss>".encode())
    done = fresh.run("portals", "import", opml, "--look", "--gateway", cape.url, *QUICK)
    assert done.returncode == 0, done.stderr
    sheet = read_sheet(own(fresh, "cape"), base=loader.SHIPPED)
    assert [source.type for source in sheet.discovery] == ["feed", "listing"]
    assert sheet.identify("http://cape.example/article/4009") == ("4009", "http://cape.example/article/4009")
