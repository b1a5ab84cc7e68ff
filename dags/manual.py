"""Reads the past of a portal, a run for each day of it, started by hand with Airflow's own backfill:

    airflow backfill create --dag-id backfill_storm_mg --from-date 2026-11-01 --to-date 2026-11-07

Add `--dag-run-conf '{"alerts": "late"}'` to tell each recipient at the end of a day's run what matched; nobody is told otherwise.
A day is that of the portal's own zone. A run that could not read its day to the end, as where half of the host's daily budget is
spent, is tried again until it has, and goes on where it stopped. Needs `history:` in the portal's sheet.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, get_parsing_context, task
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pipelines.config import settings
from spiders import loader

NEVER = datetime(2200, 1, 1, tzinfo=UTC)  # no run begins by itself before this, also not after those of a backfill
ALERTS = ["off", "late"]


def backfill_dag(slug: str, name: str) -> DAG:
    """The DAG that reads the past of one portal."""
    with DAG(
        dag_id=f"backfill_{slug}",
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
        start_date=NEVER,
        catchup=False,
        allowed_run_types=["backfill", "scheduled"],  # not one that is triggered by hand: it has no day; Airflow insists on `scheduled`
        is_paused_upon_creation=False,
        max_active_runs=1,
        tags=["portalwatch", "manual"],
        doc_md=f"**{name}**\n\n{__doc__}",
        dag_display_name=f"backfill {name}",
        params={"alerts": Param("off", type="string", enum=ALERTS, title="Alerts", description="Tell nobody, or all at the end, as late.")},
    ) as dag:

        @task(
            retries=15,
            retry_delay=timedelta(minutes=10),
            retry_exponential_backoff=2.0,
            max_retry_delay=timedelta(hours=3),
            execution_timeout=timedelta(minutes=30),
        )
        def backfill(data_interval_start: datetime | None = None, params: dict[str, Any] | None = None) -> dict[str, Any]:
            """One day of the past; returns the run's summary."""
            from pipelines.errors import ConfigError, PortalwatchError
            from spiders.backfill import Alerts
            from spiders.backfill import backfill as run

            assert data_interval_start is not None
            try:
                return dict(run(slug, data_interval_start.date(), settings(), Alerts((params or {})["alerts"])))
            except PortalwatchError as error:
                hopeless = isinstance(error, ConfigError) or getattr(error, "lasting", False)
                raise (AirflowFailException if hopeless else AirflowException)(str(error)) from None

        backfill()
    return dag


only = get_parsing_context().dag_id
for sheet in loader.shelf(settings()).sheets.values():
    if sheet.history and only in (None, f"backfill_{sheet.slug}"):
        globals()[f"backfill_{sheet.slug}"] = backfill_dag(sheet.slug, sheet.name)
