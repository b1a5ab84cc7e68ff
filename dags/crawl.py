"""Crawls one portal: finds new and moved pages, keeps their articles, owes and sends the alerts.

One DAG a portal, made from the sheets in `spiders/portals/` and `config/portals/`, on the sheet's own schedule. The task
succeeds if the run could see its portal; a run that was blind fails, with the reason as its error and in its XCom `reason`. A run is
not tried again, since the next one is; only a database that is away is. `owner:` in the sheet names whose it is.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, Param, get_parsing_context, task

from pipelines.config import settings
from pipelines.sheet import Sheet
from portalwatch.airflow import wiring
from portalwatch.airflow.pools import chosen
from spiders import loader

TIME_LIMIT = timedelta(minutes=30)
RESUME = "Ask the portal though it is paused, having refused us; as `portalwatch portals resume` does."


def crawl_dag(slug: str, sheet: Sheet | None, trouble: str | None = None) -> DAG:
    """The DAG of one portal; with `trouble` (a broken sheet) its runs fail with that."""
    name = sheet.name if sheet else slug
    doc = f"**{name}**\n\n{__doc__}" if trouble is None else f"**The sheet does not read.**\n\n{trouble}"
    with wiring.dag(
        f"crawl_{slug}",
        doc,
        "crawl",
        owner=sheet.owner if sheet else None,
        schedule=_when(sheet) if sheet else "@hourly",
        late=TIME_LIMIT + timedelta(minutes=15),
        tags=[sheet.language if sheet else "broken"],
        dag_display_name=f"crawl {name}",
        params={"resume": Param(False, type="boolean", title="Resume", description=RESUME)},
    ) as dag:

        @task(
            inlets=[wiring.portal(slug, sheet.hosts[0])] if sheet else [],
            outlets=[wiring.STORIES],
            pool=chosen(settings(), sheet) if sheet else None,
            execution_timeout=TIME_LIMIT,
            **wiring.PASSING,
        )
        def crawl(params: dict[str, Any] | None = None) -> dict[str, Any]:
            """One run of the portal; returns its summary."""
            from spiders.crawl import crawl as run
            from spiders.crawl import resume

            with wiring.plainly() as ours:
                if (params or {}).get("resume"):
                    resume(slug, ours)
                return run(slug, ours)

        crawl()
    return dag


def _when(sheet: Sheet) -> str | timedelta:
    seconds = sheet.interval()
    return timedelta(seconds=seconds) if seconds else sheet.schedule


only = get_parsing_context().dag_id
shelf = loader.shelf(settings())
for sheet in shelf.sheets.values():
    if only in (None, f"crawl_{sheet.slug}"):
        globals()[f"crawl_{sheet.slug}"] = crawl_dag(sheet.slug, sheet)
for slug, trouble in shelf.broken.items():
    if only in (None, f"crawl_{slug}"):
        globals()[f"crawl_{slug}"] = crawl_dag(slug, None, trouble)
