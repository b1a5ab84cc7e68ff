"""One look at a site by hand, with the manners of a crawl: robots.txt, pauses, a cap on requests and sizes, public addresses only."""

import contextlib
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from protego import Protego

from pipelines.alerts.guard import GuardedTransport, RefusedAddressError
from pipelines.errors import PortalwatchError
from pipelines.models import Page
from spiders import tdm
from spiders.address import through
from spiders.robots import AGENT, ROBOTS_LIMIT, rules_of
from spiders.settings import PAGE_LIMIT, REDIRECT_MAX_TIMES, REQUEST_TIMEOUT

REFUSING = (401, 403, 451)
WAITING = (429, 503)
LONGEST_PAUSE = 60.0  # seconds; a portal whose robots.txt asks for more is not one for a look by hand
RESERVED = "reserved from text and data mining, and the sheet says to obey that"
Wait = Callable[[float], None]


class UnreadError(PortalwatchError):
    """An address could not be read; `why` in plain words. `final` says that nothing else of the portal will be, either."""

    def __init__(self, url: str, why: str, *, final: bool = False) -> None:
        self.url, self.why, self.final = url, why, final
        super().__init__(f"{url}: {why}")


class AskedToWaitError(UnreadError):
    """The portal has had enough of us for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a visit behaves. `delay` in seconds between two requests to a host, `most` requests in all.

    `gateway` as in a sheet; `serves` says which addresses may be fetched, every public one where it is left out. `obey`: robots.txt,
    `leave`: what is reserved from text and data mining; `rests`: why a host is not to be asked now, None where it may be."""

    user_agent: str
    allow: frozenset[str] = frozenset()
    gateway: str | None = None
    delay: float = 2.0
    most: int = 25
    obey: bool = True
    leave: bool = False
    serves: Callable[[str], bool] | None = None
    rests: Callable[[str], str | None] = lambda _host: None


