"""An alert as an e-mail: hostile text made into safe headers and two calm bodies."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from pipelines.alerts import late, ops
from pipelines.alerts.changes import changes, quoted
from pipelines.alerts.excerpt import clipped, headline, web_link
from pipelines.alerts.smtp import Smtp, send_mail
from pipelines.errors import ConfigError
from pipelines.models import Answer, Hit, Message

__all__ = ["Sender", "Smtp", "compose", "send", "send_mail"]

SUBJECT_CAP = 120
SHOWN_TOPICS, SHOWN_TERMS = 8, 16
_LABELS = {"new": None, "development": "developed", "revision": "updated", "vanished": "gone", "test": "test", "late": "late", "ops": None}

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
    def sender(self) -> Sender: ...
    @property
    def zone(self) -> tzinfo: ...


def send(channel: object, message: Message, context: MailContext) -> Answer:
    """One attempt to mail the message to its recipient; ConfigError where an address is none."""
    return send_mail(compose(message, context.sender, context.zone), context.smtp)


def compose(message: Message, sender: Sender, zone: tzinfo = UTC, now: datetime | None = None) -> EmailMessage:
    """The mail, text and HTML, under 100 KB whatever the page held; times in `zone`, a day stays a day. Same Message-ID on every
    attempt. ConfigError where the sender or recipient is no address."""
    email = EmailMessage(policy=_Wire(linesep="\r\n"))
    for name, value in _headers(message, sender, now or datetime.now(UTC)).items():
        email[name] = value
    templates, (name, views) = _environment(), _VIEWS.get(message.kind, ("alert", _view))
    view = views(message, sender, zone)
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
    words = _words(sender.language)
    label = ops.LABELS[ops.notice(message).event] if message.kind == "ops" else _LABELS[message.kind]
    kind = words[label] if label else ""
    topics = clipped(words["comma"].join(title or slug for slug, title in message.topics), 40)
    parts = [part for part in (kind, topics, clipped(_title(message, words), SUBJECT_CAP)) if part]
    # `=?` would begin an encoded word of the page's own making
    return clipped("｜".join(parts).replace("=?", "= ?"), SUBJECT_CAP)


def _view(message: Message, sender: Sender, zone: tzinfo) -> dict[str, Any]:
    words, quote, language = _words(sender.language), quoted(message), message.language or ""
    return {
        "words": words,
        "lang": sender.language,
        "text_lang": language if _LANGUAGE.fullmatch(language) else "zh",
        "badges": _badges(message, words),
        "topics": _capped([clipped(title or slug, 60) for slug, title in message.topics], SHOWN_TOPICS, words),
        "title": headline(message.title, message.hits),
        "change": changes(message),
        "excerpt": quote,
        "preview": clipped(quote.text, 120),
        "link": web_link(message.url),
        "byline": " · ".join(part for part in (clipped(message.portal_name, 80), _moment(message.published_at, zone)) if part),
        "facts": [(label, value) for label, value in _facts(message, zone, words) if value],
        "unsubscribe": _address(sender.unsubscribe or sender.address),
    }


def _late_view(message: Message, sender: Sender, zone: tzinfo) -> dict[str, Any]:
    words, see = _words(sender.language), sender.site or f"portalwatch alerts list --message {_plain_id(message.id)}"
    return {
        "words": words,
        "lang": sender.language,
        "badges": [{"word": words["late"], "note": words["replay_note"]}],
        "title": headline(_title(message, words), ()),
        "preview": clipped(words["comma"].join(story.title for story in message.stories[:3]), 120),
        "stories": late.lines(message, words, lambda value: _moment(value, zone)),
        "more": late.rest(message, words, see),
        "unsubscribe": _address(sender.unsubscribe or sender.address),
    }


def _ops_view(message: Message, sender: Sender, _zone: tzinfo) -> dict[str, Any]:
    words = _words(sender.language)
    return {
        "words": words,
        "lang": sender.language,
        "title": headline(message.title, ()),
        "preview": clipped(message.text, 120),
        "unsubscribe": _address(sender.unsubscribe or sender.address),
        **ops.view(message, words),
    }


_VIEWS = {"late": ("late", _late_view), "ops": ("ops", _ops_view)}


def _title(message: Message, words: Mapping[str, str]) -> str:
    return words["stories"].format(len(message.stories)) if message.kind == "late" else message.title


def _badges(message: Message, words: Mapping[str, str]) -> list[dict[str, str]]:
    names = [name for name in (_LABELS[message.kind], "late" if message.late else None) if name]
    return [{"word": words[name], "note": words[f"{name}_note"]} for name in names]


def _facts(message: Message, zone: tzinfo, words: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (words["terms"], words["comma"].join(_capped(_terms(message.hits, words), SHOWN_TERMS, words))),
        (words["portal"], clipped(message.portal_name, 80)),
        (words["publisher"], " · ".join(_capped([clipped(name, 80) for name in message.publisher], 6, words))),
        (words["author"], clipped(message.author or "", 120)),
        (words["published"], _moment(message.published_at, zone)),
        (words["seen"], _moment(message.first_seen_at, zone) if message.late else ""),
        (words["rights"], clipped(message.rights or "", 300)),
    ]


def _terms(hits: Iterable[Hit], words: Mapping[str, str]) -> list[str]:
    """Each term once, with what stands in the article where that is something else. A reader's comment is never quoted."""
    written: dict[str, list[str]] = {}
    for hit in hits:
        forms = written.setdefault(clipped(hit.term, 60), [])
        form = clipped(hit.as_written, 40)
        if not hit.field.startswith("comments") and form not in forms:
            forms.append(form)
    shown = {term: [form for form in forms if form != term][:3] for term, forms in written.items()}
    return [words["as"].format(term, words["comma"].join(forms)) if forms else term for term, forms in shown.items()]


def _capped(items: list[str], cap: int, words: Mapping[str, str]) -> list[str]:
    return items if len(items) <= cap else [*items[:cap], words["more"].format(len(items) - cap)]


def _moment(value: datetime | date | None, zone: tzinfo) -> str:
    """`2024-06-18 22:30 (Asia/Taipei)`; a day without a time is never given one."""
    if not isinstance(value, datetime):
        return value.isoformat() if value else ""
    try:
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M} ({zone})"
    except OverflowError:  # the year 1 or 9999, from a page's broken clock
        return value.isoformat(sep=" ", timespec="minutes")


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )


@lru_cache(maxsize=3)
def _words(language: str) -> Mapping[str, str]:
    tables: dict[str, dict[str, str]] = json.loads((_TEMPLATES / "words.json").read_text(encoding="utf-8"))
    return tables[language]
