"""Whether each channel that is used could take a message, as far as that can be seen without sending one."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from pipelines.alerts import chat, own, webhook
from pipelines.alerts.connection import PREFIX, Passwords
from pipelines.alerts.guard import why_unreachable
from pipelines.alerts.lines import unreachable
from pipelines.alerts.sending import server_of
from pipelines.config import Settings
from pipelines.errors import ConfigError, PortalwatchError
from pipelines.health.doctor import Finding
from pipelines.store.database import open_store
from pipelines.store.watchlists import running
from pipelines.watch.file import Channel, ChatChannel, MailChannel, OwnChannel, WebhookChannel
from pipelines.watch.watchlist import Watchlist
from portalwatch import show
from portalwatch.needs import lacking, unset, used

AT_ONCE = 8
"""Channels that are looked at side by side: a name server that is away takes its time for each."""
PORTS: Mapping[str, int] = {"https": 443, "http": 80}
RESERVED = frozenset({"example", "example.com", "example.net", "example.org", "invalid", "test"})
"""RFC 2606: these and all below them are for documents and belong to nobody. `localhost` is this machine, which may take mail."""
PLACEHOLDER = "a placeholder from the documentation, which nobody has"


def told(settings: Settings) -> list[Finding]:
    """What is to be said of the running watchlist's channels; nothing where the store does not answer, which others tell."""
    try:
        watchlist = running(open_store(settings), settings.compiled)
    except (PortalwatchError, SQLAlchemyError):
        return []
    return looked_at(watchlist, settings) if watchlist else []


def looked_at(watchlist: Watchlist, settings: Settings) -> list[Finding]:
    """A finding for each thing that is wrong with a channel in use, and one for each channel with which nothing is.

    Names are resolved, and a session with the mail server is opened and left; nothing is sent, and no webhook's host is asked."""
    channels = {name: watchlist.channels[name] for name in used(watchlist)}
    mails = any(isinstance(each, MailChannel) and not unset(each, settings) for each in channels.values())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        mail = pool.submit(lambda: list(_mail(settings)) if mails else [])
        found = pool.map(lambda name: list(_channel(name, channels[name], settings)), channels)
        return [*mail.result(), *(finding for findings in found for finding in findings)]


def is_reserved(host: str) -> bool:
    """Whether the host is one of RFC 2606's, or below one of them."""
    labels = host.lower().rstrip(".").split(".")
    return any(".".join(labels[start:]) in RESERVED for start in range(len(labels)))


def _mail(settings: Settings) -> Iterator[Finding]:
    """The server and the sender that all mail channels share."""
    try:
        server = server_of(settings)
    except ConfigError as error:
        yield Finding(what="mail server", ok=False, how=str(error))
        return
    place, where = f"{server.smtp.host}:{server.smtp.port}", "PORTALWATCH_SMTP_CONN" if settings.smtp_conn else "PORTALWATCH_SMTP_HOST"
    trouble = f"{place}: {PLACEHOLDER}" if is_reserved(server.smtp.host) else unreachable(server.smtp)
    yield Finding(what="mail server", ok=not trouble, how=f"{trouble}; {where} names another" if trouble else f"{place} answers")
    sender = server.sender or settings.mail_from
    if is_reserved(sender.rpartition("@")[2]):
        yield Finding(what="sender of mails", ok=False, how=f"{sender}: {PLACEHOLDER}; PORTALWATCH_MAIL_FROM names yours")


def _channel(name: str, channel: Channel, settings: Settings) -> Iterator[Finding]:
    what, missing = f"channel {name}", unset(channel, settings)
    for variable in missing:
        yield Finding(what=what, ok=variable.startswith(PREFIX), how=lacking(variable))
    try:
        told = LOOKS[type(channel)](channel, settings, missing)
    except ConfigError as error:
        yield from (Finding(what=what, ok=False, how=problem) for problem in error.problems)
    else:
        yield from () if missing else (Finding(what=what, ok=True, how=told),)


def _of_mail(channel: MailChannel, _settings: Settings, _missing: list[str]) -> str:
    if wrong := [address for address in channel.to if is_reserved(address.rpartition("@")[2])]:
        raise ConfigError([f"{address}: {PLACEHOLDER}; put your own into the watchlist" for address in wrong])
    return f"mail to {show.counted(len(channel.to), 'recipient')}"


def _of_webhook(channel: WebhookChannel, settings: Settings, missing: list[str]) -> str:
    if not missing:
        webhook.secrets_of(channel, Passwords(settings.secrets))
    parts = urlsplit(channel.url)
    host = parts.hostname or ""
    if is_reserved(host):
        raise ConfigError(f"{host}: {PLACEHOLDER}; put your receiver's into the watchlist")
    if trouble := why_unreachable(host, parts.port or PORTS[parts.scheme], settings.allow_hosts):
        raise ConfigError(trouble)
    return f"webhook at {host}, which may be reached"


def _of_chat(channel: ChatChannel, settings: Settings, missing: list[str]) -> str:
    if missing:
        return ""
    address = Passwords(settings.secrets).get(channel.url_env, "").strip()
    scheme, host = chat.scheme_of(address, channel.url_env), chat.host_of(address)
    if is_reserved(host):
        raise ConfigError(f"{host}: {PLACEHOLDER}; put your service's into {channel.url_env}")
    return f"chat by {scheme}"


def _of_own(channel: OwnChannel, settings: Settings, _missing: list[str]) -> str:
    return str(own.file_of(channel, settings.config / "channels"))


LOOKS: Mapping[type[Channel], Callable[[Any, Settings, list[str]], str]] = {
    MailChannel: _of_mail,
    WebhookChannel: _of_webhook,
    ChatChannel: _of_chat,
    OwnChannel: _of_own,
}
"""What a channel is, in words; ConfigError with what is wrong with it, one line each."""
