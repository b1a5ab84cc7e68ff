"""Sends now what is collected for digests, started by hand.

**digest** does not wait for the moments that the watchlist names; what it sends is not sent again at them. Leave both fields
empty for everybody. What waits for the end of quiet hours, or for a cap, is no digest and waits on.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import Param, task

from portalwatch.airflow import wiring

TEXT = ["null", "string"]

with wiring.dag(
    "digest",
    __doc__,
    "manual",
    told=False,
    params={
        "recipient": Param(
            None, type=TEXT, title="Recipient", description="A mail address, or a webhook's channel; all where it is empty."
        ),
        "channel": Param(None, type=TEXT, title="Channel", description="A channel of the watchlist; all where it is empty."),
    },
) as dag:

    @task(execution_timeout=timedelta(minutes=30))
    def digest(params: dict[str, Any] | None = None) -> dict[str, int]:
        """One round; returns how many messages were sent, will be tried again, and are dead."""
        from pipelines.digests import send, wanted_of
        from spiders import loader

        with wiring.plainly() as settings:
            return asdict(send(settings, wanted_of(params or {}), loader.names(settings)))

    digest()
