"""Looks after the house once a day: refills Redis' index from SQL, ages out the archive, and says what a person must mend.

The task fails where the watchlist in the file is refused or a sheet does not read, so that nobody runs on an old one unknowing.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException

with DAG(
    dag_id="upkeep",
    schedule="17 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch"],
    doc_md=__doc__,
):

    @task(execution_timeout=timedelta(hours=1))
    def upkeep() -> dict[str, int]:
        """One round; returns what was done, by count."""
        from pipelines.config import settings
        from pipelines.errors import PortalwatchError
        from pipelines.rounds import upkeep_round

        try:
            return upkeep_round(settings())
        except PortalwatchError as error:
            raise AirflowFailException(str(error)) from None

    upkeep()
