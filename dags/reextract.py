"""Reads archived pages again, started by hand after a rule or the extractor changed.

**reextract** replays what was fetched through today's sheets. An article that now reads differently is put right, without
being a revision by its publisher; a page that did not read before becomes an article; what was forgotten stays away. New
matches reach each recipient as one late message at the end. Begin with a dry run: it keeps and sends nothing, and the task's
log shows what would be read differently. A run that is stopped may be started again.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import Param, task

from pipelines.config import settings
from portalwatch.airflow import wiring
from spiders import loader

TEXT = ["null", "string"]

with wiring.dag(
    "reextract",
    __doc__,
    "manual",
    params={
        "portal": Param(None, type=TEXT, enum=[None, *loader.paths(settings())], title="Portal", description="One; all where it is empty."),
        "since": Param(None, type=TEXT, format="date", title="Since", description="Only pages fetched on this day or later."),
        "until": Param(None, type=TEXT, format="date", title="Until", description="Only pages fetched on this day or before."),
        "url": Param(None, type=TEXT, title="Address", description="Only this article, by any form of its address."),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Show what would be read differently, keep nothing."),
    },
) as dag:

    @task(outlets=[wiring.STORIES], execution_timeout=timedelta(hours=12))
    def reextract(params: dict[str, Any] | None = None) -> dict[str, Any]:
        """One replay; returns its counts."""
        from spiders.replay import logged, wanted_of
        from spiders.replay import reextract as run

        with wiring.plainly() as ours:
            return run(ours, wanted_of(params or {}, ours), logged)

    reextract()
