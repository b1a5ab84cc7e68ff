"""What every DAG of ours shares: its keywords, names of assets, whom it tells, what it tries again, and the link to the web page.

Imported by DAG files, so it imports neither Scrapy nor the store.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from airflow.sdk import DAG, Asset, DeadlineAlert, DeadlineReference, SyncCallback, get_current_context  # type: ignore[attr-defined]  # its stub lacks them
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowTaskTimeout

from pipelines.config import Settings, settings
from portalwatch.airflow import WEB, telling
from portalwatch.airflow.connections import with_connections

log = logging.getLogger(__name__)
START = datetime(2026, 1, 1, tzinfo=UTC)
STORIES, ALERTS = Asset("portalwatch_stories"), Asset("portalwatch_alerts")
"""Lineage reads portal -> stories -> alerts."""
PASSING: Mapping[str, Any] = MappingProxyType(
    {"retries": 3, "retry_delay": timedelta(minutes=1), "retry_exponential_backoff": 2.0, "max_retry_delay": timedelta(minutes=15)}
)
"""For tasks whose failure may pass by itself; `plainly` says which failures those are, all others end the task at once."""
Kind = Literal["crawl", "house", "manual"]
OWNER = "ops"


def dag(
    dag_id: str,
    doc: str | None,
    kind: Kind,
    *,
    owner: str | None = None,
    told: bool = True,
    late: timedelta | None = None,
    **more: Any,
) -> DAG:
    """A DAG of ours, documented by `doc`, tagged by its kind, owned by ops unless said; `more` are DAG's own keywords, `tags` further ones.

    Ops hear of its tasks that fail unless they are not to be `told`, and of a run that is not over after `late`."""
    heard = settings().tell_failures in ("all", "crawl" if kind == "crawl" else "house")
    callbacks = {"on_failure_callback": telling.failed, "on_success_callback": telling.succeeded} if heard and told else {}
    defaults = {
        "schedule": None,
        "start_date": START,
        "catchup": False,
        "max_active_runs": 1,
        "doc_md": documented(doc),
        "default_args": {"owner": owner or OWNER, **callbacks},
        "deadline": deadline(dag_id, late) if heard and late else None,
    }
    return DAG(dag_id, **{**defaults, **more, "tags": ["portalwatch", kind, *more.get("tags", ())]})


def documented(text: str | None) -> str:
    """A DAG's documentation with the link to our pages."""
    return f"{(text or '').strip()}\n\n[What it found, and how it goes]({WEB})"


def deadline(dag_id: str, within: timedelta) -> DeadlineAlert:
    """Ops hear of a run that is not over in time; the executor runs it, no triggerer is needed."""
    late = SyncCallback(telling.late, kwargs={"dag_id": dag_id, "minutes": int(within.total_seconds() // 60)})
    return DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=within, callback=late)


def portal(slug: str, host: str) -> Asset:
    """The portal that a crawl reads."""
    return Asset(f"portal_{slug}", uri=f"https://{host}/", extra={"portal": slug})


def never(_error: BaseException) -> bool:
    """No failure passes but a database that is away."""
    return False


@contextmanager
def plainly(passes: Callable[[BaseException], bool] = never) -> Iterator[Settings]:
    """Inside a task: the settings with Airflow's connections behind them, and a failure that says its reason in one line.

    A failure is tried again, as often as the task has retries, where the database was away or it `passes`; any other ends the task at
    once. The reason is a line of the task's log, the first of its own where nothing was worth a warning before: Airflow writes a line
    when it is said, so none can be put before. Airflow is told our secrets first, so that no log of the task shows one."""
    from airflow.sdk.log import mask_secret

    from pipelines.hiding import known

    ours = with_connections(settings())
    secrets: list[Any] = sorted(known(ours))
    mask_secret(secrets)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        yield ours
    except AirflowException:
        raise
    except (Exception, AirflowTaskTimeout) as error:  # noqa: BLE001 - goes on as the failure that Airflow is to make of it
        raise _failure(error, ours, passes) from _unforeseen(error)


def _failure(error: BaseException, ours: Settings, passes: Callable[[BaseException], bool]) -> AirflowException:
    """What the task ends with: its class says whether it is tried again."""
    from sqlalchemy.exc import OperationalError

    from pipelines.errors import StoreAway
    from pipelines.hiding import hidden

    reason = hidden(_in_words(error), ours)
    log.error("%s", reason)
    if isinstance(error, OperationalError | StoreAway) or passes(error):
        return AirflowException(reason)
    get_current_context()["ti"].xcom_push("reason", reason)
    return AirflowFailException(reason)


def _in_words(error: BaseException) -> str:
    from sqlalchemy.exc import OperationalError

    from pipelines.store.database import in_words

    if isinstance(error, OperationalError):
        return in_words(error)
    return f"{type(error).__name__}: {error}" if _unforeseen(error) else str(error)


def _unforeseen(error: BaseException) -> BaseException | None:
    """The error where its traceback tells more than its words."""
    from sqlalchemy.exc import OperationalError

    from pipelines.errors import PortalwatchError

    return None if isinstance(error, PortalwatchError | OperationalError | AirflowTaskTimeout) else error
