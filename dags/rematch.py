"""Lets topics look through the articles that we hold, started by hand after the watchlist changed.

**rematch** matches the last days again. What matches now and did not before reaches each recipient as one late message; what
somebody heard of is not told again. Begin with a dry run: it keeps and sends nothing, and what the task returns says what would
come of it. A run that is stopped may be started again.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Param, task
from airflow.sdk.exceptions import AirflowFailException

from pipelines.config import settings
from spiders import loader

TEXT = ["null", "string"]

with DAG(
    dag_id="rematch",
    schedule=None,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch", "manual"],
    doc_md=__doc__,
    params={
        "topic": Param(None, type=TEXT, title="Topic", description="One, by its slug; all where it is empty."),
        "days": Param(30, type="integer", minimum=1, maximum=3650, title="Days", description="How many days back."),
        "portal": Param(None, type=TEXT, enum=[None, *loader.paths(settings())], title="Portal", description="One; all where it is empty."),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Count what would come of it, keep nothing."),
    },
):

    @task(execution_timeout=timedelta(hours=12))
    def rematch(params: dict[str, Any] | None = None) -> dict[str, Any]:
        """One look through the past; returns its counts."""
        from pipelines.errors import PortalwatchError
        from pipelines.rematch import rematch as run
        from pipelines.rematch import wanted_of

        try:
            return run(settings(), wanted_of(params or {}), loader.names(settings()))
        except PortalwatchError as error:
            raise AirflowFailException(str(error)) from None

    rematch()
