"""Sends what is owed: after every crawl, and every two minutes for what a channel refused before.

A crawl makes the first attempt at its own alerts; this DAG retries with growing pauses, for two days, then leaves a dead
letter that `portalwatch alerts list --state dead` shows and `portalwatch alerts replay` owes again.
"""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, CronTriggerTimetable, task

with DAG(
    dag_id="deliver",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/2 * * * *", timezone="UTC"), assets=[Asset("portalwatch_articles")]),
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch"],
    doc_md=__doc__,
):

    @task(execution_timeout=timedelta(minutes=30))
    def deliver() -> dict[str, int]:
        """One round; returns how many messages were sent, will be tried again, and are dead."""
        from pipelines.config import settings
        from pipelines.rounds import deliver_round

        return asdict(deliver_round(settings()))

    deliver()
