"""An alert as an e-mail: hostile text made into safe headers and two calm bodies."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from email.header import Header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pipelines.alerts import bundle, ops
from pipelines.alerts.changes import changes, quoted
from pipelines.alerts.excerpt import clipped, headline, web_link
from pipelines.alerts.labels import LABELS, badges, capped, moment, terms, titled, words_in, zone_of
from pipelines.alerts.lines import Lines, send_mail
from pipelines.alerts.smtp import Smtp
from pipelines.errors import ConfigError
from pipelines.models import Answer, Message

__all__ = ["Sender", "Smtp", "compose", "send", "send_mail"]

SUBJECT_CAP = 120
SIZE_CAP = 100_000
"""Bytes of a mail; Gmail clips what is longer."""
SHOWN_TOPICS, SHOWN_TERMS = 8, 16

_TEMPLATES = Path(__file__).parent / "templates"
_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f@<>()\[\],;:\\\"]{1,64}@[^\s\x00-\x1f\x7f@<>()\[\],;:\\\"/]{1,255}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who the mail is from. `language` is that of its labels; `unsubscribe` the address for that wish, else `address`; `site`
    the address under which recipients find more."""

    address: str
    name: str = "portalwatch"
    unsubscribe: str | None = None
    site: str | None = None
    language: Literal["zh-Hant", "zh-Hans", "en"] = "zh-Hant"


class MailContext(Protocol):
    """What this channel reads of the settings."""

    @property
    def smtp(self) -> Smtp: ...
    @property
    def lines(self) -> Lines | None: ...
    @property
    def sender(self) -> Sender: ...
    @property
    def zone(self) -> tzinfo: ...


def send(channel: object, message: Message, context: MailContext) -> Answer:
    """One attempt to mail the message to its recipient, in the channel's zone; ConfigError where an address is none."""
    mail = compose(message, context.sender, zone_of(channel, context.zone))
    return context.lines.send(mail) if context.lines else send_mail(mail, context.smtp)


def compose(message: Message, sender: Sender, zone: tzinfo = UTC, now: datetime | None = None) -> EmailMessage:
    """The mail, text and HTML, under 100 KB whatever the page held; times in `zone`, a day stays a day. Same Message-ID on every
    attempt. ConfigError where the sender or recipient is no address."""
    headers = _headers(message, sender, now or datetime.now(UTC))
    if message.kind == "ops":
        return _email(headers, "ops", _ops_view(message, sender))
    if message.kind not in bundle.TITLES:
        return _email(headers, "alert", _view(message, sender, zone))
    *larger, least = bundle.SHOWN
    for shown in larger:
        email = _email(headers, "bundle", _bundle_view(message, sender, zone, shown))
        if len(email.as_bytes()) < SIZE_CAP:
            return email
    return _email(headers, "bundle", _bundle_view(message, sender, zone, least))


def _email(headers: Mapping[str, Any], name: str, view: Mapping[str, Any]) -> EmailMessage:
    email, templates = EmailMessage(policy=_WIRE), _environment()
    for header, value in headers.items():
        email[header] = value
    email.set_content(templates.get_template(f"{name}.txt").render(view), cte="base64")
    email.add_alternative(templates.get_template(f"{name}.html").render(view).lstrip(), subtype="html", cte="base64")
    return email


