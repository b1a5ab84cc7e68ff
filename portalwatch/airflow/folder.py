"""The DAG files where they are installed, for an Airflow that has a DAG folder of its own.

In a file of that folder (Airflow looks only into files that say `airflow` and `dag`):

    from portalwatch.airflow.folder import dags
    globals().update(dags())
"""

import runpy
from pathlib import Path

from airflow.sdk import DAG


def folder() -> Path:
    """The folder of our DAG files: in the wheel, or in the checkout."""
    installed = Path(__file__).with_name("dags")
    return installed if installed.is_dir() else Path(__file__).resolve().parents[2] / "dags"


def dags() -> dict[str, DAG]:
    """Every DAG of ours by its id."""
    found = (value for path in sorted(folder().glob("*.py")) for value in runpy.run_path(str(path)).values())
    return {dag.dag_id: dag for dag in found if isinstance(dag, DAG)}
