"""Page and Reading as JSON and back, for the pipes between a crawl and its extraction workers."""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, BinaryIO

from pipelines.models import Article, Comment, Credit, Image, PageKind, Reading, Thread
from pipelines.storable import storable_json

LENGTH = struct.Struct(">I")
"""A frame is the length of its JSON in four bytes, the JSON, and, from the crawl only, `size` bytes of body."""
_MOMENTS = ("published_at", "modified_at")
_TUPLES = ("publisher", "captions")


def frame(data: Mapping[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    head = json.dumps(dict(data), ensure_ascii=False).encode("utf-8", "surrogatepass")
    return LENGTH.pack(len(head)) + head + body


def unframed(head: bytes) -> dict[str, Any]:
    """The JSON of a frame's head."""
    data = json.loads(head.decode("utf-8", "surrogatepass"))
    if not isinstance(data, dict):
        raise TypeError("a frame holds a JSON object")
    return data


def received(asked: BinaryIO) -> dict[str, Any] | None:
    """The JSON of the next frame's head; None at the end of the pipe, which may come in the middle of a frame."""
    prefix = asked.read(LENGTH.size)
    head = asked.read(LENGTH.unpack(prefix)[0]) if len(prefix) == LENGTH.size else b""
    return unframed(head) if head and len(head) == LENGTH.unpack(prefix)[0] else None


def reading_to_json(reading: Reading) -> dict[str, Any]:
    """A JSON object; times as ISO 8601, a day without a time as YYYY-MM-DD."""
    return {
        "kind": reading.kind.value,
        "why": reading.why,
        "article": _article_to_json(reading.article) if reading.article else None,
        "lines": list(reading.lines),
        "next": reading.next,
        "thread": reading.thread,
    }


def reading_from_json(data: Mapping[str, Any]) -> Reading:
    """The inverse of reading_to_json."""
    data = storable_json(data)
    article = data["article"]
    return Reading(
        kind=PageKind(data["kind"]),
        why=data["why"],
        article=_article_from_json(article) if article else None,
        lines=tuple(data["lines"]),
        next=data["next"],
        thread=data["thread"],
    )


def thread_to_json(thread: Thread) -> dict[str, Any]:
    """A JSON object, times as above."""
    return {"comments": [comment_to_json(comment) for comment in thread.comments], "next": thread.next, "trouble": thread.trouble}


def thread_from_json(data: Mapping[str, Any]) -> Thread:
    """The inverse of thread_to_json."""
    data = storable_json(data)
    return Thread(comments=tuple(map(comment_from_json, data["comments"])), next=data["next"], trouble=data["trouble"])


def comment_to_json(comment: Comment) -> dict[str, Any]:
    """A JSON object, its time as above."""
    return asdict(comment) | {"at": moment_to_json(comment.at), "badges": list(comment.badges)}


def comment_from_json(data: Mapping[str, Any]) -> Comment:
    """The inverse of comment_to_json."""
    return Comment(**{**data, "badges": tuple(data["badges"]), "at": moment_from_json(data["at"])})


def moment_to_json(at: datetime | date | None) -> str | None:
    """ISO 8601, None for None."""
    return at.isoformat() if at else None


def moment_from_json(text: str | None) -> datetime | date | None:
    """A datetime where the text has a time, a date where it has none."""
    if not text:
        return None
    return datetime.fromisoformat(text) if "T" in text else date.fromisoformat(text)


def _article_to_json(article: Article) -> dict[str, Any]:
    data = asdict(article)
    data |= {name: moment_to_json(data[name]) for name in _MOMENTS}
    data["comments"] = list(map(comment_to_json, article.comments))
    return data


def _article_from_json(data: Mapping[str, Any]) -> Article:
    fields = dict(data)
    fields |= {name: moment_from_json(fields[name]) for name in _MOMENTS}
    fields |= {name: tuple(fields[name]) for name in _TUPLES}
    fields["images"] = tuple(Image(**image) for image in fields["images"])
    fields["publisher_from"] = tuple(Credit(**credit) for credit in fields["publisher_from"])
    fields["comments"] = tuple(map(comment_from_json, fields["comments"]))
    return Article(**fields)
