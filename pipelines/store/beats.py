"""Signs of life: when each part of the house last did its round, and whether it went well. A stopped scheduler is told by their age."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.store.tables import Meta

PREFIX, LONGEST, HASHED = "beat.", 40, 8
"""A beat is a value of the installation, so that it costs one row a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """When a part was last `at` work, when that last went well, since when it does not, and what it told."""

    at: datetime
    well_at: datetime | None
    failing_since: datetime | None
    told: dict[str, Any]


def beat(session: Session, part: str, now: datetime, *, ok: bool, told: dict[str, Any] | None = None) -> Beat | None:
    """Keep that `part` did its round now; gives the beat before this."""
    before = known(session, part)
    since = None if ok else (before.failing_since if before and before.failing_since else now)
    well = now if ok else before.well_at if before else None
    value = {"at": _said(now), "well_at": _said(well), "failing_since": _said(since), "told": told or {}}
    session.merge(Meta(key=_key(part), value=json.dumps(value, ensure_ascii=False)))
    return before


def known(session: Session, part: str) -> Beat | None:
    """The last beat of a part, None before its first."""
    row = session.get(Meta, _key(part))
    return _beat(row.value) if row else None


def all_known(session: Session) -> dict[str, Beat]:
    """{part: its last beat}."""
    rows = session.scalars(select(Meta).where(Meta.key.startswith(PREFIX, autoescape=True)).order_by(Meta.key))
    return {row.key.removeprefix(PREFIX): _beat(row.value) for row in rows}


def _key(part: str) -> str:
    key = PREFIX + part
    return key if len(key) <= LONGEST else key[: LONGEST - HASHED] + sha256(part.encode()).hexdigest()[:HASHED]


def _said(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _beat(value: str) -> Beat:
    told = json.loads(value)
    times = {key: datetime.fromisoformat(told[key]) if told[key] else None for key in ("well_at", "failing_since")}
    return Beat(at=datetime.fromisoformat(told["at"]), told=told["told"], **times)
