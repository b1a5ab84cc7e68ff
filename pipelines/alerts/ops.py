"""What ops hear of the monitor itself, as a mail shows it and as a webhook's body holds it."""

from collections.abc import Mapping
from typing import Any

from pipelines.alerts.excerpt import clipped
from pipelines.models import Message, Notice

LINES, LINE_CAP, TITLE_CAP = 80, 400, 200
TYPES = {"incident": "ops.incident", "mended": "ops.mended", "rollup": "ops.rollup"}
LABELS = {"incident": "incident", "mended": "mended", "rollup": "rollup"}
"""The word of words.json for each event."""


def notice(message: Message) -> Notice:
    """The notice of an ops message."""
    assert message.notice is not None, f"{message.id}: an ops message without a notice"
    return message.notice


def view(message: Message, words: Mapping[str, str]) -> dict[str, Any]:
    """What the templates ops.txt and ops.html show besides the frame's own."""
    told = notice(message)
    return {"badges": [{"word": words[LABELS[told.event]], "note": words["ops_note"]}], "lines": _lines(told)}


def payload(message: Message) -> dict[str, Any]:
    """What the body of an ops webhook holds besides that of any other, see docs/webhook.schema.json."""
    told = notice(message)
    kept = {"incident": told.incident, "what": told.what, "name": told.name, "kind": told.kind, "since": told.since}
    return {"title": clipped(told.title, TITLE_CAP), "excerpt": "", "ops": {**kept, "lines": _lines(told)}}


def _lines(told: Notice) -> list[str]:
    return [clipped(line, LINE_CAP) for line in told.lines[:LINES]]
