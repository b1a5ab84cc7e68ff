"""The canary through everything: an ordinary crawl, extraction, story, match, mail and webhook, in a store of its own."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, func, select, text

from pipelines.config import Settings
from pipelines.store import beats
from pipelines.store.database import engine, open_store, reading, upgrade
from pipelines.store.tables import AlertRow, ArticleRow, Run
from portalwatch.canary import flight
from portalwatch.canary.cage import Cage
from portalwatch.canary.flight import STAGES, fly
from tests.conftest import new_database


@pytest.fixture
def nest(installed: Settings, valkey: str, configured: Callable[..., Settings]) -> Settings:
    """Settings with a Redis."""
    return configured(redis_url=valkey)


def test_it_comes_back_through_every_stage_and_leaves_nothing_in_the_real_store(nest: Settings) -> None:
    told = fly(nest).as_json()
    assert (told["ok"], told["broken"], told["why"]) == (True, None, "")
    assert list(told["took"]) == list(STAGES[1:])
    with reading(open_store(nest)) as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (ArticleRow, AlertRow, Run)] == [0, 0, 0]
        beat = beats.known(session, "canary")
    assert beat is not None
    assert beat.failing_since is None


@pytest.mark.slow
def test_beside_a_postgresql_it_flies_in_a_schema_of_its_own(
    nest: Settings, postgres: str, migrated_postgres: str, configured: Callable[..., Settings]
) -> None:
    settings = configured(database_url=new_database(postgres, migrated_postgres))
    upgrade(engine(settings.database))  # a copied database has no id yet
    assert [fly(settings).broken for _ in range(2)] == [None, None]
    with reading(open_store(settings)) as session:
        assert session.scalar(select(func.count()).select_from(ArticleRow)) == 0
        assert session.scalar(text("SELECT count(*) FROM portalwatch_canary.articles")) == 2
    engine(settings.database).dispose()


@pytest.mark.slow
def test_a_refused_mail_is_named_and_the_webhook_still_came(nest: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any) -> str:
        return "550 no canaries here"

    monkeypatch.setattr(Cage, "handle_DATA", refuse)
    lost = fly(nest)
    assert lost.broken == "mail"
    assert "550" in lost.why
    assert "webhook" in lost.took
    with reading(open_store(nest)) as session:
        beat = beats.known(session, "canary")
    assert beat is not None
    assert beat.failing_since is not None


def test_one_that_is_not_back_in_its_time_is_lost_at_the_stage_that_it_did_not_reach(nest: Settings) -> None:
    lost = fly(nest, limit=0.2)
    assert (lost.broken, lost.why) == ("fetch", "not back within 0 s")


def test_a_store_that_cannot_be_written_is_named(nest: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "_crawled", lambda *_: "")
    broken = nest.model_copy(update={"home": nest.config / "watchlist.yaml"})
    assert fly(broken).broken == "start"


def test_a_full_disk_is_told_as_by_every_command(nest: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Settings) -> str:
        with create_engine("sqlite://").begin() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")
            connection.exec_driver_sql("CREATE TABLE more_than_a_page (one)")
        raise AssertionError("unreachable")

    monkeypatch.setattr(flight, "_nest", full)
    lost = fly(nest)
    assert lost.broken == "start"
    assert lost.why.startswith("the database's disk is full; what it holds is whole")


def test_the_command_exits_with_1_and_names_the_stage(nest: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from portalwatch.cli import app

    done = CliRunner().invoke(app, ["canary", "--json", "--limit", "1"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["broken"] == "fetch"
    assert "fetch was not reached" in str(done.exception)
