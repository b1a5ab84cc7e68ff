"""Lets the canary fly: a page of our own is published, crawled, read, matched, mailed and posted, all on loopback.

The task fails with the stage that was not reached, and ops hear of it once, and once when it is back. Nobody else hears anything:
the canary has a store of its own.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import task

from portalwatch.airflow import wiring

with wiring.dag("canary", __doc__, "house", schedule="*/30 * * * *", told=False, late=timedelta(minutes=15)) as dag:

    @task(execution_timeout=timedelta(minutes=5))
    def canary() -> dict[str, Any]:
        """One flight; returns how it went."""
        from portalwatch.canary.telling import proved

        with wiring.plainly() as settings:
            return proved(settings)

    canary()