@dataclass(slots=True, kw_only=True)
class Visit:
    """Requests one after the other; `tell` hears of each. `wait` sleeps, `clock` is monotonic. `reserved` as in spiders/tdm.py."""

    manner: Manner
    tell: Callable[[str], None] = lambda _line: None
    wait: Wait = time.sleep
    clock: Callable[[], float] = time.monotonic
    asked: int = 0
    reserved: dict[str, dict[str, Any]] = field(default_factory=dict)
    _tls: ssl.SSLContext = field(default_factory=httpx.create_ssl_context)
    _robots: dict[str, Protego] = field(default_factory=dict)
    _failing: dict[str, str] = field(default_factory=dict)
    _last: dict[str, float] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Requests that may still be made."""
        return self.manner.most - self.asked

    def page(self, url: str, post: dict[str, Any] | None = None) -> Page:
        """The page at `url` with status 200; UnreadError for any other answer."""
        answer = self.get(url, post)
        refuse_unread(answer)
        return answer

    def get(self, url: str, post: dict[str, Any] | None = None) -> Page:
        """The answer at `url`, whatever its status, after redirects, under the address that gave it."""
        for _ in range(REDIRECT_MAX_TIMES + 1):
            self._may(url)
            answer = self._ask(url, post)
            if answer.status in WAITING:
                raise AskedToWaitError(url, f"the portal asks us to wait (answered {answer.status}); try again tomorrow", final=True)
            if not answer.target:
                return Page(url=url, body=answer.body, status=answer.status, content_type=answer.content_type)
            url, post = _joined(url, answer.target), None
        raise UnreadError(url, f"more than {REDIRECT_MAX_TIMES} redirects; is it a circle, or does it want cookies?")

    def sitemaps(self, url: str) -> list[str]:
        """The sitemaps that the host's robots.txt names."""
        return list(self._rules(url).sitemaps)

    def look_up_reserved(self, url: str) -> None:
        """Ask once what the URL's host reserves from text and data mining; a host that does not answer reserves nothing."""
        root = _root(url)
        where = f"{root}{tdm.WELL_KNOWN}"
        if self.left > 0 and "at" not in self.reserved.get(root, {}) and (not self.manner.obey or self._rules(url).can_fetch(where, AGENT)):
            with contextlib.suppress(UnreadError):
                answer = self._ask(where, None, limit=tdm.LIMIT, cut=True)
                self.reserved[root] = self.reserved.get(root, {}) | tdm.reservations(answer.status, answer.body, datetime.now(UTC))

    def pause(self, url: str) -> float:
        """Seconds between two requests to the URL's host: ours, or what its robots.txt asks for."""
        rules = self._robots.get(_root(url))
        asked = float(rules.crawl_delay(AGENT) or 0) if rules and self.manner.obey else 0.0
        return max(self.manner.delay, asked)

    def _may(self, url: str) -> None:
        parts = _parts(url)
        if self.manner.serves is not None and not self.manner.serves(url):
            raise UnreadError(url, f"leads off the portal, to {parts.hostname}")
        if resting := self.manner.rests(parts.hostname):
            raise UnreadError(url, f"{resting}; --force asks all the same")
        if self.manner.obey and not self._rules(url).can_fetch(url, AGENT):
            raise UnreadError(url, self._failing.get(_root(url), "robots.txt does not allow it"))
        if self.manner.leave:
            self.look_up_reserved(url)
            if tdm.is_reserved(self.reserved.get(_root(url), {"rules": []}), url):
                raise UnreadError(url, RESERVED)

    def _rules(self, url: str) -> Protego:
        root = _root(url)
        if root not in self._robots:
            self._robots[root] = self._read_robots(root)
            if self.manner.obey and self.pause(url) > LONGEST_PAUSE:
                raise UnreadError(url, f"robots.txt asks for {self.pause(url):.0f} s between requests; write its sheet by hand", final=True)
        return self._robots[root]

    def _read_robots(self, root: str) -> Protego:
        url = f"{root}/robots.txt"
        for _ in range(REDIRECT_MAX_TIMES + 1):
            answer = self._ask(url, None, limit=ROBOTS_LIMIT, cut=True)
            if answer.status >= 500:
                self._failing[root] = f"robots.txt answered {answer.status}: nothing there is read until it answers"
            if not answer.target:
                return rules_of(answer.status, answer.body)
            url = _joined(url, answer.target)
        return rules_of(404, b"")

    def _ask(self, url: str, post: dict[str, Any] | None, *, limit: int = PAGE_LIMIT, cut: bool = False) -> "_Answer":
        if self.left <= 0:
            raise UnreadError(url, f"not asked: {self.manner.most} requests are enough for one look", final=True)
        self._keep_distance(url)
        self.asked += 1
        try:
            answer = self._exchanged(url, post, limit, cut)
        except httpx.TransportError as error:
            raise UnreadError(url, _in_words(error)) from None
        except RefusedAddressError as error:
            raise UnreadError(url, str(error), final=True) from None
        self.tell(f"{answer.status} {url} ({len(answer.body):,} bytes)")
        return answer

    def _keep_distance(self, url: str) -> None:
        host, present = _parts(url).netloc, self.clock()
        due = self._last.get(host, present - LONGEST_PAUSE) + self.pause(url)
        if due > present:
            self.wait(due - present)
        self._last[host] = self.clock()

    def _exchanged(self, url: str, post: dict[str, Any] | None, limit: int, cut: bool) -> "_Answer":
        gateway = self.manner.gateway
        allow = self.manner.allow | {urlsplit(gateway).hostname or ""} if gateway else self.manner.allow
        with GuardedTransport(frozenset(allow), REQUEST_TIMEOUT, self._tls) as transport:
            response = transport.handle_request(self._request(through(gateway, url), post))
            try:
                body = _body(response, limit)
            finally:
                response.close()
        if len(body) > limit and not cut:
            raise UnreadError(url, f"larger than {limit // 2**20} MB")
        if response.headers.get("tdm-reservation", "").strip() == "1":
            self.reserved.setdefault(_root(url), {"rules": []})["header"] = response.headers.get("tdm-policy", "")[: tdm.LONGEST]
            if self.manner.leave:
                raise UnreadError(url, RESERVED)
        target = response.headers.get("location", "") if response.status_code in (301, 302, 303, 307, 308) else ""
        return _Answer(
            status=response.status_code, body=body[:limit], content_type=response.headers.get("content-type", "")[:200], target=target
        )

    def _request(self, url: str, post: dict[str, Any] | None) -> httpx.Request:
        headers = {"User-Agent": self.manner.user_agent, "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "close"}
        extensions = {"timeout": httpx.Timeout(REQUEST_TIMEOUT).as_dict()}
        try:
            return httpx.Request("POST" if post else "GET", url, json=post, headers=headers, extensions=extensions)
        except (httpx.InvalidURL, ValueError):
            raise UnreadError(url, "no address: write http(s)://host/…") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One HTTP answer; `target` is where it redirects to, empty where it does not."""

    status: int
    body: bytes
    content_type: str
    target: str


def refuse_unread(page: Page) -> None:
    """UnreadError for a status other than 200, in words that say what to do."""
    if page.status in REFUSING:
        why = (
            f"the portal refuses us (answered {page.status}); ask its owner, or name a feed that it offers to readers: portals add FEED-URL"
        )
        raise UnreadError(page.url, why, final=True)
    if page.status != 200:
        raise UnreadError(page.url, f"answered {page.status}")


def _parts(url: str) -> Any:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise UnreadError(url, "no address: write http(s)://host/…")


def _joined(url: str, target: str) -> str:
    """Where a redirect leads."""
    try:
        found = urljoin(url, target)
    except ValueError:
        raise UnreadError(url, f"redirects to `{target[:100]}`, which is no address") from None
    _parts(found)
    return found


def _root(url: str) -> str:
    parts = _parts(url)
    return f"{parts.scheme}://{parts.netloc}"


def _body(response: httpx.Response, limit: int) -> bytes:
    """At most one byte more than `limit`, unpacked piece by piece, so that a bomb of zeros stays small."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    unpack = zlib.decompressobj(32 + zlib.MAX_WBITS) if encoding in ("gzip", "x-gzip", "deflate") else None
    body = bytearray()
    for piece in response.iter_raw():
        body += _unpacked(unpack, piece, limit + 1 - len(body)) if unpack else piece
        if len(body) > limit:
            break
    return bytes(body[: limit + 1])


def _unpacked(unpack: "zlib._Decompress", piece: bytes, most: int) -> bytes:
    try:
        return unpack.decompress(piece, most)
    except zlib.error as error:
        raise httpx.RemoteProtocolError(str(error)) from None


def _in_words(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectError):
        return f"unreachable: {error}"
    return next((words for kind, words in _WORDS if isinstance(error, kind)), f"failed: {type(error).__name__}")


_WORDS: tuple[tuple[type[httpx.TransportError], str], ...] = (
    (httpx.TimeoutException, "no answer in time"),
    (httpx.RemoteProtocolError, "the connection ended without a proper HTTP answer"),
    (httpx.NetworkError, "the connection broke"),
)
