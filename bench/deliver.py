"""How fast the outbox empties: `python -m bench.deliver [--owed 10000] [--database URL] [--slow 1.0]` prints messages a second.

Half of what is owed goes by mail, half to a webhook, both on the loopback and in a process of their own, out of SQLite and, where
its programs are found, PostgreSQL. `--slow` adds a receiver that takes so many seconds for an answer, to which ten are owed: what the
others take must not change by it.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path

from sqlalchemy import Engine, func, select

from pipelines.alerts.lanes import THREADS
from pipelines.alerts.outbox import deliver
from pipelines.store.database import engine, reading, upgrade
from pipelines.store.tables import AlertRow
from portalwatch.signals import stopping
from tests.alerts.exchange import Hook, Mailbox, Town, receiving

READERS = tuple(f"reader{number}@example.org" for number in range(10))
HOOKS = tuple(f"hook{number}" for number in range(10))
A_STORY = len(READERS) + len(HOOKS)


def main() -> int:
    """Measure each database; 1 where something was lost or doubled."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    arguments.add_argument("--owed", type=int, default=10_000)
    arguments.add_argument("--slow", type=float, default=0.0)
    arguments.add_argument("--database")
    arguments.add_argument("--threads", type=int, default=THREADS)
    asked = arguments.parse_args()
    with stopping(), stores(asked.database) as found:
        return max(measured(name, store, asked) for name, store in found)


def measured(name: str, store: Engine, asked: argparse.Namespace) -> int:
    """Owe, deliver, and tell the pace; 1 where it did not end as it should."""
    upgrade(store)
    with exchange(asked.slow) as (ours, urls):
        town = _town(store, urls)
        fast = [to for to in town.everybody if to[1] != "slow"]
        town.owes(max(1, asked.owed // A_STORY), fast)
        if asked.slow:
            town.owes(10, [("slow", "slow")])
        count, began, cpu = len(town.rows()), time.perf_counter(), time.process_time()
        done = deliver(replace(town.post(), threads=asked.threads))
        took, cpu = time.perf_counter() - began, time.process_time() - cpu
        with reading(store) as session:
            last = session.scalar(select(func.max(AlertRow.sent_at)).where(AlertRow.channel != "slow"))
        ours.send("count")
        mails, distinct_mails, hooked, repeated = ours.recv()
        assert last is not None
        healthy = (last - town.begun).total_seconds()
        pace = f"{done.sent / took:.0f} a second, {1000 * cpu / max(1, done.sent):.1f} ms of a processor each"
        print(f"{name}: {count} owed, {done.sent} sent in {took:.1f} s: {pace}; the quick channels were done after {healthy:.1f} s")
        print(f"  {mails} mails ({mails - distinct_mails} doubled), {hooked} at webhooks ({repeated} came again)")
        return int((done.sent, distinct_mails + hooked) != (count, count))


class _Now(Town):
    """A town whose clock is the world's."""

    begun: datetime = datetime.now(UTC)

    def __getattribute__(self, name: str) -> object:
        return datetime.now(UTC) if name == "now" else super().__getattribute__(name)


def _town(store: Engine, urls: dict[str, str]) -> _Now:
    hooks = {name: Hook(url=url) for name, url in urls.items() if name != "mail"}
    town = _Now(store=store, now=datetime.now(UTC), mail=Mailbox(port=int(urls["mail"])), hooks=hooks, readers=READERS)
    town.begun = datetime.now(UTC)
    return town


@contextmanager
def exchange(slow: float) -> Iterator[tuple[Connection, dict[str, str]]]:
    """The receivers, in a process of their own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_receive, args=(theirs, slow), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours, ours.recv()
    finally:
        ours.send("end")
        process.join(10)


def _receive(line: Connection, slow: float) -> None:
    mail, hooks = Mailbox(), {name: Hook() for name in HOOKS} | ({"slow": Hook(seconds=slow)} if slow else {})
    mail.up()
    with receiving(**hooks):
        line.send({"mail": str(mail.port)} | {name: hook.url for name, hook in hooks.items()})
        while line.recv() == "count":
            took = sum(len(hook.took) for hook in hooks.values())
            line.send((len(mail.mails), len(set(mail.mails)), took, sum(hook.repeated for hook in hooks.values())))
    mail.down()


@contextmanager
def stores(url: str | None) -> Iterator[list[tuple[str, Engine]]]:
    """The database that was asked for; else SQLite, and PostgreSQL where it can be started."""
    folder = Path(tempfile.mkdtemp(prefix="pwbench-"))
    found = [("asked for", engine(url))] if url else [("SQLite", engine(f"sqlite:///{folder / 'bench.db'}"))]
    try:
        with _postgres(folder) as started:
            yield found + ([("PostgreSQL", engine(started))] if started and not url else [])
        for _, on in found:
            on.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _postgres(folder: Path) -> Iterator[str | None]:
    """A server for this bench; None where there is none, or where nobody but root could run it."""
    if shutil.which("pg_ctl") is None or shutil.which("initdb") is None:
        print("PostgreSQL: not found, left out", file=sys.stderr)
        yield None
        return
    data, run = folder / "data", {"user": "nobody", "group": "nogroup", "extra_groups": []} if not _may_run() else {}
    folder.chmod(0o777)
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/"} | run
    subprocess.run(["initdb", "-D", data, "-U", "postgres", "-A", "trust", "-EUTF8", "--locale=C"], check=True, **quiet)  # type: ignore[call-overload]
    subprocess.run(
        ["pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"-k {folder} -c listen_addresses=", "start"], check=True, **quiet
    )  # type: ignore[call-overload]
    try:
        yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        subprocess.run(["pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **quiet)  # type: ignore[call-overload]


def _may_run() -> bool:
    return os.geteuid() != 0


if __name__ == "__main__":
    sys.exit(main())
