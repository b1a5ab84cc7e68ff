"""The answers of the plumbing command `portalwatch extract`: one JSON object an input, in order, whatever the input is."""

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.extract.ladder import extract
from pipelines.extract.tree import MAX_BYTES
from pipelines.extract.whose import whose
from pipelines.extract.wire import moment_to_json
from pipelines.models import Article, Comment, Page, Reading

if TYPE_CHECKING:
    from pipelines.sheet import Sheet

SheetFor = Callable[[str], "Sheet | None"]
Input = str | Path | Mapping[str, Any]
_GZIP = b"\x1f\x8b"


def answers(inputs: Iterable[Input], sheet_for: SheetFor, sheets: Sequence["Sheet"] = ()) -> Iterator[dict[str, Any]]:
    """One answer for each input: a path of an HTML file (.gz too), an object {"file", "url"?, "content_type"?}, or a JSON line of one.

    Files are relative to the working directory. A bad input is answered in its place with the outcome `failed`.
    A page without an address is read by that of `sheets` whose portal it names itself.
    """
    for given in inputs:
        yield _answer_to(given, sheet_for, sheets)


def answer(reading: Reading, file: str) -> dict[str, Any]:
    """The object that the command prints; keys of an article are null or empty where the page is none."""
    head = {"file": file, "outcome": reading.kind.value, "why": reading.why}
    return head | (_told(reading.article) if reading.article else _NOTHING)


def _answer_to(given: Input, sheet_for: SheetFor, sheets: Sequence["Sheet"]) -> dict[str, Any]:
    file = ""
    try:
        asked = _asked(given)
        file = str(asked.get("file") or "")
        page = _page(asked)
    except (OSError, EOFError, zlib.error, ValueError, TypeError) as error:
        return _failed(file or str(given)[:200], f"{type(error).__name__}: {error}")
    sheet = sheet_for(page.url) if page.url else None
    if not page.url:
        sheet, address = whose(page.body, page.content_type, sheets)
        page = replace(page, url=address)
    identity = sheet.identify(page.url) if sheet else None
    return answer(extract(page, sheet), file) | {"portal": sheet.slug if sheet else None, "identity": identity[0] if identity else None}


def _asked(given: Input) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    if isinstance(given, str) and given.lstrip().startswith(("{", "[", '"')):
        value = json.loads(given)
        if not isinstance(value, dict):
            raise TypeError(f"an input is an object with `file`, not {type(value).__name__}")
        return value
    return {"file": str(given)}


def _page(asked: Mapping[str, Any]) -> Page:
    file, url, content_type = asked.get("file"), asked.get("url") or "", asked.get("content_type") or ""
    if isinstance(asked.get("bad"), str):
        raise ValueError(asked["bad"])  # noqa: TRY004 - a line that is no JSON, not a wrong type
    if not isinstance(file, str) or not file:
        raise ValueError("`file` is missing")
    if not isinstance(url, str) or not isinstance(content_type, str):
        raise TypeError("`url` and `content_type` are strings")
    return Page(url=url, body=_bytes(Path(file)), content_type=content_type)


def _bytes(path: Path) -> bytes:
    """At most one byte more than is read of a page, so that a bomb of zeros stays small."""
    with path.open("rb") as file:
        packed = file.read(2) == _GZIP
    if packed:
        with gzip.open(path, "rb") as unpacked:
            return unpacked.read(MAX_BYTES + 1)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _failed(file: str, why: str) -> dict[str, Any]:
    return {"file": file, "outcome": "failed", "why": why} | _NOTHING | {"portal": None, "identity": None}


def _told(article: Article) -> dict[str, Any]:
    return {
        "title": article.title or None,
        "text": article.text,
        "published_at": moment_to_json(article.published_at),
        "published_from": article.published_from,
        "modified_at": moment_to_json(article.modified_at),
        "publisher": list(article.publisher),
        "author": article.author,
        "section": article.section,
        "rights": article.rights,
        "language": article.language,
        "script": article.script,
        "captions": list(article.captions),
        "comment_count": article.comment_count,
        "reactions": dict(article.reactions),
        "comments": [_comment(comment) for comment in article.comments],
        "url": article.url or None,
        "images": [asdict(image) for image in article.images],
        "publisher_from": [asdict(credit) for credit in article.publisher_from],
        "rung": article.rung or None,
        "quality": article.quality,
        "codec": article.codec or None,
        "codec_why": article.codec_why or None,
    }


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "author": comment.author,
        "badges": list(comment.badges),
        "at": moment_to_json(comment.at),
        "text": comment.text,
        "votes": {"up": comment.up, "down": comment.down},
        "floor": comment.floor,
        "quotes": comment.quotes,
    }


_NOTHING: dict[str, Any] = _told(Article(url="", title="", text=""))
