"""An alert to a chat or a telephone, through Apprise: some eighty services, one address each (docs/channels.md)."""

import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any, Protocol

from pipelines.alerts.connection import missing
from pipelines.alerts.excerpt import clipped
from pipelines.alerts.exchange import CONNECT_SECONDS, EXCHANGE_SECONDS, READ_SECONDS
from pipelines.alerts.fence import Fence, listen_to
from pipelines.alerts.labels import zone_of
from pipelines.alerts.mail import Sender
from pipelines.alerts.note import BYTES, Note, note
from pipelines.alerts.robots import post, robot_of
from pipelines.errors import ConfigError
from pipelines.models import Answer, Message
from pipelines.yamlfile import suggestion

HOSTED = frozenset(
    {
    "apprise", "apprises", "bark", "barks", "forms", "form", "gotify", "gotifys", "hassio", "hassios", "json", "jsons", "mastodon",
    "mastodons", "toot", "toots", "matrix", "matrixs", "misskey", "misskeys", "mmost", "mmosts", "nctalk", "nctalks", "ntfy",
    "ntfys", "onebot", "onebots", "pushdeer", "pushdeers", "rocket", "rockets", "signal", "signals", "synology", "synologys",
    "workflow", "workflows", "xml", "xmls", "zulip",
})  # fmt: skip
"""Schemes whose address names a host of the operator's."""
SCHEMES = HOSTED | frozenset(
    {
    "chanify", "discord", "dingtalk", "feishu", "flock", "gchat", "groupme", "guilded", "ifttt", "join", "kakaotalk", "kook",
    "lark", "line", "notica", "notifiarr", "onesignal", "opsgenie", "pagerduty", "pbul", "pover", "prowl", "pushme", "pushplus",
    "pushy", "psafer", "qq", "revolt", "ryver", "schan", "simplepush", "slack", "splunk", "spugpush", "spush", "tgram", "threema",
    "twist", "viber", "webex", "wechat", "wecom", "wecombot", "whatsapp", "wpush", "wxpusher", "wxteams", "zalo", "zoom",
})  # fmt: skip
"""What is let through: services asked over HTTP. The others open files, programs or sockets of this very machine, or send mail and SMS."""

_DETAILS = ("Response Details", "Socket Exception")
"""How the lines below a warning begin that hold the service's own words."""


class ChatChannel(Protocol):
    """What this channel reads of its entry in the watchlist."""

    @property
    def url_env(self) -> str: ...


class ChatContext(Protocol):
    """What this channel reads of the settings."""

    @property
    def secrets(self) -> Mapping[str, str]: ...
    @property
    def allow(self) -> frozenset[str]: ...
    @property
    def sender(self) -> Sender: ...
    @property
    def zone(self) -> tzinfo: ...


def send(channel: ChatChannel, message: Message, context: ChatContext) -> Answer:
    """One attempt at the address that the environment variable holds; ConfigError where it cannot be used.

    Whether Apprise says yes or no, what it logged is the answer's detail; its address may be in that, `channels.send` hides it."""
    address = context.secrets.get(channel.url_env, "").strip()
    if not address:
        raise ConfigError(f"{missing(channel.url_env)}; it holds the chat's address (slack://…, tgram://…)")
    scheme, now = scheme_of(address, channel.url_env), datetime.now(UTC)
    plugin = _plugin(address, channel.url_env)
    told = note(message, context.sender, zone_of(channel, context.zone), min(plugin.body_maxlen, BYTES))
    robot = robot_of(scheme, plugin, now)
    return post(robot, told, context.allow, now) if robot else _notify(plugin, scheme, told, context.allow)


def tokens(address: str) -> set[str]:
    """The parts of an Apprise address that are long enough to be a secret; the host of a service of one's own is none."""
    rest, host = address.strip().partition("://")[2], host_of(address)
    parts = re.split(r"[/?&=#@:,]", rest)
    return {part for part in parts if len(part) >= 6 and part.lower() != host} | ({address.strip()} if rest else set())


def scheme_of(address: str, variable: str) -> str:
    """The service's scheme; ConfigError, which repeats no token, where it is none that is let through."""
    scheme = address.partition("://")[0].lower() if "://" in address else ""
    if scheme not in SCHEMES:
        named = f"`{clipped(scheme, 20)}://`" if re.fullmatch(r"[a-z0-9]{1,20}", scheme) else "what it begins with"
        raise ConfigError(f"{variable}: {named} is no service that portalwatch lets through{suggestion(scheme, sorted(SCHEMES))}")
    return scheme


def _plugin(address: str, variable: str) -> Any:
    """Apprise's plugin with our own limits, whatever the address asks for: one try, no redirect, no splitting, no pretended success."""
    apprise = _apprise()
    asset = apprise.AppriseAsset(
        app_id="portalwatch", app_desc="portalwatch", app_url="", image_url_mask="", image_url_logo="",
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=0, allow_templates=False, interpret_emojis=False, http_redirects=False,
    )  # fmt: skip
    with Fence(frozenset(), EXCHANGE_SECONDS):
        plugin = apprise.Apprise.instantiate(address, asset=asset)
    if plugin is None:
        raise ConfigError(f"{variable} is no address that Apprise can read; its documentation shows the form for each service")
    plugin.redirects, plugin.retry, plugin.optional = False, 0, False
    plugin.overflow_mode = apprise.OverflowMode.TRUNCATE
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    if len(plugin) > 1:
        raise ConfigError(f"{variable} names {len(plugin)} receivers; give each a channel of its own, so that a retry reaches no one twice")
    return plugin


def _notify(plugin: Any, scheme: str, told: Note, allow: frozenset[str]) -> Answer:
    host = str(plugin.host or "") if scheme in HOSTED else ""
    # Services that always read Markdown are told that it is Markdown already, so that nothing is escaped twice.
    form = "markdown" if plugin.notify_format == "markdown" else "text"
    carrier = _apprise().Apprise(asset=plugin.asset)
    carrier.add(plugin)
    with Fence(allow, EXCHANGE_SECONDS, host) as fence:
        done = carrier.notify(title=told.title, body=told.text, body_format=form)
    if fence.refused:
        return Answer(ok=False, detail=str(fence.refused))
    detail = _in_words(fence, str(plugin.service_name))
    return Answer(ok=bool(done), detail=f"accepted by {plugin.service_name}" if done else detail)


def _in_words(fence: Fence, service: str) -> str:
    if fence.is_over:
        return f"{service}: no answer within {EXCHANGE_SECONDS:.0f} s; it may have been received"
    said = [record.getMessage() for record in fence.heard if _tells(record)]
    return clipped("; ".join(dict.fromkeys(said)), 400) or f"{service} did not take it, and Apprise does not say why"


def _tells(record: logging.LogRecord) -> bool:
    return record.name == "apprise" and (record.levelno >= logging.WARNING or record.getMessage().startswith(_DETAILS))


@lru_cache(maxsize=1)
def _apprise() -> Any:
    """The library, imported by the first chat only, and silent: it logs addresses with their tokens."""
    import apprise

    listen_to("apprise", "urllib3.connectionpool", "urllib3.util.retry", "requests_oauthlib.oauth1_session")
    return apprise


def host_of(address: str) -> str:
    """The host of a service of one's own; empty where the address names none, since what stands in its place is a token then."""
    if address.strip().partition("://")[0].lower() not in HOSTED:
        return ""
    return re.split(r"[/?#]", address.partition("://")[2])[0].rpartition("@")[2].partition(":")[0].lower()
