"""What portals answer, in our words: headers, refusals, failures."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from pipelines.storable import storable

LONGEST_URL = 2000  # characters; what is longer is no address of an article
LONGEST_IDENTITY = 400
REFUSED = (401, 403, 451)
PLAIN: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "unreachable: name not resolved"),
    (DownloadConnectionRefusedError, "unreachable: connection refused"),
    (DownloadTimeoutError, "unreachable: no answer in time"),
    (ResponseDataLossError, "the page was cut off on its way"),
    (DownloadCancelledError, "larger than 10 MB"),
)

CERTIFICATE = "unreachable: its certificate is not valid"

UNANSWERED = (*(kind for kind, _ in PLAIN), DownloadFailedError, IgnoreRequest, OSError)
"""The ways in which a request ends without an answer."""


def header(response: Response, name: str) -> str:
    """A header's value, empty where there is none."""
    value = response.headers.get(name)
    return storable(value.decode("latin-1"))[:LONGEST_URL] if value else ""


def refusal(status: int) -> str:
    """An answer that holds no page, in plain words."""
    return f"answered {status}" + (" (the portal refuses us)" if status in REFUSED else "")


def plain(error: BaseException | None) -> str:
    """A failure in plain words; a refusal of our own manners says its own."""
    words = next((words for kind, words in PLAIN if isinstance(error, kind)), None)
    if words is None and "certificate verify failed" in str(error):
        return CERTIFICATE
    return words or (str(error) if isinstance(error, IgnoreRequest) else f"failed: {type(error).__name__}: {error}")


def retry_after(value: str, present: datetime) -> timedelta | None:
    """A Retry-After header, in seconds or as a date; None where there is none or it does not read."""
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value), 10**6))
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(until - present, timedelta())


def short(identity: str) -> str:
    """An identity that fits its column, and stays one of its kind."""
    if len(identity) <= LONGEST_IDENTITY:
        return identity
    return f"{identity[:300]}…{sha256(identity.encode('utf-8', 'surrogatepass')).hexdigest()}"
