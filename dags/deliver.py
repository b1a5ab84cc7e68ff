"""Sends what is owed: after every crawl, and every two minutes for what a channel refused before.

A crawl makes the first attempt at its own alerts; this DAG retries with growing pauses, for two days, then leaves a dead
letter that `portalwatch alerts list --state dead` shows and `portalwatch alerts replay` owes again.
"""

from dataclasses import asdict
from datetime import timedelta

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, task

from portalwatch.airflow import wiring

with DAG(
    dag_id="deliver",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/2 * * * *", timezone="UTC"), assets=[wiring.STORIES]),
    start_date=wiring.START,
    catchup=False,
    max_active_runs=1,
    tags=["portalwatch", "house"],
    doc_md=wiring.doc(__doc__),
    default_args={"owner": "portalwatch", **wiring.heard("house")},
    deadline=wiring.deadline("deliver", timedelta(minutes=45), "house"),
):

    @task(inlets=[wiring.STORIES], outlets=[wiring.ALERTS], execution_timeout=timedelta(minutes=30))
    def deliver() -> dict[str, int]:
        """One round; returns how many messages were sent, will be tried again, and are dead."""
        from pipelines.config import settings
        from pipelines.heartbeat import alive
        from pipelines.rounds import deliver_round

        with wiring.plainly(), alive(settings(), "deliver"):
            return asdict(deliver_round(settings()))

    deliver()
