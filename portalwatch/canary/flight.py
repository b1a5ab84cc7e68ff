"""One flight of the canary: an ordinary crawl of a page that was never there before, up to the mail and the webhook that tell of it.

It flies in a store of its own beside the real one (a file in HOME, a schema of the same PostgreSQL), through the same Redis, with
the same commands, so that none of it ever shows among articles, stories, alerts or feeds. Its last stage writes to the real store.
"""

import json
import os
import secrets
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, make_url, select, text
from sqlalchemy.exc import SQLAlchemyError

from pipelines.config import PREFIX, Settings, sqlite_in
from pipelines.errors import PortalwatchError
from pipelines.models import Outcome
from pipelines.store import beats, retention, sources
from pipelines.store.ageing import Kept
from pipelines.store.database import engine, in_one_transaction, open_store, reading, said_of, upgrade, version
from pipelines.store.sources import Known
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Portal, Telling
from portalwatch.canary.cage import Cage, opened
from portalwatch.canary.pages import SECRET_VARIABLE, SLUG, TOPIC, write_config

BEAT = "canary"
LIMIT = 120.0
"""Seconds in which it must be back."""
SCHEMA = "portalwatch_canary"
STAGES = ("start", "fetch", "extract", "story", "match", "mail", "webhook", "store")
KEPT = Kept(articles=1, revisions=0, alerts=0, pages=31, runs=1, index=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flight:
    """How it went: `broken` is the stage that it did not reach, None where it came back; `took` seconds from the start to each stage."""

    at: datetime
    broken: str | None
    why: str
    took: Mapping[str, float]

    def as_json(self) -> dict[str, Any]:
        """The object of `portalwatch canary --json`."""
        return {"ok": self.broken is None, **asdict(self), "at": self.at.isoformat(timespec="seconds")}


def fly(settings: Settings, limit: float = LIMIT) -> Flight:
    """Let it fly once; never raises for what is broken on the way, but names it."""
    at, began = datetime.now(UTC), time.monotonic()
    token, secret = secrets.token_hex(8), "whsec_" + b64encode(secrets.token_bytes(24)).decode()
    reached: dict[str, float] = {}
    try:
        url = _nest(settings)
        with opened(token, secret, began) as cage:
            said = _crawled(settings, cage, url, limit)
            reached = dict(cage.reached)
        reached |= _kept(engine(url), token, at)
        broken, why = _lacking(reached, said, engine(url), token)
        _swept(engine(url), at)
    except (PortalwatchError, SQLAlchemyError, OSError) as error:
        broken, why = "start", said_of(error)
    reached["start"] = 0.0
    return _recorded(settings, Flight(at=at, broken=broken, why=why, took=_in_order(reached)), began)


def _in_order(reached: Mapping[str, float]) -> dict[str, float]:
    return {stage: reached[stage] for stage in STAGES if stage in reached and stage != "start"}


def _nest(settings: Settings) -> str:
    """The address of the canary's own store, ready, and its portal's learning behind it."""
    (_home(settings)).mkdir(parents=True, exist_ok=True)
    url = _address(settings)
    on = engine(url)
    present, wanted = version(on)
    if present != wanted:
        upgrade(on)
    in_one_transaction(on, _learned)
    return url


def _home(settings: Settings) -> Path:
    return settings.ensure_home() / "canary"


def _address(settings: Settings) -> str:
    real = make_url(settings.database)
    if real.get_backend_name() != "postgresql":
        return sqlite_in(_home(settings))
    with engine(settings.database).begin() as connection:
        if connection.scalar(text("SELECT to_regnamespace(:name) IS NULL"), {"name": SCHEMA}):
            connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    given = real.query.get("options", "")
    options = f"{given} -csearch_path={SCHEMA}".strip() if isinstance(given, str) else f"-csearch_path={SCHEMA}"
    return real.update_query_dict({"options": options}).render_as_string(hide_password=False)


def _learned(session: Any) -> None:
    now = datetime.now(UTC)
    if session.get(Portal, SLUG) is None:
        session.add(Portal(slug=SLUG, learned_at=now))
        sources.remember_source(session, SLUG, "https://canary.example/latest", Known(), now)


def _crawled(settings: Settings, cage: Cage, url: str, limit: float) -> str:
    """`portalwatch crawl canary` in a process of its own, killed after `limit` seconds; gives its reason where it has one."""
    config = _home(settings) / "config"
    write_config(config, cage.gateway)
    command = [sys.executable, "-m", "portalwatch.cli", "crawl", SLUG, "--json"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command
            command, env=_environment(settings, cage, config, url), capture_output=True, text=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not back within {limit:.0f} s"
    return _said(done)


def _environment(settings: Settings, cage: Cage, config: Path, url: str) -> dict[str, str]:
    """Ours, but for where it lives and whom it may reach."""
    own = {
        "HOME": _home(settings), "CONFIG": config, "DATABASE_URL": url, "REDIS_URL": settings.redis, "ARCHIVE": "false", "PORTALS": SLUG,
        "SMTP_HOST": "127.0.0.1", "SMTP_PORT": cage.smtp_port, "SMTP_SECURITY": "none", "ALLOW_HOSTS": f"127.0.0.1:{cage.web_port}",
        "EXTRACTORS": 1, "LOG": "", "CONTACT": "canary", "MAIL_FROM": "canary@localhost",
    }  # fmt: skip
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name == f"{PREFIX}SCRIPT"}
    return inherited | {f"{PREFIX}{name}": str(value) for name, value in own.items()} | {SECRET_VARIABLE: cage.secret}


def _said(done: "subprocess.CompletedProcess[str]") -> str:
    try:
        return str(json.loads(done.stdout.splitlines()[-1])["reason"] or "")
    except (ValueError, LookupError):
        return next(reversed(done.stderr.strip().splitlines()), f"the crawl ended with {done.returncode}")


def _kept(on: Engine, token: str, at: datetime) -> dict[str, float]:
    """Seconds from the start to what the store shows of it."""
    with reading(on) as session:
        row = session.scalar(_article(token))
        if row is None or token not in row.title or row.text.count(token) < 2:
            return {}
        times = {"extract": row.first_seen_at}
        if session.scalar(select(Telling.story_id).where(Telling.article_id == row.id)):
            times["story"] = row.first_seen_at
        matched = session.scalar(select(Match.matched_at).where(Match.article_id == row.id, Match.topic == TOPIC))
        times |= {"match": matched} if matched else {}
    return {stage: round(max((time_ - at).total_seconds(), 0), 3) for stage, time_ in times.items()}


def _article(token: str) -> Any:
    return select(ArticleRow).join(PageRow, PageRow.id == ArticleRow.page_id).where(PageRow.portal == SLUG, PageRow.identity == token)


def _lacking(reached: Mapping[str, float], said: str, on: Engine, token: str) -> tuple[str | None, str]:
    """The first stage that was not reached, and what is known of the reason."""
    broken = next((stage for stage in STAGES[1:-1] if stage not in reached), None)
    return broken, "" if broken is None else next(filter(None, (*_evidence(broken, on, token), said, "nothing was told")))


def _evidence(broken: str, on: Engine, token: str) -> Iterator[str | None]:
    channel = {"mail": "mail", "webhook": "hook"}.get(broken)
    with reading(on) as session:
        if channel:
            owed = select(AlertRow).join(ArticleRow, ArticleRow.id == AlertRow.article_id).join(PageRow, PageRow.id == ArticleRow.page_id)
            row = session.scalar(owed.where(PageRow.identity == token, AlertRow.channel == channel))
            yield f"the alert is {row.state}: {row.answer or 'no answer yet'}" if row else "no alert is owed"
        elif broken == "extract":
            page = session.scalar(select(PageRow).where(PageRow.portal == SLUG, PageRow.identity == token))
            told = f": {page.evidence}" if page is not None and page.evidence else ""
            yield f"its page was settled as {page.outcome}{told}" if page is not None and page.outcome != Outcome.NEW else None


def _swept(on: Engine, now: datetime) -> None:
    """What is a day old goes; what it owed and could not send goes with this flight."""
    in_one_transaction(on, lambda session: session.execute(AlertRow.__table__.delete().where(AlertRow.state != "sent")))  # type: ignore[attr-defined]
    retention.age_out(on, KEPT, now)


def _recorded(settings: Settings, flight: Flight, began: float) -> Flight:
    """Write it to the real store, which is the last stage."""
    try:
        told = flight.as_json()
        in_one_transaction(open_store(settings), lambda session: beats.beat(session, BEAT, flight.at, ok=flight.broken is None, told=told))
    except (PortalwatchError, SQLAlchemyError) as error:
        broken = flight.broken or "store"
        return Flight(at=flight.at, broken=broken, why=flight.why or said_of(error), took=flight.took)
    return Flight(at=flight.at, broken=flight.broken, why=flight.why, took={**flight.took, "store": round(time.monotonic() - began, 3)})