def _headers(message: Message, sender: Sender, now: datetime) -> dict[str, Any]:
    source, leave = _address(sender.address), _address(sender.unsubscribe or sender.address)
    headers = {
        "From": _mailbox(source, clipped(sender.name, 60)),
        "To": _mailbox(_address(message.recipient)),
        "Subject": _subject(message, sender),
        "Date": format_datetime(now),
        "Message-ID": _message_id(message.id, source),
        "List-Unsubscribe": f"<mailto:{quote(leave, safe='@+')}?subject=unsubscribe>",
        "X-Entity-Ref-ID": _plain_id(message.id),
        "X-Portalwatch-Kind": message.kind,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if message.thread:
        headers |= dict.fromkeys(("In-Reply-To", "References"), _message_id(message.thread, source))
    return headers


class _Wire(EmailPolicy):
    """The SMTP policy with its own hand for the headers that Python's (3.11) spoils: it writes encoded words longer than the 75
    characters of RFC 2047, loses spaces between them, and encodes a message id that does not fit its line."""

    def fold(self, name: str, value: Any) -> str:
        folded = None if self.utf8 else _folded(name, value)
        return super().fold(name, value) if folded is None else folded

    def fold_binary(self, name: str, value: Any) -> bytes:
        folded = None if self.utf8 else _folded(name, value)
        return super().fold_binary(name, value) if folded is None else folded.encode("ascii")


class _Headers(HeaderRegistry):
    """The registry of Python, which makes a class for every header of every mail, with these classes kept."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        known = name.lower()
        if known not in self._kept:
            self._kept[known] = super().__getitem__(known)
        return self._kept[known]


_WIRE = _Wire(linesep="\r\n", header_factory=_Headers())


def _folded(name: str, value: Any) -> str | None:
    if name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
        return f"{name}: {value}\r\n"
    if name == "Subject":
        return f"{name}: {_words_of(str(value), name)}\r\n"
    if name == "From":
        return f"{name}: {_words_of(value.addresses[0].display_name, name)}\r\n <{value.addresses[0].addr_spec}>\r\n"
    return None


def _words_of(text: str, name: str) -> str:
    return Header(text, "utf-8", maxlinelen=75, header_name=name).encode(linesep="\r\n")


def _address(text: str) -> str:
    """The address with an international domain in its ASCII form."""
    if not _ADDRESS.fullmatch(text):
        raise ConfigError(f"`{clipped(text, 80)}` is no mail address")
    local, _, domain = text.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        raise ConfigError(f"`{clipped(text, 80)}` is no mail address: its domain cannot exist") from None


def _mailbox(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, username=local, domain=domain)


def _message_id(identity: str, address: str) -> str:
    return f"<{_plain_id(identity)}@{address.rpartition('@')[2]}>"


def _plain_id(identity: str) -> str:
    """The id itself where a header can carry it, else its digest."""
    if len(identity) <= 40 and _SAFE_ID.fullmatch(identity):
        return identity
    return hashlib.sha256(identity.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _subject(message: Message, sender: Sender) -> str:
    words = words_in(sender.language)
    label = ops.LABELS[ops.notice(message).event] if message.kind == "ops" else LABELS[message.kind]
    kind = words[label] if label else ""
    topics = clipped(words["comma"].join(title or slug for slug, title in message.topics), 40)
    parts = [part for part in (kind, topics, clipped(titled(message, words), SUBJECT_CAP)) if part]
    # `=?` would begin an encoded word of the page's own making
    return clipped("｜".join(parts).replace("=?", "= ?"), SUBJECT_CAP)


def _view(message: Message, sender: Sender, zone: tzinfo) -> dict[str, Any]:
    words, quote, language = words_in(sender.language), quoted(message), message.language or ""
    return {
        "words": words,
        "lang": sender.language,
        "text_lang": language if _LANGUAGE.fullmatch(language) else "zh",
        "badges": badges(message, words),
        "topics": capped([clipped(title or slug, 60) for slug, title in message.topics], SHOWN_TOPICS, words),
        "title": headline(message.title, message.hits),
        "change": changes(message),
        "excerpt": quote,
        "preview": clipped(quote.text, 120),
        "link": web_link(message.url),
        "byline": " · ".join(part for part in (clipped(message.portal_name, 80), moment(message.published_at, zone)) if part),
        "facts": [(label, value) for label, value in _facts(message, zone, words) if value],
        "unsubscribe": _address(sender.unsubscribe or sender.address),
    }


def _bundle_view(message: Message, sender: Sender, zone: tzinfo, shown: int) -> dict[str, Any]:
    words, see = words_in(sender.language), sender.site or f"portalwatch alerts list --message {_plain_id(message.id)}"
    return {
        "words": words,
        "lang": sender.language,
        "badges": [{"word": words[message.kind], "note": words["replay_note" if message.kind == "late" else f"{message.kind}_note"]}],
        "title": headline(titled(message, words), ()),
        "preview": clipped(words["comma"].join(story.title for story in bundle.ordered(message)[:3]), 120),
        "groups": bundle.groups(message, words, lambda value: moment(value, zone), shown),
        "more": bundle.rest(message, words, see, shown),
        "coverage": bundle.foot(message, words, zone),
        "unsubscribe": _address(sender.unsubscribe or sender.address),
    }


def _ops_view(message: Message, sender: Sender) -> dict[str, Any]:
    words = words_in(sender.language)
    return {
        "words": words,
        "lang": sender.language,
        "title": headline(message.title, ()),
        "preview": clipped(message.text, 120),
        "unsubscribe": _address(sender.unsubscribe or sender.address),
        **ops.view(message, words),
    }


def _facts(message: Message, zone: tzinfo, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (words["terms"], words["comma"].join(capped(terms(message.hits, words), SHOWN_TERMS, words))),
        (words["portal"], clipped(message.portal_name, 80)),
        (words["publisher"], " · ".join(capped([clipped(name, 80) for name in message.publisher], 6, words))),
        (words["author"], clipped(message.author or "", 120)),
        (words["published"], moment(message.published_at, zone)),
        (words["seen"], moment(message.first_seen_at, zone) if message.late else ""),
        (words["rights"], clipped(message.rights or "", 300)),
    ]


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
