"""Looks after the house once a day: refills Redis' index from SQL, ages out the archive, and says what a person must mend.

The task fails where the watchlist in the file is refused or a sheet does not read, so that nobody runs on an old one unknowing.
"""

from datetime import timedelta

from airflow.sdk import DAG, task

from portalwatch.airflow import wiring

with DAG(
    dag_id="upkeep",
    schedule="17 3 * * *",
    start_date=wiring.START,
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch", "house"],
    doc_md=wiring.doc(__doc__),
    default_args={"owner": "portalwatch", **wiring.heard("house")},
    deadline=wiring.deadline("upkeep", timedelta(hours=2), "house"),
):

    @task(execution_timeout=timedelta(hours=1), **wiring.PASSING)
    def upkeep() -> dict[str, int]:
        """One round; returns what was done, by count."""
        from pipelines.config import settings
        from pipelines.heartbeat import alive
        from pipelines.rounds import upkeep_round

        with wiring.plainly(), alive(settings(), "upkeep"):
            return upkeep_round(settings())

    upkeep()
