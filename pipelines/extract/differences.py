"""What two readings of a page say differently, and how to show it."""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.models import Article, Reading

FIELDS = (
    "title", "text", "published_at", "modified_at", "publisher", "author", "section", "rights", "language", "script", "captions",
    "comment_count", "comments",
)  # fmt: skip
"""What a reader of the article sees; which step of the ladder read it is no difference."""
LASTING = FIELDS[:-2]
"""All but what readers leave, which moves by itself."""
Differences = Mapping[str, tuple[Any, Any]]
_SENTENCE = re.compile(r"(?<=[。！？；\n])")


def between(old: Reading, new: Reading) -> Differences:
    """{field: (old, new)} where two readings of one page differ; `kind` where only one of them is an article."""
    if old.article is None or new.article is None:
        kinds = (f"{old.kind}: {old.why}", f"{new.kind}: {new.why}")
        return {"kind": kinds} if old.kind is not new.kind else {}
    return of_articles(old.article, new.article, FIELDS)


def of_articles(old: Article, new: Article, fields: tuple[str, ...] = LASTING) -> Differences:
    """{field: (old, new)} where two states of an article differ."""
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in fields}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def shown(differences: Differences) -> Iterator[str]:
    """A unified diff of every field, a sentence a line."""
    for name, (old, new) in differences.items():
        lines = difflib.unified_diff(_lines(old), _lines(new), f"{name} before", f"{name} after", lineterm="", n=1)
        yield from (line.replace("\n", "") for line in lines)


def _lines(value: Any) -> list[str]:
    if value is None or value == "":
        return []
    if isinstance(value, tuple):
        return [str(each) for each in value]
    return [line for line in _SENTENCE.split(str(value)) if line.strip()]
