"""How we stand with the hosts of a portal: which refused us, why, and until when they are left alone."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pipelines.store.tables import Portal

_PAUSE = re.compile(r"(?:times in a row \(.*\): not asked|asked us to wait) until \d{4}-\d\d-\d\d \d\d:\d\d UTC")


@dataclass(slots=True, kw_only=True)
class Standing:
    """How we stand with a host that refused us. `pause` is the last one, None before the first; it ends at `until`.

    `pages`: article pages were among what it refused, so that only an article page shows that it is over.
    `asked`: the portal itself named the time (Retry-After).
    """

    refusals: int = 0
    pause: timedelta | None = None
    until: datetime | None = None
    why: str = ""
    pages: bool = False
    asked: bool = False

    def words(self, host: str) -> str:
        """What happened, in plain words."""
        until = f" until {self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        if self.asked:
            return f"{host} asked us to wait{until} ({self.why})"
        return f"{host} refused us {self.refusals} times in a row ({self.why}): not asked{until}"


def standings(session: Session, portal: str) -> dict[str, Standing]:
    """{host: standing} of the hosts that refused us and did not answer since."""
    known = session.get(Portal, portal)
    return _read(known.standings or {}) if known else {}


def resting(row: Portal, now: datetime) -> list[str]:
    """What hosts of the portal are not asked now, and why, in words."""
    known = _read(row.standings or {})
    return [each.words(host) for host, each in known.items() if each.until and each.until > now]


def present(reason: str, resting: Sequence[str]) -> str:
    """A run's reason, without the pauses that were lifted or ran out since then; `resting` are those that go on."""
    parts = reason.split("; ")
    kept = [part for part in parts if not _PAUSE.search(part) or part.endswith(tuple(resting))]
    over = [] if len(kept) == len(parts) else ["its pause is over, the next run asks again"]
    return "; ".join([*kept, *over])


def keep(session: Session, portal: str, before: Mapping[str, Standing], after: Mapping[str, Standing]) -> None:
    """Write down what a run changed of how we stand with the portal's hosts; what another run or a person changed meanwhile stays."""
    row = session.get_one(Portal, portal)
    moved = {host for host in before.keys() | after.keys() if before.get(host) != after.get(host)}
    others = {host: each for host, each in (row.standings or {}).items() if host not in moved}
    row.standings = others | {host: _written(each) for host, each in after.items() if host in moved}


def keep_reserved(session: Session, portal: str, reserved: Mapping[str, Any]) -> None:
    """Write down what the portal's hosts reserve from text and data mining, by root."""
    row = session.get_one(Portal, portal)
    row.reserved = {**(row.reserved or {}), **reserved}


def resume(session: Session, portal: str) -> list[str]:
    """Lift every pause of the portal; gives what is lifted, in words."""
    row = session.get(Portal, portal)
    lifted = _read(row.standings or {}) if row else {}
    if row is not None:
        row.standings = None
    return [each.words(host) for host, each in lifted.items()]


def _written(each: Standing) -> dict[str, Any]:
    return {
        "refusals": each.refusals,
        "pause": each.pause.total_seconds() if each.pause else None,
        "until": each.until.isoformat() if each.until else None,
        "why": each.why,
        "pages": each.pages,
        "asked": each.asked,
    }


def _read(value: Mapping[str, Any]) -> dict[str, Standing]:
    return {
        host: Standing(
            refusals=each["refusals"],
            pause=timedelta(seconds=each["pause"]) if each["pause"] else None,
            until=datetime.fromisoformat(each["until"]) if each["until"] else None,
            why=each["why"],
            pages=each["pages"],
            asked=each["asked"],
        )
        for host, each in value.items()
    }
