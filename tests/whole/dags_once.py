"""Run by test_dags in a process of its own: every DAG once, through Airflow's own `dag.test()`; one JSON line a DAG.

Connections to keep in Airflow's database come as JSON on stdin; a DAG that is named `deliver?{"replay": true}` is played with that form.
"""

import json
import os
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
                "owners": {name: dag.owner for name, dag in bag.dags.items()},
                "assets": {name: [_names(dag.tasks, kind) for kind in ("inlets", "outlets")] for name, dag in bag.dags.items()},
            }
        )
    )
    sync_bag_to_db(bag, "dags-folder", None)
    _keep(json.load(sys.stdin))
    for each in wanted:
        name, _, form = each.partition("?")
        print(json.dumps({"played": each} | _play(bag.dags[name], json.loads(form or "{}"))), flush=True)
        # Twisted's reactor starts once a process, as every real task is one; Airflow's test API takes 5 s to build, so the next DAG
        # gets a fresh reactor in this one instead.
        sys.modules.pop("twisted.internet.reactor", None)
        vars(sys.modules.get("twisted.internet", sys)).pop("reactor", None)
    print(json.dumps({"played": "left", "xcoms": _xcoms(), "environment": dict(os.environ)}))


def _names(tasks: list[Any], kind: str) -> list[str]:
    return sorted({asset.name for task in tasks for asset in getattr(task, kind)})


def _keep(connections: dict[str, dict[str, Any]]) -> None:
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session

    with create_session() as session:
        session.add_all(Connection(conn_id=name, **said) for name, said in connections.items())


def _play(dag: object, form: dict[str, Any]) -> dict[str, Any]:
    dag.deadline = None  # type: ignore[attr-defined]  # Airflow 3.3's dag.test() stumbles over one once its run is over
    try:
        run = dag.test(run_conf=form)  # type: ignore[attr-defined]
        return {"state": str(run.state), "reason": _kept(run, "reason"), "gave": _kept(run, "return_value")}  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - told in the answer
        return {"state": "raised", "why": traceback.format_exc()}


def _kept(run: object, key: str) -> Any:
    """What a task left in its XCom."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        found = session.query(XComModel.value).filter_by(dag_id=run.dag_id, run_id=run.run_id, key=key).first()  # type: ignore[attr-defined]
    return found[0] if found else None


def _xcoms() -> list[Any]:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        return [value for (value,) in session.query(XComModel.value)]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
