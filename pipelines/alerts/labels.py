"""The words in which mail and chat tell of an alert, in the reader's language."""

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.alerts import bundle
from pipelines.alerts.excerpt import clipped
from pipelines.models import Hit, Message

_WORDS = Path(__file__).parent / "templates" / "words.json"
LABELS = {
    "new": None, "development": "developed", "revision": "updated", "vanished": "gone", "test": "test", "late": "late", "digest": "digest",
    "storm": "storm", "ops": None,
}  # fmt: skip


@lru_cache(maxsize=3)
def words_in(language: str) -> Mapping[str, str]:
    """The table of one language of `Sender.language`."""
    tables: dict[str, dict[str, str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    return tables[language]


def titled(message: Message, words: Mapping[str, str]) -> str:
    """The message's title; of one about several stories, what it is and how many they are."""
    return bundle.numbered(words, f"{message.kind}_title", len(message.stories)) if message.kind in bundle.TITLES else message.title


def badges(message: Message, words: Mapping[str, str]) -> list[dict[str, str]]:
    """What is special about the message: a word, and a note in a sentence."""
    names = [name for name in (LABELS.get(message.kind), "late" if message.late else None) if name]
    return [{"word": words[name], "note": words[f"{name}_note"]} for name in names]


def terms(hits: Iterable[Hit], words: Mapping[str, str]) -> list[str]:
    """Each term once, with what stands in the article where that is something else. A reader's comment is never quoted."""
    written: dict[str, list[str]] = {}
    for hit in hits:
        forms = written.setdefault(clipped(hit.term, 60), [])
        form = clipped(hit.as_written, 40)
        if not hit.field.startswith("comments") and form not in forms:
            forms.append(form)
    shown = {term: [form for form in forms if form != term][:3] for term, forms in written.items()}
    return [words["as"].format(term, words["comma"].join(forms)) if forms else term for term, forms in shown.items()]


def capped(items: list[str], cap: int, words: Mapping[str, str]) -> list[str]:
    """The first `cap` items, and how many more there are."""
    return items if len(items) <= cap else [*items[:cap], words["more"].format(len(items) - cap)]


def zone_of(channel: object, zone: tzinfo) -> tzinfo:
    """The zone of whoever reads the channel, where its entry in the watchlist names one; else `zone`."""
    named = getattr(channel, "zone", None)
    return ZoneInfo(named) if named else zone


def moment(value: datetime | date | None, zone: tzinfo) -> str:
    """`2024-06-18 22:30 (Asia/Taipei)`; a day without a time is never given one."""
    if not isinstance(value, datetime):
        return value.isoformat() if value else ""
    try:
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    except OverflowError:  # the year 1 or 9999, from a page's broken clock
        return value.isoformat(sep=" ", timespec="minutes")
