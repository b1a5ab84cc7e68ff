"""An alert as a signed JSON request, in the form of the Standard Webhooks specification (docs/webhooks.md)."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Protocol

import httpx
from standardwebhooks import Webhook

from pipelines.alerts import bundle, changes, ops
from pipelines.alerts.connection import missing
from pipelines.alerts.excerpt import clipped, headline, web_link
from pipelines.alerts.exchange import exchange, release
from pipelines.errors import ConfigError
from pipelines.models import Answer, Message

SCHEMA = "portalwatch.alert/1"
TYPES = {
    "new": "alert.new",
    "development": "alert.development",
    "revision": "alert.revision",
    "vanished": "alert.vanished",
    "late": "alert.late",
    "digest": "alert.digest",
    "storm": "alert.storm",
    "retracted": "alert.retracted",
    "test": "alert.test",
}

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
    hook = Hook(url=channel.url, secrets=secrets_of(channel, context.secrets), headers=channel.headers or {}, allow=context.allow)
    return send_webhook(hook, message)


def send_webhook(hook: Hook, message: Message, now: datetime | None = None) -> Answer:
    """One attempt: 2xx is ok, 410 permanent, anything else worth another try, with the receiver's Retry-After in seconds.

    ConfigError for a URL, header or secret that cannot be used; no other exception for what the other side does."""
    now = now or datetime.now(UTC)
    request = _request(hook, body(message, now), message.id, now)
    return exchange(request, hook.allow, now)


def body(message: Message, now: datetime) -> bytes:
    """The payload as compact UTF-8 JSON, the bytes that are signed."""
    return json.dumps(payload(message, now), ensure_ascii=False, separators=(",", ":")).encode()


def _of_kind(message: Message) -> dict[str, Any]:
    """The keys that only messages of this kind have."""
    if message.kind == "ops":
        return ops.payload(message)
    if message.kind == "retracted":
        return {"retracts": list(message.retracts)}
    return bundle.payload(message) if message.kind in bundle.TITLES else changes.payload(message) if message.kind == "revision" else {}


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
        "user-agent": f"portalwatch/{release()} (alert webhook)",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if hook.secrets:
        headers["webhook-signature"] = " ".join(_signature(secret, content, message_id, now) for secret in hook.secrets)
    return httpx.Request("POST", _target(hook.url), content=content, headers=headers)


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


def secrets_of(channel: HookChannel, held: Mapping[str, str]) -> tuple[str, ...]:
    """The channel's signing secrets, the newest first; ConfigError, which repeats none, where its variable holds something else."""
    if channel.secret_env is None:
        return ()
    found = tuple(re.split(r"[\s,]+", held.get(channel.secret_env, "").strip(" \t\r\n,")))
    if not found[0]:
        raise ConfigError(f"{missing(channel.secret_env)}; it holds the webhook's secret (whsec_…)")
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
