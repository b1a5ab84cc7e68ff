"""Lets the canary fly: a page of our own is published, crawled, read, matched, mailed and posted, all on loopback.

The task fails with the stage that was not reached, and ops hear of it once, and once when it is back. Nobody else hears anything:
the canary has a store of its own.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from portalwatch.airflow import wiring

with DAG(
    dag_id="canary",
    schedule="*/30 * * * *",
    start_date=wiring.START,
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch", "house"],
    doc_md=wiring.doc(__doc__),
    default_args={"owner": "portalwatch"},
    deadline=wiring.deadline("canary", timedelta(minutes=15), "house"),
):

    @task(execution_timeout=timedelta(minutes=5))
    def canary() -> dict[str, Any]:
        """One flight; returns how it went."""
        from pipelines.config import settings
        from portalwatch.canary.telling import proved

        with wiring.plainly():
            return proved(settings())

    canary()
