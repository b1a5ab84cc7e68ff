"""Looks after portals and channels every quarter of an hour: what is blind since when, told to the watchlist's `ops:` channels.

A crawl does the same for its own portal at its end; this DAG tells also of portals that are not crawled at all, of channels,
what is mended, and once a day how the day was.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, task

with DAG(
    dag_id="health",
    schedule="*/15 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch"],
    doc_md=__doc__,
):

    @task(execution_timeout=timedelta(minutes=10))
    def look() -> dict[str, int]:
        """One round; returns how many notices were owed, by event."""
        from pipelines.config import settings
        from pipelines.health.round import health_round
        from pipelines.rounds import now
        from spiders import loader

        return health_round(settings(), loader.names(settings()), now())

    look()
