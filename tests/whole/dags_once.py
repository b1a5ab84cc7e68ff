"""Run by test_dags in a process of its own: every DAG once, through Airflow's own `dag.test()`; one JSON line a DAG."""

import json
import os
import sys
import traceback

AT_ONCE = 2


def main(folder: str, wanted: list[str]) -> None:
    """Load the folder, then play the wanted DAGs, each crawl in a fork, since Twisted's reactor starts once a process."""
    from airflow.utils.db import initdb

    initdb()
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db

    DagBundlesManager().sync_bundles_to_db()

    bag = DagBag(folder)
    print(
        json.dumps(
            {"dags": sorted(bag.dags), "errors": bag.import_errors, "docs": {name: bool(dag.doc_md) for name, dag in bag.dags.items()}}
        )
    )
    sync_bag_to_db(bag, "dags-folder", None)
    crawls = [[name] for name in wanted if name.startswith("crawl_")]
    running: set[int] = set()
    for names in [[name for name in wanted if not name.startswith("crawl_")], *crawls]:
        if len(running) == AT_ONCE:
            running.discard(os.wait()[0])
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            for name in names:
                _play(bag.dags[name])
            os._exit(0)
        running.add(child)
    while running:
        running.discard(os.wait()[0])


def _play(dag: object) -> None:
    try:
        run = dag.test()  # type: ignore[attr-defined]
        told = {"dag": dag.dag_id, "state": str(run.state)}  # type: ignore[attr-defined]
    except BaseException:  # noqa: BLE001 - told in the answer
        told = {"dag": dag.dag_id, "state": "raised", "why": traceback.format_exc()}  # type: ignore[attr-defined]
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
