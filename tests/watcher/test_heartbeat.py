"""The dead man outside: a ping after each round, and nobody learns its address."""

import logging

import pytest

from pipelines.config import Settings
from pipelines.heartbeat import alive, ping
from pipelines.store import beats
from pipelines.store.database import open_store, reading
from tests.alerts.conftest import Receiver

SECRET_PATH = "/ping/3e8b1f0c-aaaa-4bbb-9ccc-0123456789ab"


def at(receiver: Receiver) -> str:
    return receiver.url.removesuffix("/hook") + SECRET_PATH


@pytest.fixture
def beating(configured, receiver: Receiver) -> Settings:  # type: ignore[no-untyped-def]
    return configured(heartbeat_url=at(receiver), allow_hosts="127.0.0.1")


def known(settings: Settings, part: str) -> beats.Beat:
    with reading(open_store(settings)) as session:
        found = beats.known(session, part)
    assert found is not None
    return found


def test_a_round_that_went_well_is_pinged_and_kept(beating: Settings, receiver: Receiver) -> None:
    with alive(beating, "deliver"):
        pass
    assert [(each.path, each.body) for each in receiver.seen] == [(SECRET_PATH, b"deliver: ok")]
    assert known(beating, "deliver").failing_since is None


def test_a_round_that_failed_is_pinged_with_fail_and_raises_on(beating: Settings, receiver: Receiver) -> None:
    with pytest.raises(ValueError, match="no room"), alive(beating, "upkeep"):
        raise ValueError("no room")
    assert [(each.path, each.body) for each in receiver.seen] == [(f"{SECRET_PATH}/fail", b"upkeep: no room")]
    assert known(beating, "upkeep").told == {"why": "no room"}


def test_a_dead_listener_stops_nothing_and_its_address_is_in_no_log(
    beating: Settings, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [(500, {}, b"")]
    with caplog.at_level(logging.DEBUG), alive(beating, "deliver"):
        pass
    assert "the heartbeat was not heard: answered 500" in caplog.text
    assert SECRET_PATH[6:] not in caplog.text
    assert known(beating, "heartbeat").failing_since is not None
    assert known(beating, "deliver").failing_since is None


def test_what_an_answer_holds_is_never_unpacked(beating: Settings, receiver: Receiver) -> None:
    receiver.answers = [(200, {"Content-Encoding": "gzip"}, b"no gzip, or a bomb")]
    assert ping(beating, "deliver", None) is None


def test_an_empty_address_is_none(configured) -> None:  # type: ignore[no-untyped-def]
    assert ping(configured(heartbeat_url=""), "deliver", None) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/ping/{}", "http://[::1/{}", "gopher://x/{}", "http://nobody.invalid/{}"])
def test_an_address_that_cannot_be_reached_or_must_not_be_is_told_without_its_secret(configured, no_name_server, url: str) -> None:  # type: ignore[no-untyped-def]
    told = ping(configured(heartbeat_url=url.format("3e8b1f0c-aaaa-4bbb")), "deliver", None)
    assert told is not None
    assert "3e8b1f0c" not in told


def test_without_an_address_nobody_is_pinged(configured) -> None:  # type: ignore[no-untyped-def]
    assert ping(configured(), "deliver", "broken") is None
