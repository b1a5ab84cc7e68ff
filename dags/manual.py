"""Reads the past of a portal, a run for each day of it, started by hand with the form of `backfill`, or with Airflow's own backfill:

    airflow backfill create --dag-id backfill_storm_mg --from-date 2026-11-01 --to-date 2026-11-07

Add `--dag-run-conf '{"alerts": "late"}'` to tell each recipient at the end of a day's run what matched; nobody is told otherwise.
A day is that of the portal's own zone. A run that could not read its day to the end, as where half of the host's daily budget is
spent, is tried again until it has, and goes on where it stopped. Needs `history:` in the portal's sheet.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, CronDataIntervalTimetable, Param, get_parsing_context, task
from airflow.sdk.exceptions import AirflowFailException, AirflowTaskTimeout

from pipelines.config import settings
from pipelines.sheet import Sheet
from portalwatch.airflow import wiring
from portalwatch.airflow.pools import chosen
from spiders import loader

NEVER = datetime(2200, 1, 1, tzinfo=UTC)  # no run begins by itself before this, also not after those of a backfill
ALERTS = Param("off", type="string", enum=["off", "late"], title="Alerts", description="Tell nobody, or all at the end, as late.")
LONGEST = 366  # days of one form
PATIENCE: dict[str, Any] = {
    "retries": 15, "retry_delay": timedelta(minutes=10), "retry_exponential_backoff": 2.0, "max_retry_delay": timedelta(hours=3),
    "execution_timeout": timedelta(minutes=30),
}  # fmt: skip


def read_day(slug: str, day: date, alerts: str) -> dict[str, Any]:
    """One day of a portal's past; returns the run's summary. Tried again where it may yet be read to its end."""
    from spiders.backfill import Alerts
    from spiders.backfill import backfill as run

    with wiring.plainly(passes=_may_yet_be_read) as ours:
        return dict(run(slug, day, ours, Alerts(alerts)))


def _may_yet_be_read(error: BaseException) -> bool:
    from pipelines.errors import ConfigError, PortalwatchError

    foreseen = isinstance(error, PortalwatchError) and not isinstance(error, ConfigError)
    return isinstance(error, AirflowTaskTimeout) or (foreseen and not getattr(error, "lasting", False))


def backfill_dag(sheet: Sheet) -> DAG:
    """The DAG that reads the past of one portal."""
    with wiring.dag(
        f"backfill_{sheet.slug}",
        f"**{sheet.name}**\n\n{__doc__}",
        "manual",
        owner=sheet.owner,
        told=False,
        schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
        start_date=NEVER,
        allowed_run_types=["backfill", "scheduled"],  # not one that is triggered by hand: it has no day; Airflow insists on `scheduled`
        is_paused_upon_creation=False,
        dag_display_name=f"backfill {sheet.name}",
        params={"alerts": ALERTS},
    ) as dag:

        @task(pool=chosen(settings(), sheet), inlets=[wiring.portal(sheet.slug, sheet.hosts[0])], outlets=[wiring.STORIES], **PATIENCE)
        def backfill(data_interval_start: datetime | None = None, params: dict[str, Any] | None = None) -> dict[str, Any]:
            """One day of the past; returns the run's summary."""
            assert data_interval_start is not None
            return read_day(sheet.slug, data_interval_start.date(), (params or {})["alerts"])

        backfill()
    return dag


def form(portals: list[str]) -> DAG:
    """The DAG with a form for several days of one portal, which it reads one after the other."""
    with wiring.dag(
        "backfill",
        __doc__,
        "manual",
        told=False,
        params={
            "portal": Param(portals[0], type="string", enum=portals, title="Portal", description="Those whose sheet has `history:`."),
            "from": Param(type="string", format="date", title="From", description="The first day, of the portal's own zone."),
            "to": Param(type="string", format="date", title="To", description=f"The last day; at most {LONGEST} in all."),
            "alerts": ALERTS,
        },
    ) as dag:

        @task
        def days(params: dict[str, Any] | None = None) -> list[str]:
            """The days between the two, oldest first."""
            asked = params or {}
            first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
            if not 0 <= (last - first).days < LONGEST:
                raise AirflowFailException(f"from {first} to {last}: that is not 1 to {LONGEST} days")
            return [str(first + timedelta(days=number)) for number in range((last - first).days + 1)]

        @task(max_active_tis_per_dagrun=1, outlets=[wiring.STORIES], map_index_template="{{ task.op_kwargs['day'] }}", **PATIENCE)
        def read(day: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
            """One day of the past; returns the run's summary."""
            return read_day((params or {})["portal"], date.fromisoformat(day), (params or {})["alerts"])

        read.expand(day=days())
    return dag


only = get_parsing_context().dag_id
past = [sheet for sheet in loader.shelf(settings()).sheets.values() if sheet.history]
for sheet in past:
    if only in (None, f"backfill_{sheet.slug}"):
        globals()[f"backfill_{sheet.slug}"] = backfill_dag(sheet)
if past and only in (None, "backfill"):
    backfill = form([sheet.slug for sheet in past])
