"""An alert as a signed JSON request, in the form of the Standard Webhooks specification (docs/webhooks.md)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol

import httpx
from standardwebhooks import Webhook

from pipelines.alerts import changes, late, ops
from pipelines.alerts.excerpt import clipped, headline, web_link
from pipelines.alerts.guard import GuardedTransport, RefusedAddressError
from pipelines.errors import ConfigError
from pipelines.models import Answer, Message

SCHEMA = "portalwatch.alert/1"
TYPES = {
    "new": "alert.new",
    "development": "alert.development",
    "revision": "alert.revision",
    "vanished": "alert.vanished",
    "late": "alert.late",
    "retracted": "alert.retracted",
    "test": "alert.test",
}

CONNECT_SECONDS, READ_SECONDS, EXCHANGE_SECONDS = 5.0, 10.0, 20.0
BODY_CAP = 4096
"""Bytes of a refusal that are read; a line of them is told in the answer."""
LONGEST_WAIT = 24 * 3600.0
"""Seconds; a receiver that asks for more is asked again after a day."""

_OURS = re.compile(r"(?i)webhook-.*|host|content-.*|transfer-encoding|connection|expect|upgrade|te|trailer|user-agent|accept-encoding")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?|")


class HookChannel(Protocol):
    """What this channel reads of its entry in the watchlist."""

    @property
    def url(self) -> str: ...
    @property
    def secret_env(self) -> str | None: ...
    @property
    def headers(self) -> Mapping[str, str] | None: ...


class HookContext(Protocol):
    """What this channel reads of the settings."""

    @property
    def secrets(self) -> Mapping[str, str]: ...
    @property
    def allow(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """One receiver. `secrets` are whsec_… strings, the newest first; each makes a signature. `allow`: see guard.is_allowed."""

    url: str
    secrets: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    allow: frozenset[str] = frozenset()


def send(channel: HookChannel, message: Message, context: HookContext) -> Answer:
    """One attempt at the channel's URL; ConfigError where the channel is not usable as it stands."""
    hook = Hook(url=channel.url, secrets=_secrets(channel, context), headers=channel.headers or {}, allow=context.allow)
    return send_webhook(hook, message)


def send_webhook(hook: Hook, message: Message, now: datetime | None = None) -> Answer:
    """One attempt: 2xx is ok, 410 permanent, anything else worth another try, with the receiver's Retry-After in seconds.

    ConfigError for a URL, header or secret that cannot be used; no other exception for what the other side does."""
    now = now or datetime.now(UTC)
    request = _request(hook, body(message, now), message.id, now)
    try:
        with GuardedTransport(hook.allow, EXCHANGE_SECONDS) as transport:
            # The transport itself, not a Client: that one logs the URL, which may hold a token, at INFO.
            return _answer(transport.handle_request(request), now)
    except RefusedAddressError as refusal:
        return Answer(ok=False, detail=str(refusal))
    except httpx.TransportError as error:
        return Answer(ok=False, detail=_in_words(error, request.url))


def body(message: Message, now: datetime) -> bytes:
    """The payload as compact UTF-8 JSON, the bytes that are signed."""
    return json.dumps(payload(message, now), ensure_ascii=False, separators=(",", ":")).encode()


def _of_kind(message: Message) -> dict[str, Any]:
    """The keys that only messages of this kind have."""
    if message.kind == "ops":
        return ops.payload(message)
    if message.kind == "retracted":
        return {"retracts": list(message.retracts)}
    return late.payload(message) if message.kind == "late" else changes.payload(message) if message.kind == "revision" else {}


def payload(message: Message, now: datetime | None = None) -> dict[str, Any]:
    """The message as docs/webhook.schema.json has it. `timestamp` is when the article was first seen, else `now`; hits
    index code points of `data.title` and `data.excerpt`; the full text and readers' comments are never in it."""
    title, quote = headline(message.title, message.hits), changes.quoted(message)
    seen = message.first_seen_at or now or datetime.now(UTC)
    return {
        "schema": SCHEMA,
        "type": _type(message),
        "id": message.id,
        "timestamp": seen.astimezone(UTC).isoformat(),
        "data": {
            "topics": [{"slug": slug, "title": clipped(name, 200)} for slug, name in message.topics],
            "story_id": message.story_id,
            "development": message.development,
            "revision": message.revision,
            "supersedes": message.thread if message.kind in ("development", "revision", "vanished") else None,
            "late": message.late,
            "title": title.text,
            "excerpt": quote.text,
            "url": web_link(message.url),
            "portal": {"slug": message.portal, "name": clipped(message.portal_name, 200)},
            "publisher": [clipped(name, 200) for name in message.publisher],
            "author": _optional(message.author, 200),
            "published_at": _moment(message.published_at),
            "language": _optional(message.language, 35),
            "terms": _terms(message),
            "hits": [
                {"term": clipped(hit.term, 200), "as_written": hit.as_written, "field": hit.field, "start": hit.start, "end": hit.end}
                for hit in (*title.hits, *quote.hits)
            ],
            "rights": _optional(message.rights, 500),
            **_of_kind(message),
        },
    }


