"""What ops hear: once, again until acknowledged or mended, and how the day was."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import Engine, select

from pipelines.alerts.mail import Sender, compose
from pipelines.alerts.outbox import Post, deliver
from pipelines.alerts.webhook import payload
from pipelines.coverage import Coverage
from pipelines.errors import ConfigError, PortalwatchError
from pipelines.health.past import looks_of
from pipelines.health.quiet import quiet_topics
from pipelines.health.report import covered
from pipelines.health.round import Watch, after_a_run, roll_up
from pipelines.models import Answer, Message
from pipelines.store import blindness, incidents
from pipelines.store.database import in_one_transaction, reading, writing
from pipelines.store.incidents import Ailment, note
from pipelines.store.messages import message_of
from pipelines.store.tables import Incident, Notice, Portal, Run
from pipelines.watch.watchlist import Watchlist

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = """
ops: [desk, crm]
topics: {ferry: {title: 渡輪, query: 渡輪, channels: [desk]}}
channels:
  desk: {type: mail, to: [desk@example.org, night@example.org]}
  crm: {type: webhook, url: "https://crm.example.org/hook", secret_env: HOOK}
"""
WATCHLIST = Watchlist.from_text(TEXT)
SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
DEAD = Ailment(slot="blind", kind="dns", since=NOW - 3 * HOUR, evidence={"lines": ["name not resolved"], "runs": 3}, is_told=True)


def runs(store: Engine, *, failed: int, until: datetime = NOW) -> None:
    """Four days of hourly runs of the portal `cape`, of which the newest failed."""
    with writing(store) as session:
        if session.get(Portal, "cape") is None:
            session.add(Portal(slug="cape"))
        for back in reversed(range(96)):
            at, bad = until - HOUR * back, back < failed
            session.add(
                Run(
                    portal="cape", started_at=at, finished_at=at, learning=False, succeeded=not bad, finish_reason="finished",
                    reason="unreachable: name not resolved" if bad else None, outcomes={} if bad else {"new": 2}, evidence=[],
                    figures={"listed": 0 if bad else 1},
                )
            )  # fmt: skip


def changes(store: Engine, ailments: list[Ailment], now: datetime) -> list[str]:
    """The events of which ops hear."""
    return in_one_transaction(store, lambda session: [change.event for change in note(session, "portal", "cape", ailments, now)])


def test_an_incident_is_told_once_and_again_after_a_day(store: Engine) -> None:
    assert changes(store, [DEAD], NOW) == ["incident"]
    assert changes(store, [DEAD], NOW + DAY - HOUR) == []
    assert changes(store, [DEAD], NOW + DAY) == ["incident"]


def test_what_is_too_young_is_kept_and_not_told_nor_its_mend(store: Engine) -> None:
    young = Ailment(slot="blind", kind="dns", since=NOW, evidence={"lines": [], "runs": 1}, is_told=False)
    assert changes(store, [young], NOW) == []
    assert changes(store, [], NOW + HOUR) == []
    with reading(store) as session:
        assert session.scalars(select(Incident.mended_at)).one() == NOW + HOUR


def test_an_acknowledged_incident_is_told_only_when_it_is_mended(store: Engine) -> None:
    changes(store, [DEAD], NOW)
    in_one_transaction(store, lambda session: incidents.acknowledge(session, 1, NOW) and None)
    assert changes(store, [DEAD], NOW + 3 * DAY) == []
    assert changes(store, [], NOW + 4 * DAY) == ["mended"]


def test_a_snooze_ends(store: Engine) -> None:
    changes(store, [DEAD], NOW)
    in_one_transaction(store, lambda session: incidents.snooze(session, 1, NOW + 2 * DAY) and None)
    assert changes(store, [DEAD], NOW + 2 * DAY - HOUR) == []
    assert changes(store, [DEAD], NOW + 2 * DAY) == ["incident"]


def test_a_blindness_that_changes_its_kind_is_the_same_incident(store: Engine) -> None:
    changes(store, [DEAD], NOW)
    other = Ailment(slot="blind", kind="refused", since=NOW, evidence={"lines": ["answered 403"], "runs": 4}, is_told=True)
    assert changes(store, [other], NOW + HOUR) == []
    with reading(store) as session:
        (row,) = incidents.open_incidents(session)
        assert (row.kind, row.since) == ("refused", DEAD.since)


def test_a_mended_incident_has_no_number_to_acknowledge(store: Engine) -> None:
    changes(store, [DEAD], NOW)
    changes(store, [], NOW)
    with pytest.raises(PortalwatchError, match="no open incident has the number 1"):
        in_one_transaction(store, lambda session: incidents.acknowledge(session, 1, NOW))


def owed(store: Engine) -> list[Message]:
    """The notices that are owed."""
    with reading(store) as session:
        return [message_of(session, message, {}, {}) for message in session.scalars(select(Notice.message).order_by(Notice.id))]


def test_ops_hear_by_all_their_channels_and_the_mend_answers_in_the_thread(store: Engine) -> None:
    watch = Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"})
    runs(store, failed=3)
    after_a_run(watch, NOW)
    after_a_run(watch, NOW + HOUR)
    told = owed(store)
    assert [(each.channel, each.recipient) for each in told] == [
        ("desk", "desk@example.org"),
        ("desk", "night@example.org"),
        ("crm", "crm"),
    ]
    mail = compose(told[0], Sender(address="watch@example.org", language="en"))
    assert mail["Subject"] == "Blind｜The name of 海岬日報 does not resolve."
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "3 runs in a row failed since Sun 2026-11-22 14:00: unreachable: name not resolved" in text
    assert "portalwatch health ack 1" in text
    runs(store, failed=0, until=NOW + 2 * HOUR)
    after_a_run(watch, NOW + 2 * HOUR)
    mended = owed(store)[3]
    assert (mended.title, mended.thread) == ("Mended: The name of 海岬日報 does not resolve.", told[0].id)


def test_a_webhook_of_ops_keeps_to_the_published_schema(store: Engine) -> None:
    runs(store, failed=3)
    after_a_run(Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"}), NOW)
    body = payload(owed(store)[2], NOW)
    Draft202012Validator(SCHEMA).validate(body)
    assert body["type"] == "ops.incident"
    assert body["data"]["ops"]["kind"] == "dns"


def test_notices_go_through_the_outbox_like_alerts(store: Engine) -> None:
    runs(store, failed=3)
    after_a_run(Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"}), NOW)
    sent: list[str] = []

    def send(_channel: object, message: Message) -> Answer:
        sent.append(message.recipient)
        return Answer(ok=True, detail="250")

    deliver(Post(engine=store, watchlist=WATCHLIST, portal_names={}, send=send, clock=lambda: NOW))
    assert sorted(sent) == ["crm", "desk@example.org", "night@example.org"]


def line(store: Engine) -> str:
    """Who is blind, as everybody says it."""
    with reading(store) as session:
        return covered(blindness.coverage(session, {}))


def test_one_line_names_who_is_blind_since_when(store: Engine) -> None:
    assert line(store) == "no portal is watched"
    runs(store, failed=0)
    assert line(store) == "who of 1 portals is blind is not known: health never looked (`portalwatch health look`)"
    after_a_run(Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"}), NOW)
    assert line(store) == "1 portal healthy"
    changes(store, [DEAD], NOW)
    assert line(store) == "1 of 1 portals blind since Sun 2026-11-22 13:00 (cape)"
    assert covered(Coverage(portals=6)) == "all 6 portals healthy"


def test_a_portal_whose_last_run_failed_is_not_called_healthy(store: Engine) -> None:
    runs(store, failed=1)
    after_a_run(Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"}), NOW)
    assert line(store) == "the last run of 1 of 1 portals failed (cape)"
    with writing(store) as session:
        session.add(Run(portal="cape", started_at=NOW + HOUR, learning=False, outcomes={}, evidence=[]))
    assert line(store) == "the last run of 1 of 1 portals failed (cape)"
    runs(store, failed=0, until=NOW + 2 * HOUR)
    assert line(store) == "1 portal healthy"


def test_the_roll_up_tells_volumes_against_the_usual_and_dead_letters(store: Engine) -> None:
    runs(store, failed=0)
    watch = Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"})
    after_a_run(watch, NOW)
    with reading(store) as session:
        body = roll_up(session, watch, looks_of(session, ["cape"], NOW), NOW)
        assert quiet_topics(session, ["ferry"], (), NOW) == []
    assert body["title"] == "1 portal healthy"
    assert body["lines"] == ["海岬日報: 48 new in 24 h (usually 48 to 48)", "dead letters: none"]


def test_ops_must_name_channels_of_the_watchlist() -> None:
    with pytest.raises(ConfigError, match=r"watchlist.yaml:2:7: .*`dask`.*did you mean `desk`"):
        Watchlist.from_text(TEXT.replace("[desk, crm]", "[dask]"))
