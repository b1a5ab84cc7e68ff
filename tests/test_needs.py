"""What `topics check` tells that a watchlist lacks before somebody hears; what it cannot see is not called missing."""

from collections.abc import Callable
from datetime import date

import pytest

from pipelines.config import Settings
from pipelines.watch.watchlist import Watchlist
from portalwatch.needs import needs, unheard

CHANNELS = """
topics: {ferry: {query: 渡輪, channels: [desk, crm, room]}}
channels:
  desk: {type: mail, to: [desk@example.org]}
  crm: {type: webhook, url: "https://crm.example.org/hook", secret_env: AIRFLOW_CONN_CRM_HOOK}
  room: {type: chat, url_env: ROOM_URL}
"""
IN_AIRFLOW = "here; Airflow's tasks find a connection of that name where Airflow keeps it, which this command cannot see"


def told(settings: Settings) -> list[str]:
    return list(needs(Watchlist.from_text(CHANNELS), settings))


def test_a_connection_that_only_airflow_can_look_up_is_not_called_missing(configured: Callable[..., Settings]) -> None:
    assert told(configured(smtp_conn="Mail_Out")) == [
        f"channel `desk` needs the environment variable AIRFLOW_CONN_MAIL_OUT, which is not set {IN_AIRFLOW}",
        f"channel `crm` needs the environment variable AIRFLOW_CONN_CRM_HOOK, which is not set {IN_AIRFLOW}",
        "channel `room` needs the environment variable ROOM_URL, which is not set",
    ]


def test_what_the_environment_or_airflow_gives_is_not_asked_for(
    configured: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROOM_URL", "slack://a/b/c")
    settings = configured(smtp_conn="mail_out")
    held = dict.fromkeys(("AIRFLOW_CONN_MAIL_OUT", "AIRFLOW_CONN_CRM_HOOK"), "smtp://mail.example")
    assert len(told(settings)) == 2
    assert told(settings.looking_in(held | {"ROOM_URL": "slack://a/b/c"})) == []


def test_a_mail_server_that_nobody_named_is_told_and_a_named_one_is_not(configured: Callable[..., Settings]) -> None:
    assert told(configured())[0] == "channel `desk` sends mail by localhost:25; PORTALWATCH_SMTP_HOST names another server"
    assert "`desk`" not in told(configured(smtp_host="mail.example.org"))[0]


def test_topics_that_alert_nobody_are_named() -> None:
    text = "topics: {ferry: {query: 渡輪, channels: [desk]}, mute: {query: 橋}, old: {query: 山, channels: [desk], expires: 2026-10-01}}\n"
    watchlist = Watchlist.from_text(text + "channels: {desk: {type: mail, to: [desk@example.org]}}")
    assert list(unheard(watchlist, date(2026, 10, 2))) == [
        "nobody hears of mute: no `channels:`; what they match is kept",
        "past their `expires:` and alerting no more: old (2026-10-01)",
    ]
    assert len(list(unheard(watchlist, date(2026, 10, 1)))) == 1
