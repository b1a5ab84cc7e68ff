"""Looks after portals and channels every quarter of an hour: what is blind since when, told to the watchlist's `ops:` channels.

A crawl does the same for its own portal at its end; this DAG tells also of portals that are not crawled at all, of channels,
what is mended, and once a day how the day was.
"""

from datetime import timedelta

from airflow.sdk import task

from portalwatch.airflow import wiring

with wiring.dag("health", __doc__, "house", schedule="*/15 * * * *") as dag:

    @task(execution_timeout=timedelta(minutes=10))
    def look() -> dict[str, int]:
        """One round; returns how many notices were owed, by event."""
        from pipelines.health.round import health_round
        from pipelines.heartbeat import alive
        from pipelines.ops import tell_again
        from pipelines.rounds import now
        from spiders import loader

        with wiring.plainly() as settings, alive(settings, "health"):
            tell_again(settings)
            return health_round(settings, loader.names(settings), now())

    look()
