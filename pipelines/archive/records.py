"""WARC records: a page as one that any reader accepts, and back."""

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import responses
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipelines.errors import ArchiveError
from pipelines.models import Page

PAGE, COMMENTS, PART = "page", "comments", "part"
"""What a record is of its identity: the article's page, a page of its comments, a further page of its text."""
NOTE = "WARC-JSON-Metadata"
"""The header, pywb's, in which a record says whose page it is."""
_VERSION = "WARC/1.1"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ASCII = "".join(map(chr, range(0x20, 0x7F)))
LARGEST = 64 * 1024 * 1024
"""Bytes of a record, unpacked; a page has 10 MB at most, and what is larger is none of ours."""
_CHUNK = 64 * 1024
_GZIP, _HEAD = b"\x1f\x8b\x08", 1024
"""How a member begins, and how much of it shows whether it is a record."""
_REWRITTEN = ("transfer-encoding", "content-length", "connection", "keep-alive")
"""Of the way that the body came, which is not how it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Whose page a record is: the portal's identity, the address that was asked for, and which part of it."""

    identity: str = ""
    asked: str = ""
    part: str = PAGE


def written_at(value: datetime) -> str:
    """A WARC-Date: UTC, to the microsecond."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def read_at(value: str) -> datetime:
    """The time of a WARC-Date, with or without a fraction, UTC where it states no zone; ValueError or OverflowError for what is none."""
    found = datetime.fromisoformat(value)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def warcinfo(name: str, info: Mapping[str, str]) -> bytes:
    """The record with which a file begins."""
    return _packed(_writer().create_warcinfo_record(name, dict(info)))


def response(page: Page, note: Note, at: datetime) -> bytes:
    """The page as it came: status line, headers, body without its transfer's encodings."""
    given = _headers(page, note, at)
    record = _writer().create_warc_record(
        page.url, "response", payload=BytesIO(page.body), length=len(page.body), http_headers=_http(page), warc_headers_dict=given
    )
    return _packed(record)


def revisit(page: Page, note: Note, at: datetime, original: datetime) -> bytes:
    """The page whose very body the record of the same address from `original` holds."""
    given = _headers(page, note, at)
    digest = given.pop("WARC-Payload-Digest")
    record = _writer().create_revisit_record(
        page.url, digest, page.url, written_at(original), http_headers=_http(page), warc_headers_dict=given
    )
    return _packed(record)


def members(stream: IO[bytes]) -> Iterator[tuple[int, int, bytes]]:
    """(offset, length, content) of the gzip members of a file, which are its records.

    One that is damaged, or that unpacks to more than LARGEST, is passed over: what follows it is found by its beginning.
    """
    offset: int | None = 0
    while offset is not None:
        stream.seek(offset)
        member = _member(stream)
        if member is not None:
            yield offset, *member
        offset = _beginning(stream, offset + (member[0] if member else 1))


def unpacked(packed: bytes) -> bytes:
    """The content of one member; ArchiveError where it is damaged or too large."""
    member = _member(BytesIO(packed))
    if member is None:
        raise ArchiveError("no WARC record: its gzip member is damaged or too large")
    return member[1]


def _member(stream: IO[bytes]) -> tuple[int, bytes] | None:
    """(length, content) of the member that begins where the stream stands, None where it is torn, damaged or too large."""
    unpacker, length, content, size = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, list[bytes](), 0
    while not unpacker.eof:
        packed = unpacker.unconsumed_tail or stream.read(_CHUNK)
        if not packed:
            return None
        length += 0 if unpacker.unconsumed_tail else len(packed)
        try:
            content.append(unpacker.decompress(packed, _CHUNK))
        except zlib.error:
            return None
        size += len(content[-1])
        if size > LARGEST:
            return None
    return length - len(unpacker.unused_data), b"".join(content)


def _beginning(stream: IO[bytes], offset: int) -> int | None:
    """Where the next member begins, at `offset` or after it; None where none does."""
    stream.seek(offset)
    held = stream.read(_HEAD)
    if _is_record(held):
        return offset
    while True:
        more = stream.read(_CHUNK)
        held, at = held + more, -1
        while (at := held.find(_GZIP, at + 1)) >= 0 and (not more or at <= len(held) - _HEAD):
            if _is_record(held[at : at + _HEAD]):
                return offset + at
        if not more:
            return None
        done = at if at >= 0 else max(len(held) - len(_GZIP) + 1, 0)
        offset, held = offset + done, held[done:]


def _is_record(packed: bytes) -> bool:
    try:
        return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(packed, 5) == b"WARC/"
    except zlib.error:
        return False


def record_of(content: bytes) -> Any:
    """The WARC record that a member holds, with its body at hand; ArchiveError where it is none, or its digest is another."""
    if not content.startswith(b"WARC/"):
        raise ArchiveError("no WARC record")  # warcio would unpack what is packed twice
    try:
        record = next(iter(ArchiveIterator(BytesIO(content), check_digests=True)))
        record.raw_stream = BytesIO(record.raw_stream.read())
    except (ArchiveLoadFailed, StopIteration, EOFError, ValueError, TypeError, AttributeError) as error:  # the last two are warcio's own
        raise ArchiveError(f"no WARC record: {error}") from None
    if record.digest_checker.passed is False:
        header = record.rec_headers.get_header
        raise ArchiveError(f"the record of {header('WARC-Target-URI')} from {header('WARC-Date')} is damaged")
    return record


def page_of(record: Any) -> Page:
    """The page of a response; of a revisit, without its body."""
    header, http = record.rec_headers.get_header, record.http_headers
    return Page(
        url=header("WARC-Target-URI"),
        body=record.raw_stream.read(),
        status=int(http.get_statuscode() or 200),
        content_type=http.get_header("Content-Type") or "",
        headers=tuple(http.headers),
        ip=header("WARC-IP-Address"),
        fetched_at=read_at(header("WARC-Date")),
    )


def note_of(record: Any) -> Note:
    """Whose page a record is; empty where an older release, or somebody else, wrote it."""
    try:
        told = json.loads(record.rec_headers.get_header(NOTE) or "{}")
        return Note(identity=str(told["identity"]), asked=str(told["asked"]), part=str(told["part"]))
    except (ValueError, KeyError, TypeError):
        return Note()


def _writer() -> WARCWriter:
    return WARCWriter(BytesIO(), gzip=True, warc_version=_VERSION)


def _packed(record: Any) -> bytes:
    """The record as one gzip member."""
    out = BytesIO()
    WARCWriter(out, gzip=True, warc_version=_VERSION).write_record(record)
    return out.getvalue()


def _headers(page: Page, note: Note, at: datetime) -> dict[str, str]:
    given = {"WARC-Date": written_at(at), "WARC-Payload-Digest": page.payload}
    if page.ip:
        given["WARC-IP-Address"] = page.ip
    if note != Note():
        given[NOTE] = json.dumps({"identity": note.identity, "asked": note.asked, "part": note.part})
    return given


def _http(page: Page) -> StatusAndHeaders:
    sent = page.headers or ((("Content-Type", page.content_type),) if page.content_type else ())
    kept = [(name, quote(value, safe=_ASCII, encoding="latin-1", errors="replace")) for name, value in sent if _is_kept(name)]
    return StatusAndHeaders(
        f"{page.status} {responses.get(page.status, '-')}", [*kept, ("Content-Length", str(len(page.body)))], protocol="HTTP/1.1"
    )


def _is_kept(name: str) -> bool:
    return name.lower() not in _REWRITTEN and _TOKEN.fullmatch(name) is not None
