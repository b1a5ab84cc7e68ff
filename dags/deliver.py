"""Sends what is owed: after every crawl, and every two minutes for what a channel refused before.

A crawl makes the first attempt at its own alerts; this DAG retries with growing pauses, for two days, then leaves a dead
letter that `portalwatch alerts list --state dead` shows. A channel that answers nobody is asked by one message at a time until
it works again, and delays no other.

Triggered by hand with **replay**, it owes dead letters again first: all of them, or those of one message.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable, Param, task

from portalwatch.airflow import wiring

with wiring.dag(
    "deliver",
    __doc__,
    "house",
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/2 * * * *", timezone="UTC"), assets=[wiring.STORIES]),
    late=timedelta(minutes=45),
    params={
        "replay": Param(False, type="boolean", title="Replay", description="Owe dead letters again, and send them."),
        "message": Param(
            None, type=["null", "string"], maxLength=64, title="Message", description="Replay this one only; all where it is empty."
        ),
    },
) as dag:

    @task(inlets=[wiring.STORIES], outlets=[wiring.ALERTS], execution_timeout=timedelta(minutes=30))
    def deliver(params: dict[str, Any] | None = None) -> dict[str, int]:
        """One round; returns how many were replayed, and how many messages were sent, will be tried again, and are dead."""
        from pipelines.heartbeat import alive
        from pipelines.rounds import deliver_round, replay
        from portalwatch.signals import stopping
        from spiders.loader import names

        asked = params or {}
        with wiring.plainly() as settings, alive(settings, "deliver"), stopping():
            replayed = replay(settings, asked.get("message") or None) if asked.get("replay") else 0
            return {"replayed": replayed} | asdict(deliver_round(settings, names(settings)))

    deliver()
