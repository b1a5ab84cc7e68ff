"""Looks after portals and channels every quarter of an hour: what is blind since when, told to the watchlist's `ops:` channels.

A crawl does the same for its own portal at its end; this DAG tells also of portals that are not crawled at all, of channels,
what is mended, and once a day how the day was.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from portalwatch.airflow import wiring

with DAG(
    dag_id="health",
    schedule="*/15 * * * *",
    start_date=wiring.START,
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch", "house"],
    doc_md=wiring.doc(__doc__),
    default_args={"owner": "portalwatch", **wiring.heard("house")},
):

    @task(execution_timeout=timedelta(minutes=10))
    def look() -> dict[str, int]:
        """One round; returns how many notices were owed, by event."""
        from pipelines.config import settings
        from pipelines.health.round import health_round
        from pipelines.heartbeat import alive
        from pipelines.rounds import now
        from spiders import loader

        with wiring.plainly(), alive(settings(), "health"):
            return health_round(settings(), loader.names(settings()), now())

    look()
