"""Crawls one portal: finds new and moved pages, keeps their articles, owes and sends the alerts.

One DAG a portal, made from the sheets in `spiders/portals/` and `config/portals/`, on the sheet's own schedule. The task
succeeds if the run could see its portal; a run that was blind fails, with the reason as its error and in its XCom `reason`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, get_current_context, get_parsing_context, task
from airflow.sdk.exceptions import AirflowFailException

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.sheet import Sheet
from spiders import loader

ARTICLES = Asset("portalwatch_articles")
START = datetime(2026, 1, 1, tzinfo=UTC)
TIME_LIMIT = timedelta(minutes=30)


def crawl_dag(slug: str, name: str, schedule: str | timedelta | None, trouble: str | None = None) -> DAG:
    """The DAG of one portal; with `trouble` (a broken sheet) its runs fail with that."""
    doc = f"**{name}**\n\n{__doc__}" if trouble is None else f"**The sheet does not read.**\n\n{trouble}"
    with DAG(
        dag_id=f"crawl_{slug}",
        schedule=schedule,
        start_date=START,
        catchup=False,
        max_active_runs=1,
        tags=["portalwatch", "crawl"],
        doc_md=doc,
        dag_display_name=f"crawl {name}",
    ) as dag:

        @task(outlets=[ARTICLES], execution_timeout=TIME_LIMIT)
        def crawl() -> dict[str, Any]:
            """One run of the portal; returns its summary."""
            from spiders.crawl import crawl as run

            try:
                return run(slug, settings())
            except PortalwatchError as error:
                get_current_context()["ti"].xcom_push("reason", str(error))
                raise AirflowFailException(str(error)) from None

        crawl()
    return dag


def _when(sheet: Sheet) -> str | timedelta:
    seconds = sheet.interval()
    return timedelta(seconds=seconds) if seconds else sheet.schedule


only = get_parsing_context().dag_id
shelf = loader.shelf(settings())
for sheet in shelf.sheets.values():
    if only in (None, f"crawl_{sheet.slug}"):
        globals()[f"crawl_{sheet.slug}"] = crawl_dag(sheet.slug, sheet.name, _when(sheet))
for slug, trouble in shelf.broken.items():
    if only in (None, f"crawl_{slug}"):
        globals()[f"crawl_{slug}"] = crawl_dag(slug, slug, "@hourly", trouble)
