"""`make demo`: the whole product on the replica portals, through Airflow's own schedule, shown live or played once."""

import argparse
import base64
import json
import os
import secrets
import shlex
import shutil
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from sqlalchemy import Engine, select

from demo.expected import missing_and_unexpected
from demo.view import PORTALS, summarize, view
from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store import alerts
from pipelines.store.database import open_store, reading
from pipelines.store.tables import Run
from portalwatch.children import Child, Children, answers, free_port
from portalwatch.signals import stopping
from portalwatch.stack import Stack, home_lock, running

HERE = Path(__file__).parent
ENV = "env"  # of the demo's folder: its settings, for another terminal
KEPT = "world.json"  # of the same: phase and secret
EVERY = "every 20 s"
LOOKS = "[10 s, 10 s, 20 s, 40 s, 80 s, 160 s]"
LAST_PHASE = 3  # of the cycle that has an expected outcome; later phases keep the world alive
PATIENCE = 900.0  # seconds for one whole cycle; two idle cores need 90
LAST_LOOK = 180.0  # seconds until a revised page is looked at again: the longest of LOOKS and some
LIVE_PAUSE = 45.0  # seconds between later phases


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where the demo plays: ports, and the world's phase, kept in HOME so that a second start goes on from there."""

    home: Path
    world_port: int
    smtp_port: int
    secret: str
    phase: int
    phase_since: datetime
    world: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The replica portals' address."""
        return f"http://127.0.0.1:{self.world_port}"

    def advance(self) -> None:
        """Let the next phase's articles appear; a world that has just died is asked again once it is back."""
        try:
            ask(f"{self.url}/_world", {"phase": self.phase + 1})
        except OSError:
            return
        self.phase, self.phase_since = self.phase + 1, datetime.now(UTC)
        self.world[self.world.index("--phase") + 1] = str(self.phase)
        self.save()

    def save(self) -> None:
        """Remember phase and secret."""
        kept = {"phase": self.phase, "secret": self.secret}
        (self.home / KEPT).write_text(json.dumps(kept), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Play the demo; 0 where it ended well, 1 where an expected alert did not arrive."""
    options = _options(arguments)
    home = Path(tempfile.mkdtemp(prefix="portalwatch-demo-")) if options.once else Path(options.home)
    went_wrong = False
    try:
        with stopping():
            went_wrong = bool(code := _play(options, home))
            return code
    except PortalwatchError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; nothing is left running" + ("" if options.once else f", the state is kept in {home}"), file=sys.stderr)
        return 130 if options.once else 0
    finally:
        if options.once and not options.keep and not went_wrong:
            shutil.rmtree(home, ignore_errors=True)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make demo ARGS=", description=__doc__)
    parser.add_argument("--once", action="store_true", help="play one cycle in throwaway state, then end")
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.add_argument("--port", type=int, default=8080, help="Airflow's port (%(default)s)")
    parser.add_argument("--world-port", type=int, default=8700, help="the replica portals' port (%(default)s)")
    parser.add_argument("--smtp-port", type=int, default=8725, help="the inbox' port (%(default)s)")
    parser.add_argument("--home", default=".portalwatch-demo", help="where state is kept (%(default)s)")
    parser.add_argument(
        "--until", type=int, default=None, metavar="PHASE", help="let no more news appear after this phase (0 to 3: the cycle)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the state of --once")
    return parser.parse_args(arguments)


def _play(options: argparse.Namespace, home: Path) -> int:
    is_second = (home / KEPT).exists()
    stage = _stage(options, home)
    _environment(stage)
    with ExitStack() as stack:
        stack.enter_context(home_lock(settings()))
        if is_second:
            print(f"going on from what is in {home}, phase {stage.phase}; to begin anew: rm -r {shlex.quote(str(home))}", file=sys.stderr)
        world = stack.enter_context(_world(stage))
        airflow = stack.enter_context(running(settings(), HERE.parent / "dags", port=options.port, extra=dict(os.environ)))
        families = (world, airflow.children)
        if options.once:
            return _once(stage, airflow, families, as_json=options.json)
        return _live(stage, airflow, families, options.until)


def _stage(options: argparse.Namespace, home: Path) -> Stage:
    home.mkdir(parents=True, exist_ok=True)
    kept = home / KEPT
    known: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}
    stage = Stage(
        home=home.absolute(),
        world_port=free_port(options.world_port),
        smtp_port=free_port(options.smtp_port),
        secret=known.get("secret") or "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode(),
        phase=known.get("phase", 0),
        phase_since=datetime.now(UTC),
    )
    for wanted, got, flag in ((options.world_port, stage.world_port, "--world-port"), (options.smtp_port, stage.smtp_port, "--smtp-port")):
        if wanted != got:
            print(f'port {wanted} is taken, {got} is used instead (choose one with make demo ARGS="{flag} N")', file=sys.stderr)
    stage.save()
    return stage


def _environment(stage: Stage) -> None:
    config = stage.home / "config"
    (config / "portals").mkdir(parents=True, exist_ok=True)
    watchlist = (HERE / "watchlist.yaml").read_text(encoding="utf-8").replace("http://127.0.0.1:8700", stage.url)
    (config / "watchlist.yaml").write_text(watchlist, encoding="utf-8")
    shutil.copyfile(HERE / "aliases.yaml", config / "aliases.yaml")
    for portal in PORTALS:
        sheet = f"extends: {portal}\ngateway: {stage.url}\nschedule: {EVERY}\nlooks: {LOOKS}\npace: {{delay: 0, concurrency: 2, budget: 100000}}\n"
        (config / "portals" / f"{portal}.yaml").write_text(sheet, encoding="utf-8")
    for name in [name for name in os.environ if name.startswith(("PORTALWATCH_", "AIRFLOW_"))]:
        del os.environ[name]
    chosen = {
        "PORTALWATCH_HOME": str(stage.home),
        "PORTALWATCH_CONFIG": str(config),
        "PORTALWATCH_PORTALS": ",".join(PORTALS),
        "PORTALWATCH_EXTRACTORS": "1",
        "PORTALWATCH_SMTP_HOST": "127.0.0.1",
        "PORTALWATCH_SMTP_PORT": str(stage.smtp_port),
        "PORTALWATCH_MAIL_FROM": "portalwatch@demo.localhost",
        "PORTALWATCH_ALLOW_HOSTS": "127.0.0.1",
        "PORTALWATCH_CONTACT": "desk@example.org",
        "DEMO_HOOK_SECRET": stage.secret,
    }
    os.environ |= chosen
    settings.cache_clear()
    _write_env(stage.home / ENV, chosen)


def _write_env(path: Path, chosen: Mapping[str, str]) -> None:
    """What another terminal reads so that `portalwatch` is found there and asks this demo; for its owner alone, since a secret is among it."""
    found = f'export PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"\n'
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(found + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in chosen.items()), encoding="utf-8")


@contextmanager
def _world(stage: Stage) -> Iterator[Children]:
    children = Children()
    stage.world[:] = [
        sys.executable,
        "-m",
        "demo",
        "serve",
        "--port",
        str(stage.world_port),
        "--smtp-port",
        str(stage.smtp_port),
        "--state",
        str(stage.home / "world"),
        "--phase",
        str(stage.phase),
    ]
    try:
        children.add(
            Child(
                name="replica portals",
                argv=stage.world,
                env={"DEMO_HOOK_SECRET": stage.secret, "PYTHONPATH": str(HERE.parent)},
                log=stage.home / "logs" / "world.log",
                ready=answers(stage.world_port),
            )
        )
        yield children
    finally:
        children.stop()


def _once(stage: Stage, airflow: Stack, families: tuple[Children, ...], *, as_json: bool) -> int:
    engine, deadline = open_store(settings()), time.monotonic() + PATIENCE
    while stage.phase < LAST_PHASE or not _settled(engine, stage):
        if time.monotonic() > deadline:
            print(f"demo: phase {stage.phase} did not end within {PATIENCE:.0f} s; {_troubles(engine)}", file=sys.stderr)
            print(f"demo: is the machine busy? Its logs are in {stage.home / 'logs'}", file=sys.stderr)
            return 1
        if _settled(engine, stage):
            stage.advance()
        for family in families:
            family.mend()
        time.sleep(0.3)
    missing, unexpected = _arrived(engine, stage, families)
    summary = summarize(engine)
    print(json.dumps(summary) if as_json else "\n".join(f"{key}: {value}" for key, value in summary.items()))
    for title, rows in (("did not arrive", missing), ("arrived unexpectedly", unexpected)):
        for row in rows:
            print(f"demo: {title}: {row}", file=sys.stderr)
    return 1 if missing or unexpected else 0


def _arrived(engine: Engine, stage: Stage, families: tuple[Children, ...]) -> tuple[list[str], list[str]]:
    """What is missing and what is unexpected, once all came or the last look at a revised page must be over."""
    until = time.monotonic() + LAST_LOOK
    while True:
        missing, unexpected = missing_and_unexpected(ask(f"{stage.url}/_inbox.json"), ask(f"{stage.url}/_hooks.json")["events"])
        if unexpected or time.monotonic() > until or (not missing and _settled(engine, stage)):
            return missing, unexpected
        for family in families:
            family.mend()
        time.sleep(0.3)


def _settled(engine: Engine, stage: Stage) -> bool:
    """Whether every portal had a whole run in this phase, and nothing is owed any more."""
    with reading(engine) as session:
        done = set(
            session.scalars(
                select(Run.portal).where(Run.started_at > stage.phase_since, Run.finished_at.is_not(None), Run.succeeded.is_(True))
            )
        )
        counts = alerts.counts(session)
    return done >= set(PORTALS) and not any(counts.get(state) for state in ("owed", "sending", "retrying"))


def _troubles(engine: Engine) -> str:
    with reading(engine) as session:
        failed = session.scalars(select(Run).where(Run.succeeded.is_(False)).order_by(Run.id.desc()).limit(5)).all()
        return "; ".join(f"{run.portal}: {run.reason}" for run in failed) or "no run failed"


def _live(stage: Stage, airflow: Stack, families: tuple[Children, ...], until: int | None) -> int:
    engine, console = open_store(settings()), Console()
    print(f"Airflow    {airflow.airflow_url}   user admin, password {airflow.password()}", file=sys.stderr)
    places = (f"Inbox      {stage.url}/_inbox", f"Webhooks   {stage.url}/_hooks", f"Portals    {stage.url}/")
    print(
        *places, f"Commands   . {shlex.quote(str(stage.home / ENV))}; portalwatch …", "Ctrl-C stops everything.", sep="\n", file=sys.stderr
    )
    with Live(console=console, refresh_per_second=2, screen=False) as live:
        while True:
            pause = 0.0 if stage.phase < LAST_PHASE else LIVE_PAUSE
            going_on = until is None or stage.phase < until
            if going_on and _settled(engine, stage) and (datetime.now(UTC) - stage.phase_since).total_seconds() > pause:
                stage.advance()
            mended = [name for family in families for name in family.mend()]
            for name in mended:
                console.print(f"{name} had died and was started again")
            live.update(
                view(engine, stage.phase, f"Airflow {airflow.airflow_url} (admin / {airflow.password()})   Inbox {stage.url}/_inbox")
            )
            time.sleep(0.5)


def ask(url: str, body: Mapping[str, Any] | None = None) -> Any:
    """The JSON at one of the world's own addresses."""
    request = urllib.request.Request(
        url, data=json.dumps(body).encode() if body is not None else None, headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)