def _type(message: Message) -> str:
    return ops.TYPES[ops.notice(message).event] if message.kind == "ops" else TYPES[message.kind]


def _terms(message: Message) -> list[dict[str, Any]]:
    """Every term that matched and the fields it stands in, also those that the excerpt does not show."""
    fields: dict[str, list[str]] = {}
    for hit in message.hits:
        name = "comments" if hit.field.startswith("comments") else hit.field
        known = fields.setdefault(clipped(hit.term, 200), [])
        if name not in known:
            known.append(name)
    return [{"term": term, "fields": names} for term, names in fields.items()]


def _optional(value: str | None, cap: int) -> str | None:
    return clipped(value, cap) if value else None


def _moment(value: datetime | date | None) -> str | None:
    return value.isoformat() if value else None


def _request(hook: Hook, content: bytes, message_id: str, now: datetime) -> httpx.Request:
    headers = _checked(hook.headers) | {
        "content-type": "application/json; charset=utf-8",
        "accept-encoding": "identity",
        "user-agent": f"portalwatch/{_release()} (alert webhook)",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if hook.secrets:
        headers["webhook-signature"] = " ".join(_signature(secret, content, message_id, now) for secret in hook.secrets)
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS).as_dict()
    return httpx.Request("POST", _target(hook.url), content=content, headers=headers, extensions={"timeout": timeout})


def _target(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL:
        raise ConfigError("the webhook's url is no URL; write https://host/path") from None
    if target.scheme not in ("http", "https") or not target.host or (target.port or 0) > 65535:
        raise ConfigError("the webhook's url must begin with https:// or http:// and name a host and a possible port")
    if target.userinfo:
        raise ConfigError(f"the webhook's url for {target.host} holds a user or password; put it into `headers`")
    return target


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(f"the webhook's header {name!r} has a character that HTTP does not take")
        if _OURS.fullmatch(name):
            raise ConfigError(f"the webhook's header `{name}` is set by portalwatch itself")
    return dict(headers)


def _secrets(channel: HookChannel, context: HookContext) -> tuple[str, ...]:
    if channel.secret_env is None:
        return ()
    found = tuple(re.split(r"[\s,]+", context.secrets.get(channel.secret_env, "").strip(" \t\r\n,")))
    if not found[0]:
        raise ConfigError(f"the environment variable {channel.secret_env} is not set; it holds the webhook's secret (whsec_…)")
    for secret in found:
        if not _is_secret(secret):
            raise ConfigError(f"{channel.secret_env} holds no webhook secret; one is `whsec_` and then base64")
    return found


def _is_secret(secret: str) -> bool:
    try:
        return secret.startswith("whsec_") and bool(base64.b64decode(_padded(secret.removeprefix("whsec_")), validate=True))
    except (binascii.Error, ValueError):
        return False


def _padded(text: str) -> str:
    return text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)


def _signature(secret: str, content: bytes, message_id: str, now: datetime) -> str:
    # The library takes a time's digits for UTC whatever its zone says.
    return Webhook(secret).sign(msg_id=message_id, timestamp=now.astimezone(UTC), data=content.decode())


def _answer(response: httpx.Response, now: datetime) -> Answer:
    code = response.status_code
    told = f"HTTP {code} {_phrase(code)}".strip()
    try:
        if response.is_success:
            return Answer(ok=True, detail=told)
        if 300 <= code < 400:
            return Answer(ok=False, detail=f"{told}: redirects are not followed; write the final address into the channel's url")
        said = clipped(_first_bytes(response).decode("utf-8", "replace"), 200)
        wait = _retry_after(response.headers.get("retry-after", ""), now)
        return Answer(ok=False, detail=f"{told}: {said}" if said else told, permanent=code == HTTPStatus.GONE, retry_after=wait)
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
    if re.fullmatch(r"[0-9]{1,12}", value):
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


def _release() -> str:
    try:
        return version("portalwatch")
    except PackageNotFoundError:
        return "0"
