"""Airflow's callbacks, wired to the channels of `ops:`. Each tells once that something broke, and once that it works again."""

from typing import Any

from pipelines.config import settings
from portalwatch.airflow.connections import with_connections


def failed(context: Any) -> None:
    """A task failed for good; the first line says why."""
    from pipelines.ops import Notice, broke

    task, why = context["ti"], _reason(context.get("exception"))
    subject = f"{task.dag_id} failed: {why}"
    where = f"Run {context.get('run_id')}, task {task.task_id}. Its log: {getattr(task, 'log_url', '')}"
    broke(with_connections(settings()), Notice(key=_key(task.dag_id), subject=subject, text=f"{subject}\n{where}"))


def succeeded(context: Any) -> None:
    """A task succeeded; ops hear of it where they heard that it failed."""
    from pipelines.ops import mended

    dag = context["ti"].dag_id
    mended(with_connections(settings()), _key(dag), f"{dag} works again")


def late(dag_id: str, minutes: int, **_context: Any) -> None:
    """A run is not over in time."""
    from pipelines.ops import Notice, broke

    subject = f"{dag_id} is late: a run was not over after {minutes} minutes"
    text = f"{subject}\nIt waits for a slot, hangs, or the scheduler is overloaded; `portalwatch doctor` tells what else is quiet."
    broke(with_connections(settings()), Notice(key=_key(dag_id), subject=subject, text=text))


def _key(dag_id: str) -> str:
    return f"ops.dag.{dag_id}"


def _reason(exception: object) -> str:
    told = str(exception or "no reason was given, it was killed").strip()
    return told.splitlines()[0][:300] if told else type(exception).__name__
