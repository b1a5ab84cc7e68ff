"""Run by test_dags in a process of its own: every DAG once, through Airflow's own `dag.test()`; one JSON line a DAG."""

import json
import sys
import traceback
from typing import Any


def main(folder: str, wanted: list[str]) -> None:
    """Load the folder, then play the wanted DAGs, one after the other."""
    from airflow.utils.db import initdb

    initdb()
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()

    bag = DagBag(folder)
    print(
        json.dumps(
            {
                "dags": sorted(bag.dags),
                "errors": bag.import_errors,
                "docs": {name: bool(dag.doc_md) for name, dag in bag.dags.items()},
                "params": {name: {key: dag.params.get_param(key).schema for key in dag.params} for name, dag in bag.dags.items()},
                "assets": {name: [_names(dag.tasks, kind) for kind in ("inlets", "outlets")] for name, dag in bag.dags.items()},
            }
        )
    )
    sync_bag_to_db(bag, "dags-folder", None)
    for name in wanted:
        _play(bag.dags[name])
        # Twisted's reactor starts once a process, as every real task is one; Airflow's test API takes 5 s to build, so the next DAG
        # gets a fresh reactor in this one instead.
        sys.modules.pop("twisted.internet.reactor", None)
        vars(sys.modules.get("twisted.internet", sys)).pop("reactor", None)


def _names(tasks: list[Any], kind: str) -> list[str]:
    return sorted({asset.name for task in tasks for asset in getattr(task, kind)})


def _play(dag: object) -> None:
    dag.deadline = None  # type: ignore[attr-defined]  # Airflow 3.3's dag.test() stumbles over one once its run is over
    try:
        run = dag.test()  # type: ignore[attr-defined]
        told = {"dag": dag.dag_id, "state": str(run.state), "reason": _reason(run)}  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - told in the answer
        told = {"dag": dag.dag_id, "state": "raised", "why": traceback.format_exc()}  # type: ignore[attr-defined]
    print(json.dumps(told), flush=True)


def _reason(run: object) -> str | None:
    """What a task that failed left in its XCom."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.query(XComModel.value).filter_by(dag_id=run.dag_id, run_id=run.run_id, key="reason").first()  # type: ignore[attr-defined]
    return found[0] if found else None


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
