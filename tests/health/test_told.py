"""What ails channels, the roll-up that comes once a day, and what stays frozen."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from pipelines.config import Settings
from pipelines.health import channels
from pipelines.health.round import Watch, after_a_run, health_round
from pipelines.store.database import in_one_transaction, reading, writing
from pipelines.store.incidents import Ailment, note
from pipelines.store.notices import owe_notice
from pipelines.store.tables import Notice, Run
from pipelines.watch.watchlist import Watchlist
from tests.health.test_round import DAY, HOUR, NOW, TEXT, WATCHLIST, changes, runs


def owed(store: Engine, key: str, at: datetime, **state: object) -> None:
    """A notice by the channel crm, in that state."""
    with writing(store) as session:
        owe_notice(session, "rollup", {"title": "t", "lines": []}, [("crm", "crm")], key, at)
        row = session.scalars(select(Notice).order_by(Notice.id.desc()).limit(1)).one()
        for name, value in state.items():
            setattr(row, name, value)


def ailments(store: Engine, channel: str = "crm") -> list[Ailment]:
    """What ails the channel now."""
    with reading(store) as session:
        return channels.ailments_of(session, channel, NOW)


def test_a_message_that_waits_for_an_hour_ails_its_channel_and_no_other(store: Engine) -> None:
    owed(store, "young", NOW - HOUR + timedelta(seconds=1), state="retrying", answer="503")
    assert ailments(store) == []
    owed(store, "old", NOW - HOUR, state="retrying", answer="503")
    (found,) = ailments(store)
    assert (found.kind, found.since, found.is_told) == ("channel", NOW - HOUR, True)
    assert "1 messages wait since Sun 2026-11-22 15:00 or longer, 0 are dead; it answered: 503" in found.evidence["lines"]
    assert ailments(store, "desk") == []


@pytest.mark.parametrize(("sent_after", "ill"), [(-HOUR, 1), (HOUR, 0)])
def test_what_got_through_since_says_that_the_channel_lives(store: Engine, sent_after: timedelta, ill: int) -> None:
    owed(store, "dead", NOW - 5 * HOUR, state="dead", answer="410")
    owed(store, "sent", NOW - 9 * HOUR, state="sent", sent_at=NOW - 5 * HOUR + sent_after)
    assert len(ailments(store)) == ill


def rollups(store: Engine, now: datetime, text: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Roll-ups that a round at that time owed."""
    monkeypatch.setattr("pipelines.health.round.open_store", lambda _settings: store)
    monkeypatch.setattr("pipelines.health.round.running", lambda _engine, _shelf: Watchlist.from_text(text))
    return health_round(Settings(), {"cape": "海岬日報"}, now)["rollup"]


def test_the_roll_up_comes_once_a_day_from_eight_on_in_the_zone_of_messages(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    eight = datetime.fromisoformat("2026-11-23T08:00:00+08:00")
    owed_at = (eight - timedelta(minutes=1), eight, eight + HOUR, eight + DAY - timedelta(minutes=1), eight + DAY)
    assert [rollups(store, at, TEXT, monkeypatch) for at in owed_at] == [0, 1, 0, 0, 1]


def test_nobody_to_tell_means_no_roll_up(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rollups(store, NOW + 4 * HOUR, TEXT.replace("ops: [desk, crm]\n", ""), monkeypatch) == 0


def test_what_was_told_as_frozen_is_mended_by_something_new_and_by_nothing_else(store: Engine) -> None:
    since = NOW - 2 * HOUR
    frozen = Ailment(slot="blind", kind="frozen", since=since, evidence={"lines": [], "runs": 9}, is_told=True)
    assert changes(store, [frozen], NOW) == ["incident"]
    runs(store, failed=0, until=since)
    watch = Watch(engine=store, watchlist=WATCHLIST, portals={"cape": "海岬日報"})
    after_a_run(watch, NOW + timedelta(minutes=1))
    assert events(store) == []
    with writing(store) as session:
        session.add(Run(portal="cape", started_at=NOW, finished_at=NOW, learning=False, succeeded=True, finish_reason="finished",
                        outcomes={"new": 1}, evidence=[], figures={"listed": 1}))  # fmt: skip
    after_a_run(watch, NOW + timedelta(minutes=2))
    assert set(events(store)) == {"mended"}


def events(store: Engine) -> list[str]:
    """Of the notices that are owed."""
    with reading(store) as session:
        return list(session.scalars(select(Notice.event)))


def test_a_channel_is_mended_when_a_message_gets_through(store: Engine) -> None:
    owed(store, "old", NOW - HOUR, state="retrying", answer="503")

    def heard() -> list[str]:
        found = ailments(store)
        return in_one_transaction(store, lambda session: [each.event for each in note(session, "channel", "crm", found, NOW)])

    assert heard() == ["incident"]
    owed(store, "new", NOW - HOUR, state="sent", sent_at=NOW)
    assert heard() == ["mended"]
