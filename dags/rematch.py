"""Lets topics look through the articles that we hold, started by hand after the watchlist changed.

**rematch** matches the last days again. What matches now and did not before reaches each recipient as one late message; what
somebody heard of is not told again. Begin with a dry run: it keeps and sends nothing, and what the task returns says what would
come of it. A run that is stopped may be started again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, task

from pipelines.config import settings
from portalwatch.airflow import wiring
from spiders import loader

TEXT = ["null", "string"]

with wiring.dag(
    "rematch",
    __doc__,
    "manual",
    params={
        "topic": Param(None, type=TEXT, title="Topic", description="One, by its slug; all where it is empty."),
        "days": Param(30, type="integer", minimum=1, maximum=3650, title="Days", description="How many days back."),
        "portal": Param(None, type=TEXT, enum=[None, *loader.paths(settings())], title="Portal", description="One; all where it is empty."),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Count what would come of it, keep nothing."),
    },
) as dag:

    @task(outlets=[wiring.STORIES], execution_timeout=timedelta(hours=12))
    def rematch(params: dict[str, Any] | None = None) -> dict[str, Any]:
        """One look through the past; returns its counts."""
        from pipelines.rematch import rematch as run
        from pipelines.rematch import wanted_of

        with wiring.plainly() as ours:
            return run(ours, wanted_of(params or {}), loader.names(ours))

    rematch()
