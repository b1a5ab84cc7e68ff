"""Ops hear once of what broke and once of its mend, whether or not the store can be asked."""

from datetime import UTC, datetime

import pytest

from pipelines.config import Settings
from pipelines.ops import Notice, broke, mended, tell_again
from portalwatch.canary.flight import Flight
from portalwatch.canary.telling import told as tell_of
from tests.alerts.conftest import Receiver
from tests.watcher.conftest import told

NOTICE = Notice(key="ops.dag.deliver", subject="deliver failed: the database is locked", text="It failed.")


def test_what_stays_broken_is_told_once_and_its_mend_once(installed: Settings, receiver: Receiver) -> None:
    assert [broke(installed, NOTICE), broke(installed, NOTICE)] == [True, False]
    assert [mended(installed, NOTICE.key, "deliver works again") for _ in range(2)] == [True, False]
    assert [each["title"] for each in told(receiver)] == ["deliver failed: the database is locked", "deliver works again"]
    assert broke(installed, NOTICE)


def test_what_never_broke_is_not_mended(installed: Settings, receiver: Receiver) -> None:
    assert not mended(installed, NOTICE.key, "deliver works again")
    assert receiver.seen == []


def test_ops_hear_though_the_store_is_gone(installed: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = installed.model_copy(update={"home": installed.config / "watchlist.yaml"})  # a file: no folder can be made of it
    assert broke(broken, NOTICE)
    assert told(receiver)[0]["title"] == NOTICE.subject


def test_what_no_channel_took_is_told_at_the_next_look_and_once(
    installed: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.delenv("OPS_HOOK_SECRET")
        assert not broke(installed, NOTICE)
    assert receiver.seen == []
    assert [tell_again(installed), tell_again(installed)] == [1, 0]
    assert [each["title"] for each in told(receiver)] == [NOTICE.subject]
    assert not broke(installed, NOTICE)


def test_the_canarys_loss_names_its_stage_and_its_return_is_told(installed: Settings, receiver: Receiver) -> None:
    at = datetime.now(UTC)
    lost = Flight(at=at, broken="mail", why="the alert is retrying: 451 later", took={"fetch": 1.0})
    assert [tell_of(installed, lost), tell_of(installed, lost)] == [True, False]
    assert tell_of(installed, Flight(at=at, broken=None, why="", took={"fetch": 1.0}))
    titles = [each["title"] for each in told(receiver)]
    assert titles[0] == "the canary is lost: its alert did not come by mail (the alert is retrying: 451 later)"
    assert titles[1].startswith("the canary is back")


class Ti:
    dag_id, task_id, log_url = "deliver", "deliver", "http://127.0.0.1/log"


def test_airflows_callbacks_put_the_reason_first_and_tell_once(installed: Settings, receiver: Receiver) -> None:
    from portalwatch.airflow.telling import failed, late, succeeded

    context = {"ti": Ti(), "run_id": "r1", "exception": RuntimeError("locked\nsecond line")}
    failed(context)
    failed(context)
    late("deliver", 45)
    succeeded(context)
    late("deliver", 45, context={"dag_run": {}})
    assert [each["title"] for each in told(receiver)] == [
        "deliver failed: locked",
        "deliver works again",
        "deliver is late: a run was not over after 45 minutes",
    ]
