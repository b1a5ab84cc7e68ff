"""One HTTP exchange with a receiver of alerts: guarded, bounded, and its answer in words that an operator can act on."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version

import httpx

from pipelines.alerts.excerpt import clipped
from pipelines.alerts.guard import GuardedTransport, RefusedAddressError
from pipelines.models import Answer

CONNECT_SECONDS, READ_SECONDS, EXCHANGE_SECONDS = 5.0, 10.0, 20.0
BODY_CAP = 4096
"""Bytes of an answer that are read; a line of them is told where it is a refusal."""
LONGEST_WAIT = 24 * 3600.0
"""Seconds; a receiver that asks for more is asked again after a day."""
_OF_THIS = (400, 409, 413, 415, 422)
"""What a receiver says of one message, not of all (RFC 9110, 15.5)."""

Complaint = Callable[[bytes], str | None]
"""What a receiver that answers 200 to everything really says: in words where it refuses, None where it took the message."""


def exchange(request: httpx.Request, allow: frozenset[str], now: datetime, complaint: Complaint | None = None) -> Answer:
    """One attempt: 2xx is ok unless there is a `complaint`, 410 permanent, anything else worth another try, with Retry-After in seconds."""
    request.extensions["timeout"] = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
    try:
        with GuardedTransport(allow, EXCHANGE_SECONDS) as transport:
            # The transport itself, not a Client: that one logs the URL, which may hold a token, at INFO.
            return _answer(transport.handle_request(request), now, complaint)
    except RefusedAddressError as refusal:
        return Answer(ok=False, detail=str(refusal))
    except httpx.TransportError as error:
        return Answer(ok=False, detail=_in_words(error, request.url))


def _answer(response: httpx.Response, now: datetime, complaint: Complaint | None) -> Answer:
    code = response.status_code
    told = f"HTTP {code} {_phrase(code)}".strip()
    try:
        if response.is_success:
            refusal = complaint(_first_bytes(response)) if complaint else None
            return Answer(ok=not refusal, detail=f"{told}: {refusal}" if refusal else told)
        if 300 <= code < 400:
            return Answer(ok=False, detail=f"{told}: redirects are not followed; write the final address into the channel's url")
        said = clipped(_first_bytes(response).decode("utf-8", "replace"), 200)
        wait = _retry_after(response.headers.get("retry-after", ""), now)
        detail, permanent = f"{told}: {said}" if said else told, code == HTTPStatus.GONE
        return Answer(ok=False, detail=detail, permanent=permanent, retry_after=wait, only_this=code in _OF_THIS)
    finally:
        response.close()


def _first_bytes(response: httpx.Response) -> bytes:
    """The body's beginning as sent, nothing unpacked; what had come where the connection broke."""
    found = b""
    try:
        for chunk in response.iter_raw():
            found += chunk
            if len(found) >= BODY_CAP:
                break
    except httpx.TransportError:
        return found
    return found[:BODY_CAP]


def _phrase(code: int) -> str:
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""


def _retry_after(value: str, now: datetime) -> float | None:
    """RFC 9110, 10.2.3: seconds, or a date; never below 0 nor above LONGEST_WAIT."""
    value = value.strip()
    if re.fullmatch(r"[0-9]+", value):
        return min(float(value), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), LONGEST_WAIT)


def _in_words(error: httpx.TransportError, url: httpx.URL) -> str:
    """What went wrong on the way, naming the host and never the path, which may hold a token."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return f"{url.host}: {words}"
    told = clipped(re.sub(r"^\[Errno -?\d+\] ", "", str(error)), 160) or type(error).__name__
    return f"{url.host}: {told[:1].lower()}{told[1:]}"


_WORDS: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.ConnectTimeout, f"no connection within {CONNECT_SECONDS:.0f} s"),
    (httpx.TimeoutException, "no answer in time; it may have been received"),
    (httpx.ReadError, "the connection broke before an answer; it may have been received"),
    (httpx.RemoteProtocolError, "the connection ended without a proper HTTP answer; it may have been received"),
)


def release() -> str:
    """This release, for a User-Agent."""
    try:
        return version("portalwatch")
    except PackageNotFoundError:
        return "0"
