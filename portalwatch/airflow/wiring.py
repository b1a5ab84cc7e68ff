"""What every DAG of ours shares: names of assets, whom it tells, what it tries again, and the link to the web page.

Imported by DAG files, so it imports neither Scrapy nor the store.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, DeadlineAlert, DeadlineReference, SyncCallback, get_current_context  # type: ignore[attr-defined]  # its stub lacks them
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from pipelines.config import settings
from portalwatch.airflow import WEB, telling

START = datetime(2026, 1, 1, tzinfo=UTC)
STORIES, ALERTS = Asset("portalwatch_stories"), Asset("portalwatch_alerts")
"""Lineage reads portal -> stories -> alerts."""
PASSING: dict[str, Any] = {
    "retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0, "max_retry_delay": timedelta(minutes=15),
}  # fmt: skip
"""For tasks whose failure may pass by itself; `plainly` says which failures those are, all others end the task at once."""


def portal(slug: str, host: str) -> Asset:
    """The portal that a crawl reads."""
    return Asset(f"portal_{slug}", uri=f"https://{host}/", extra={"portal": slug})


def doc(text: str | None, page: str = "") -> str:
    """A DAG's documentation with the link to our page about it."""
    return f"{(text or '').strip()}\n\n[What it found, and how it goes]({WEB}{page})"


def heard(kind: str) -> dict[str, Any]:
    """The callbacks by which ops hear of a task that failed, once, and that it works again. `kind`: house or crawl."""
    if not _wanted(kind):
        return {}
    return {"on_failure_callback": telling.failed, "on_success_callback": telling.succeeded}


def deadline(dag_id: str, within: timedelta, kind: str) -> DeadlineAlert | None:
    """Ops hear of a run that is not over in time; the executor runs it, no triggerer is needed."""
    if not _wanted(kind):
        return None
    late = SyncCallback(telling.late, kwargs={"dag_id": dag_id, "minutes": int(within.total_seconds() // 60)})
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=within, callback=late)


@contextmanager
def plainly() -> Iterator[None]:
    """Inside a task: what a person must mend fails it at once, with the reason in one line; a database that is away is tried again.

    Airflow is told our secrets first, so that no log of the task shows one."""
    from airflow.sdk.log import mask_secret
    from sqlalchemy.exc import OperationalError

    from pipelines.errors import PortalwatchError, StoreAway
    from pipelines.hiding import hidden, known
    from pipelines.store.database import in_words

    secrets: list[Any] = sorted(known(settings()))
    mask_secret(secrets)
    try:
        yield
    except OperationalError as error:
        raise AirflowException(hidden(in_words(error), settings())) from None
    except StoreAway as error:
        raise AirflowException(hidden(str(error), settings())) from None
    except PortalwatchError as error:
        reason = hidden(str(error), settings())
        get_current_context()["ti"].xcom_push("reason", reason)
        raise AirflowFailException(reason) from None


def _wanted(kind: str) -> bool:
    return settings().tell_failures == "all" or settings().tell_failures == kind
