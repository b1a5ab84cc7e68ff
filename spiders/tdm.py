"""What a portal reserves: the TDM Reservation Protocol (W3C Community Group, final report of 10 May 2024).

A host reserves the rights of text and data mining in `/.well-known/tdmrep.json`, or an answer does in its `tdm-reservation`
header. `X-Robots-Tag: noai` and its like are no standard and are not read.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from protego import Protego

WELL_KNOWN = "/.well-known/tdmrep.json"
FRESH = timedelta(hours=24)
"""How long a host's file is believed before it is asked for again."""
LIMIT, RULES = 64 * 1024, 100  # bytes and rules that are read of a file
LONGEST = 500  # characters of a location or a policy's address


def reservations(status: int, body: bytes, now: datetime) -> dict[str, Any]:
    """What a host's answer for its file says: {"at": when, "rules": [[location, is reserved, policy or None], …]}."""
    return {"at": now.isoformat(), "rules": list(_rules(body)) if status == 200 else []}


def is_fresh(kept: dict[str, Any] | None, now: datetime) -> bool:
    """Whether what is kept of a host need not be asked for again."""
    return kept is not None and now - datetime.fromisoformat(kept["at"]) < FRESH


def is_reserved(kept: dict[str, Any], url: str) -> bool:
    """Whether the file reserves this address; locations are read as those of robots.txt are, the longest match decides."""
    lines = "\n".join(f"{'Disallow' if reserved else 'Allow'}: {location}" for location, reserved, _ in kept["rules"])
    return not Protego.parse(f"User-agent: *\n{lines}").can_fetch(url, "*")


def told(kept: dict[str, dict[str, Any]]) -> list[str]:
    """One sentence for each host that reserves anything."""
    return [f"{root} reserves text and data mining{_where(each)}" for root, each in sorted(kept.items()) if _policies(each) is not None]


def _where(each: dict[str, Any]) -> str:
    policies = _policies(each)
    return f" ({', '.join(policies)})" if policies else ""


def _policies(each: dict[str, Any]) -> list[str] | None:
    reserved = [policy for _, is_reserved, policy in each["rules"] if is_reserved]
    reserved += [each["header"]] if "header" in each else []
    return list(dict.fromkeys(filter(None, reserved))) if reserved else None


def _rules(body: bytes) -> Iterator[list[Any]]:
    try:
        entries = json.loads(body[:LIMIT])
    except (ValueError, RecursionError):
        return
    for entry in entries[:RULES] if isinstance(entries, list) else []:
        location = entry.get("location") if isinstance(entry, dict) else None
        if isinstance(location, str) and location.startswith("/") and entry.get("tdm-reservation") in (0, 1):
            policy = entry.get("tdm-policy")
            yield [_line(location), entry["tdm-reservation"] == 1, _line(policy) if isinstance(policy, str) else None]


def _line(value: str) -> str:
    return "".join(char for char in value[:LONGEST] if char.isprintable() and not char.isspace())
