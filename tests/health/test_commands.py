"""`portalwatch health` on the command line: the list, its evidence, ack and snooze in their words, and `doctor`."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner, Result

from pipelines.config import Settings, settings
from pipelines.store.database import in_one_transaction, open_store, reading, writing
from pipelines.store.incidents import Ailment, note
from pipelines.store.tables import Incident
from pipelines.store.tables import Portal as PortalRow
from pipelines.store.tables import Run as RunRow
from portalwatch.cli import app
from spiders import loader
from tests.health.test_round import TEXT, runs

Run = Callable[..., Result]


@pytest.fixture
def run(configured: Callable[..., Settings], tmp_path: Path) -> Run:
    """Commands on a store of their own, in which the first shipped portal is blind, incident 1."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "watchlist.yaml").write_text(TEXT, encoding="utf-8")
    configured(home=tmp_path / "home", config=tmp_path / "config", timezone="Asia/Taipei")
    since = datetime.now(UTC) - timedelta(hours=3)
    dead = Ailment(slot="blind", kind="dns", since=since, evidence={"lines": ["3 runs in a row failed"], "runs": 3}, is_told=True)
    store = open_store(settings())
    runs(store, failed=3, until=datetime.now(UTC))
    with writing(store) as session:
        session.add(RunRow(portal="dw_zh", started_at=since, finished_at=since, learning=False, succeeded=True, finish_reason="finished"))
    in_one_transaction(store, lambda session: bool(note(session, "portal", "dw_zh", [dead], datetime.now(UTC))))
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def incident() -> Incident:
    """The one that there is."""
    with reading(open_store(settings())) as session:
        row = session.scalars(select(Incident)).one()
        session.expunge(row)
        return row


def test_the_list_tells_incidents_with_their_evidence_and_who_is_blind(run: Run) -> None:
    told = run("health").stdout
    assert "1  The name of dw_zh does not resolve. (dns, told)\n   3 runs in a row failed" in told
    assert told.splitlines()[-1].startswith("1 of 1 portals blind since ")
    (row,) = [json.loads(line) for line in run("health", "dw_zh", "--json").stdout.splitlines() if "incident" in line]
    assert (row["incident"], row["kind"], row["evidence"]["runs"]) == (1, "dns", 3)


def test_a_name_that_nothing_has_is_wrong_use(run: Run) -> None:
    refused = run("health", "nowhere")
    assert refused.exit_code == 2 or "neither a portal nor a topic" in str(refused.exception)


def test_what_is_acknowledged_says_so(run: Run) -> None:
    assert run("health", "ack", "1").stdout == "1 is acknowledged: dw_zh, dns\n"
    assert incident().acked_at is not None
    assert "(dns, acknowledged)" in run("health").stdout
    assert "no open incident has the number 7" in str(run("health", "ack", "7").exception)


@pytest.mark.parametrize(("span", "lasts"), [("30m", timedelta(minutes=30)), ("8h", timedelta(hours=8)), ("30d", timedelta(days=30))])
def test_a_snooze_says_its_end_in_the_zone_of_messages(run: Run, span: str, lasts: timedelta) -> None:
    before = datetime.now(UTC)
    told = run("health", "snooze", "1", "--for", span)
    until = incident().snoozed_until
    assert until is not None
    assert lasts <= until - before < lasts + timedelta(minutes=1)
    assert f"1 is put off until {until + timedelta(hours=8):%a %Y-%m-%d %H:%M}: dw_zh, dns" in told.stdout


@pytest.mark.parametrize("span", ["0h", "31d", "8", "8 weeks", "-1h"])
def test_a_snooze_without_an_end_is_refused(run: Run, span: str) -> None:
    assert run("health", "snooze", "1", f"--for={span}").exit_code == 2
    assert incident().snoozed_until is None


def test_a_round_by_hand_says_what_it_told(run: Run) -> None:
    assert run("health", "look").stdout == "no watchlist ever ran: there is nobody to tell\n"


def test_doctor_names_the_blind_as_health_does_and_times_with_their_offset(run: Run) -> None:
    name = loader.names(settings())["dw_zh"]
    told = run("doctor").stdout
    assert "FAIL portals: 1 of 1 portals blind since " in told
    assert f"({name}); see `portalwatch health`" in told
    assert "+08:00, finished" in told
    assert " UTC" not in "".join(line for line in told.splitlines() if "last run of" in line)


def test_doctor_tells_nothing_of_a_portal_whose_sheet_is_gone_or_left_out(run: Run, configured: Callable[..., Settings]) -> None:
    own = settings().config / "portals" / "cape.yaml"
    own.parent.mkdir()
    own.write_text("extends: bbc_zh\n", encoding="utf-8")
    with writing(open_store(settings())) as session:
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        refused = {"refusals": 5, "pause": 60, "until": until, "why": "403", "pages": False, "asked": False}
        session.get_one(PortalRow, "cape").standings = {"cape.example": refused}
        for day in (None, datetime.now(UTC).date()):
            now = datetime.now(UTC)
            session.add(RunRow(portal="cape", started_at=now, finished_at=now, learning=False, succeeded=False, reason="away", history=day))
    for what in ("last run of cape", "pause of cape", "backfill of cape"):
        assert f"FAIL {what}: " in run("doctor").stdout
    own.write_text("extends: bbc_zh\nnonsense: 1\n", encoding="utf-8")
    assert "FAIL last run of cape: " in run("doctor").stdout
    own.unlink()
    assert " of cape" not in run("doctor").stdout
    assert "last run of dw_zh" in run("doctor").stdout
    configured(portals="bbc_zh")
    assert " of dw_zh" not in run("doctor").stdout
