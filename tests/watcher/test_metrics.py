"""What Prometheus reads: counters that only grow, names of the field, and nobody sees them who may not."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine
from starlette.requests import Request

from pipelines.config import Settings
from pipelines.metrics import exposition
from pipelines.share import Share
from pipelines.store import beats, runs, tallies
from pipelines.store.database import open_store, reading, writing
from pipelines.store.tables import Run
from portalwatch.watched import may
from portalwatch.web import app
from tests.watcher.conftest import ask

TOKEN = "pl4nted-metrics-token"
KNOWN = ["storm_mg"]


def samples(settings: Settings) -> dict[str, float]:
    text = exposition(settings, KNOWN).decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {each.name + "".join(f",{key}={value}" for key, value in sorted(each.labels.items())): each.value for each in found}


def a_run(on: Engine, at: datetime, *, succeeded: bool = True, portal: str = "storm_mg", **outcomes: int) -> None:
    with writing(on) as session:
        run = runs.open_run(session, portal, None, at)
        ended = runs.Ended(
            finish_reason="finished", succeeded=succeeded, reason=None, discovered=sum(outcomes.values()), requests=7, bytes=1000,
            outcomes=outcomes, evidence=[], share=Share(why="a test"), numbers=[],
        )  # fmt: skip
        runs.close_run(session, run.id, ended, at + timedelta(seconds=9))


def test_runs_and_pages_are_counted_by_portal_and_outcome_and_outlive_their_rows(
    configured: Callable[..., Settings], now: datetime
) -> None:
    settings = configured()
    on = open_store(settings)
    a_run(on, now, new=3, known=2)
    a_run(on, now + timedelta(minutes=20), new=1)
    a_run(on, now + timedelta(minutes=40), succeeded=False, failed=4)
    a_run(on, now, portal="closed_down", new=9)
    with writing(on) as session:
        for run in session.query(Run):
            session.delete(run)
    found = samples(settings)
    assert found["portalwatch_runs_total,outcome=succeeded,portal=storm_mg"] == 2
    assert found["portalwatch_runs_total,outcome=failed,portal=storm_mg"] == 1
    assert found["portalwatch_pages_total,outcome=new,portal=storm_mg"] == 4
    assert found["portalwatch_articles_total,portal=storm_mg"] == 4
    assert found["portalwatch_requests_total,portal=storm_mg"] == 21
    assert found["portalwatch_last_success_timestamp_seconds,portal=storm_mg"] == (now + timedelta(minutes=20, seconds=9)).timestamp()
    assert not [name for name in found if "closed_down" in name]


def test_a_killed_run_counts_as_failed_once(store: Engine, now: datetime) -> None:
    with writing(store) as session:
        runs.open_run(session, "storm_mg", None, now - timedelta(hours=2))
    for minutes in (0, 5):
        with writing(store) as session:
            runs.open_run(session, "storm_mg", None, now + timedelta(minutes=minutes))
    with reading(store) as session:
        assert [(row.subject, row.label, row.count) for row in tallies.read(session)] == [("storm_mg", "failed", 1)]


def test_delays_fall_into_their_buckets_and_what_is_unsent_shows_with_its_age(configured: Callable[..., Settings], now: datetime) -> None:
    settings = configured()
    on = open_store(settings)
    with writing(on) as session:
        tallies.delivered(session, "desk", "sent", [now - timedelta(seconds=5), now - timedelta(seconds=6)], now)
        tallies.delivered(session, "desk", "sent", [now - timedelta(days=3)], now)
        tallies.delivered(session, "desk", "dead", [now], now)
    found = samples(settings)
    assert [found[f"portalwatch_alert_delay_seconds_bucket,le={le}"] for le in ("5", "15", "86400", "+Inf")] == [1, 2, 2, 3]
    assert found["portalwatch_alert_delay_seconds_sum"] == 5 + 6 + 3 * 86400
    assert found["portalwatch_messages_total,channel=desk,state=sent"] == 2
    assert found["portalwatch_messages_total,channel=desk,state=dead"] == 1
    assert found["portalwatch_outbox,state=dead"] == 0


def test_metrics_ask_for_the_token(configured: Callable[..., Settings]) -> None:
    web = app(configured(metrics_token=TOKEN))
    assert [ask(web, "/metrics", token, client="127.0.0.1").status_code for token in (None, "no")] == [401, 401]
    found = ask(web, "/metrics", TOKEN)
    assert (found.status_code, found.headers["content-type"].split(";")[0]) == (200, "text/plain")
    assert "portalwatch_outbox{" in found.text


@pytest.mark.parametrize(("client", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.9", 401)])
def test_without_a_token_only_loopback_sees_metrics(configured: Callable[..., Settings], client: str, status: int) -> None:
    assert ask(app(configured()), "/metrics", client=client).status_code == status


def test_behind_a_server_of_the_same_machine_only_a_token_opens_figures(configured: Callable[..., Settings]) -> None:
    settings = configured(public_url="https://watch.example.org")
    assert ask(app(settings), "/metrics", client="127.0.0.1").status_code == 401
    assert ask(app(settings), "/health", client="127.0.0.1").json() == {"status": "ok"}


def test_an_empty_token_is_none_and_opens_nothing(configured: Callable[..., Settings]) -> None:
    asked = Request({"type": "http", "headers": [(b"authorization", b"Bearer ")], "client": ("10.0.0.9", 1)})
    assert not may(configured(metrics_token=""), asked)


def test_health_is_503_with_the_reason_where_we_are_blind(configured: Callable[..., Settings]) -> None:
    settings = configured(metrics_token=TOKEN)
    web = app(settings)
    assert (ask(web, "/health").status_code, ask(web, "/health").json()) == (200, {"status": "ok"})
    with writing(open_store(settings)) as session:
        beats.beat(session, "deliver", datetime.fromisoformat("2026-01-01T00:00:00+00:00"), ok=True)
    assert (ask(web, "/health").status_code, ask(web, "/health").json()) == (503, {"status": "blind"})
    assert "did no round since 2026-01-01 08:00:00+08:00" in ask(web, "/health", TOKEN).json()["silent"]["deliver"]


def test_health_is_blind_only_where_every_portal_fails(configured: Callable[..., Settings]) -> None:
    settings = configured()
    on, recent = open_store(settings), datetime.now(UTC)
    a_run(on, recent, succeeded=False)
    a_run(on, recent, portal="dw_zh")
    assert ask(app(settings), "/health", client="127.0.0.1").json() == {"status": "ok", "silent": {}, "failing": ["storm_mg"]}
    a_run(on, recent + timedelta(seconds=30), portal="dw_zh", succeeded=False)
    assert ask(app(settings), "/health").status_code == 503


@pytest.mark.parametrize("path", ["/metrics", "/health"])
def test_a_database_that_is_away_is_503_without_its_password(configured: Callable[..., Settings], path: str) -> None:
    found = ask(app(configured(database_url="postgresql://pw:pl4nted-database@127.0.0.1:1/x")), path, client="127.0.0.1")
    assert found.status_code == 503
    assert "pl4nted" not in found.text


@pytest.mark.parametrize("url", ["http://127.0.0.1", "redis://127.0.0.1/0?nonsense=1"])
def test_a_redis_address_that_cannot_be_used_is_a_redis_that_is_down(configured: Callable[..., Settings], url: str) -> None:
    settings = configured(redis_url=url)
    assert samples(settings)["portalwatch_redis_up"] == 0
    open_store(settings).dispose()
