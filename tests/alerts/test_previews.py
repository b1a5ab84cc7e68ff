"""What an operator sees of alerts: a sample through a channel, one message with all that became of it, any alert as a file."""

import email
import email.policy
import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import feedparser
import jsonschema
import pytest
from click.testing import Result
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from pipelines import flow
from pipelines.alerts.tokens import token
from pipelines.config import Settings
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.models import Answer
from pipelines.store import claims
from pipelines.store.database import engine, open_store, reading, upgrade, writing
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from portalwatch.cli import app
from spiders.job import now
from tests.alerts.conftest import Receiver
from tests.alerts.test_smtp import Box, serving
from tests.store.articles import article

SECRET = "whsec_cGw0bnRlZC1zZWNyZXQtb2YtYS1ob29rLTEyMzQ="
WATCHLIST = """\
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk]}
  whale: {title: 鯨, query: 鯨魚}
channels:
  desk: {type: mail, to: [desk@example.org, night@example.org]}
  crm: {type: webhook, url: "URL", secret_env: CRM_HOOK_SECRET}
  room: {type: chat, url_env: ROOM_CHAT_URL}
"""
SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "webhook.schema.json"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that owes two messages about one story; made by the first test that needs it."""
    return tmp_path_factory.mktemp("template") / "store.db"


@pytest.fixture
def house(
    configured: Callable[..., Settings], tmp_path: Path, template: Path, fast: Fast, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """A copy of that store, in a house whose webhook and chat lead to the receiver."""
    (tmp_path / "watchlist.yaml").write_text(WATCHLIST.replace("URL", receiver.url, 1), encoding="utf-8")
    monkeypatch.setenv("CRM_HOOK_SECRET", SECRET)
    monkeypatch.setenv("ROOM_CHAT_URL", receiver.url.replace("http://", "mmost://").replace("/hook", "/3ccdd113474722377935511fc85d3dd4"))
    if not template.exists():
        _fill(engine(f"sqlite:///{template}"), fast)
    shutil.copy(template, tmp_path / "store.db")
    return configured(
        config=tmp_path, database_url=f"sqlite:///{tmp_path / 'store.db'}", allow_hosts="127.0.0.1", smtp_host="127.0.0.1", smtp_port=1
    )


def _fill(store: Engine, fast: Fast) -> None:
    upgrade(store)
    read = Watchlist.from_text(WATCHLIST.replace("URL", "https://crm.example.org", 1))
    desk = Desk(engine=store, fast=fast, watchlist=read, matcher=compile_watchlist(read), learning=False, looks=(timedelta(hours=1),))
    flow.keep(desk, Found(portal="dw_zh", identity="1", url="https://www.dw.com/zh/a-1"), article(), now())
    store.dispose()  # what its log still holds goes into the file


def run(*command: str) -> Result:
    return CliRunner().invoke(app, list(command))


def owed(house: Settings) -> list[AlertRow]:
    with reading(open_store(house)) as session:
        return list(session.scalars(select(AlertRow).order_by(AlertRow.id)))


def test_a_sample_goes_through_each_kind_of_channel_and_its_true_answer_is_printed(
    house: Settings, receiver: Receiver, configured: Callable[..., Settings]
) -> None:
    box = Box()
    with serving(box) as smtp:
        configured(smtp_port=smtp.port)
        done = run("alerts", "test", "desk", "--recipient", "night@example.org")
    assert (done.exit_code, done.stdout) == (0, "night@example.org: ok: accepted by 127.0.0.1\n")
    assert len(box.mails) == 1
    assert run("alerts", "test", "crm").stdout == "crm: ok: HTTP 200 OK\n"
    assert json.loads(receiver.seen[-1].body)["type"] == "alert.test"
    assert run("alerts", "test", "room").stdout == "room: ok: accepted by Mattermost\n"
    assert json.loads(receiver.seen[-1].body)["text"].startswith("測試")


def test_a_channel_that_does_not_work_says_why_without_its_secrets(house: Settings, receiver: Receiver) -> None:
    receiver.answers += [(403, {}, SECRET.encode()), (404, {}, b"no hook 3ccdd113474722377935511fc85d3dd4")]
    for channel, told in (("crm", "HTTP 403"), ("room", "404"), ("desk", "connection refused")):
        done = run("alerts", "test", channel)
        assert isinstance(done.exception, PortalwatchError)
        assert "FAILED" in done.stdout
        assert told in done.stdout
        assert "cGw0bnRlZ" not in done.stdout
        assert "3ccdd1134" not in done.stdout


def test_a_channel_that_does_not_work_names_the_setting_that_it_lacks(
    house: Settings, configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CRM_HOOK_SECRET")
    configured(config=house.config)
    assert "CRM_HOOK_SECRET, which is not set" in str(run("alerts", "test", "crm").exception)


@pytest.mark.parametrize("command", [("test", "dsek"), ("test", "desk", "--recipient", "who@example.org"), ("list", "--since", "x")])
def test_wrong_use_is_2(house: Settings, command: tuple[str, ...]) -> None:
    assert run("alerts", *command).exit_code == 2


def test_one_message_is_shown_with_its_attempts(house: Settings) -> None:
    first = owed(house)[0]
    assert "no attempt yet" in run("alerts", "show", str(first.id)).stdout
    with writing(open_store(house)) as session:
        (claim,) = claims.claim(session, now(), claims.Lane(channel="desk"))
        claims.answered(session, claim, Answer(ok=False, detail="450 come back later"), now())
    shown = run("alerts", "show", claim.message)
    for told in ("retrying", "next try", "desk", "450 come back later", "青嶼夜間渡輪下月復航", "https://www.dw.com/zh/a-1", "ferry"):
        assert told in shown.stdout
    found = json.loads(run("alerts", "show", claim.message, "--json").stdout)
    assert (found["state"], found["kind"], len(found["attempts"])) == ("retrying", "new", 1)


@pytest.mark.parametrize(
    "command",
    [("show", "99"), ("show", "pw_x"), ("preview",), ("preview", "1", "--sample", "ferry"), ("feed", "x"), ("preview", "--sample", "x")],
)
def test_what_is_not_there_is_wrong_use(house: Settings, command: tuple[str, ...]) -> None:
    assert isinstance(run("alerts", *command).exception, WrongUseError)


def test_any_alert_becomes_a_file_of_each_form(house: Settings, tmp_path: Path) -> None:
    number = str(owed(house)[0].id)
    mail = email.message_from_bytes(run("alerts", "preview", number).stdout_bytes, policy=email.policy.default)
    assert mail["To"] == "desk@example.org"
    assert "青嶼夜間渡輪下月復航" in mail["Subject"]
    payload = json.loads(run("alerts", "preview", number, "--format", "webhook").stdout)
    jsonschema.validate(payload, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert run("alerts", "preview", number, "--format", "chat").stdout.startswith("青嶼夜間渡輪下月復航\n\n渡輪\n\n")
    read = feedparser.parse(run("alerts", "preview", number, "--format", "atom").stdout_bytes)
    assert (read.bozo, len(read.entries)) == (False, 1)
    path = tmp_path / "alert.html"
    assert run("alerts", "preview", number, "--format", "html", "--out", str(path)).exit_code == 0
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_a_topic_is_previewed_by_its_newest_story_or_an_invented_one(house: Settings) -> None:
    assert "青嶼夜間渡輪下月復航" in run("alerts", "preview", "--sample", "ferry", "--format", "chat").stdout
    assert "測試" in run("alerts", "preview", "--sample", "whale", "--format", "chat").stdout


def test_a_feed_is_printed_or_its_address(house: Settings) -> None:
    read = feedparser.parse(run("alerts", "feed", "ferry").stdout_bytes)
    assert (read.feed.title, [entry.title for entry in read.entries]) == ("渡輪", ["青嶼夜間渡輪下月復航"])
    assert run("alerts", "feed", "ferry", "--url").stdout == f"http://127.0.0.1:8780/feeds/ferry.atom?token={token(house, 'ferry')}\n"


@pytest.mark.parametrize(
    ("options", "count"),
    [((), 2), (("--topic", "ferry"), 2), (("--topic", "whale"), 0), (("--channel", "desk"), 2), (("--channel", "crm"), 0),
     (("--since", "2020-01-01"), 2), (("--since", "2999-01-01"), 0), (("--state", "owed", "--topic", "ferry"), 2), (("--state", "dead"), 0)],
)  # fmt: skip
def test_alerts_are_listed_by_topic_channel_state_and_time(house: Settings, options: tuple[str, ...], count: int) -> None:
    assert len(run("alerts", "list", "--json", *options).stdout.splitlines()) == count
