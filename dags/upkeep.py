"""Looks after the house once a day: refills Redis' index from SQL, ages out the archive, and says what a person must mend.

The task fails where the watchlist in the file is refused or a sheet does not read, so that nobody runs on an old one unknowing.
"""

from datetime import timedelta

from airflow.sdk import task

from portalwatch.airflow import wiring

with wiring.dag("upkeep", __doc__, "house", schedule="17 3 * * *", late=timedelta(hours=2)) as dag:

    @task(execution_timeout=timedelta(hours=1), **wiring.PASSING)
    def upkeep() -> dict[str, int]:
        """One round; returns what was done, by count."""
        from pipelines.heartbeat import alive
        from pipelines.rounds import upkeep_round

        with wiring.plainly() as settings, alive(settings, "upkeep"):
            return upkeep_round(settings)

    upkeep()
