"""Digests and mutes on the command line, by real mail: who hears what, until when nobody does, and what would go."""

import email
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from pipelines import flow
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.store.database import open_store
from pipelines.store.pages import Found
from pipelines.store.watchlists import activate
from pipelines.watch.watchlist import compile_watchlist
from portalwatch.cli import app
from tests.alerts.test_smtp import AnyPort, Box
from tests.store.articles import TEXT, article

WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org], digest: "0 0 29 2 *", zone: Asia/Taipei}
"""
Keep = Callable[[int, str], None]
Run = Callable[..., Result]


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    """A mailbox with a real server, and its port."""
    kept = Box()
    server = AnyPort(kept, hostname="127.0.0.1", port=0)
    server.start()
    yield kept, server.server.sockets[0].getsockname()[1]
    server.stop()


@pytest.fixture
def run(configured: Callable[..., Settings], tmp_path: Path, box: tuple[Box, int]) -> Run:
    """Commands on a store of their own."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "watchlist.yaml").write_text(WATCHLIST, encoding="utf-8")
    configured(home=tmp_path / "home", config=tmp_path / "config", smtp_host="127.0.0.1", smtp_port=box[1], smtp_security="none")
    runner = CliRunner()
    return lambda *arguments: runner.invoke(app, ["alerts", *arguments])


@pytest.fixture
def keep(run: Run) -> Keep:
    """Keep an article as a crawl does."""

    def kept(number: int, text: str) -> None:
        from pipelines.config import settings

        on, now = open_store(settings()), datetime.now(UTC)
        watchlist = activate(on, settings().watchlist, settings().aliases, now, settings().compiled).watchlist
        desk = Desk(engine=on, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())
        found = Found(portal="dw_zh", identity=str(number), url=f"https://www.dw.com/zh/a-{number}")
        flow.keep(desk, found, article(url=found.url, text=text, title=f"第{number}號"), now)

    return kept


def test_what_is_collected_is_shown_and_sent_before_its_moment_as_one_mail(run: Run, keep: Keep, box: tuple[Box, int]) -> None:
    keep(1, TEXT)
    keep(2, "鋼索吊橋在強風中受損,省道工程處連夜封閉人行道,並派出無人機檢查主纜,渡輪照常。" * 2)
    assert run("digest").stdout == "no digest is due\n"
    (told,) = map(json.loads, run("digest", "--now", "--dry-run", "--json").stdout.splitlines())
    assert (told["recipient"], told["stories"], told["topics"]) == ("desk@example.org", 2, ["ferry"])
    assert "waits for the digest at 2028-02-29 00:00 Asia/Taipei" in run("list").stdout
    assert run("digest", "--now", "--channel", "other").stdout == "nothing is collected\n"
    assert box[0].mails == []
    assert run("digest", "--now").stdout.splitlines()[-1] == "1 message sent, 0 will be tried again, 0 dead"
    (mail,) = box[0].mails
    read = email.message_from_bytes(mail.content or b"", policy=email.policy.default)
    text = read.get_body(("plain",)).get_content()  # type: ignore[attr-defined]
    assert "第1號" in text
    assert "第2號" in text
    assert run("digest", "--now").stdout == "nothing is collected\n"


def test_a_mute_is_set_shown_and_ended(run: Run, keep: Keep) -> None:
    assert run("mutes").stdout == "nothing is muted\n"
    done = run("mute", "ferry", "--for", "8h", "--who", "林")
    assert done.stdout.startswith("mute 1: topic ferry until ")
    keep(1, TEXT)
    (told,) = map(json.loads, run("mutes", "--json").stdout.splitlines())
    assert (told["mute"], told["topic"], told["story"], told["recipient"], told["who"], told["silenced"]) == (
        1,
        "ferry",
        None,
        None,
        "林",
        1,
    )
    length = datetime.fromisoformat(told["until"]) - datetime.fromisoformat(told["since"])
    assert length == timedelta(hours=8)
    why = CliRunner().invoke(app, ["why", "1"]).stdout
    assert "never told to desk@example.org (desk): muted until" in why
    assert "by 林 (mute 1)" in why
    assert run("unmute", "ferry").stdout == "mute 1 ended: topic ferry; 1 alert stays untold\n"
    assert run("mutes").stdout == "nothing is muted\n"
    assert "林" in run("mutes", "--past").stdout
    assert run("unmute", "1").exit_code == 1
    assert run("digest", "--now").stdout == "nothing is collected\n"


def test_a_day_is_muted_to_its_end_in_the_zone_of_the_settings(run: Run) -> None:
    run("mute", "--recipient", "desk@example.org", "--until", "2099-12-01")
    (told,) = map(json.loads, run("mutes", "--json").stdout.splitlines())
    assert datetime.fromisoformat(told["until"]) == datetime(2099, 12, 2, tzinfo=ZoneInfo("Asia/Taipei"))


REFUSED = [
    ((), "name a TOPIC"),
    (("ferry",), "a mute needs its end"),
    (("ferry", "--for", "8h", "--until", "2099-12-01"), "a mute needs its end"),
    (("ferry", "--for", "8 weeks"), "is no span"),
    (("ferry", "--for", "0h"), "is no span"),
    (("ferry", "--until", "2020-01-01"), "is past"),
    (("fery", "--for", "8h"), "did you mean `ferry`?"),
    (("--recipient", "dsk@example.org", "--for", "8h"), "did you mean `desk@example.org`?"),
    (("--story", "7", "--for", "8h"), "there is no story 7"),
]


def test_a_mute_that_makes_no_sense_is_refused(run: Run) -> None:
    for arguments, told in REFUSED:
        done = run("mute", *arguments)
        assert done.exit_code, arguments
        assert told in f"{done.output} {done.exception}"
