"""A topic's stories as an Atom feed (RFC 4287)."""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from pipelines.alerts.excerpt import clipped, excerpt, headline, web_link
from pipelines.alerts.exchange import release
from pipelines.alerts.labels import badges, capped, terms, words_in
from pipelines.alerts.mail import Sender
from pipelines.store.feeds import Entry

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
LANGUAGE = "xml:lang"
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""When a feed without entries was updated."""
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")


def atom(topic: tuple[str, str], store: str, entries: Iterable[Entry], sender: Sender) -> bytes:
    """The feed of a topic (slug, title) of that store. The same entries give the same bytes; no address of the feed is in it, which
    would hold its token."""
    shown = list(entries)
    root = Xml.Element("feed", {"xmlns": ATOM, LANGUAGE: sender.language})
    _add(root, "id", _identity(store, topic[0]))
    _add(root, "title", clipped(topic[1] or topic[0], 200))
    _add(root, "updated", _stamp(max((each.updated for each in shown), default=FIRST)))
    _add(root, "generator", "portalwatch", version=release())
    _add(Xml.SubElement(root, "author"), "name", clipped(sender.name, 60))
    for each in shown:
        root.append(_entry(each, sender))
    Xml.indent(root, "")
    body: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _entry(entry: Entry, sender: Sender) -> Xml.Element:
    message, words = entry.message, words_in(sender.language)
    marks = words["comma"].join(badge["word"] for badge in badges(message, words))
    node = Xml.Element("entry", _language(message.language))
    _add(node, "id", _identity(message.id, message.recipient))
    _add(node, "title", "｜".join(part for part in (marks, headline(message.title, ()).text) if part) or "…")
    _add(node, "updated", _stamp(entry.updated))
    _add(node, "published", _stamp(entry.since))
    for name in (message.publisher or (message.portal_name,))[:6]:
        _add(Xml.SubElement(node, "author"), "name", clipped(name, 200) or message.portal)
    if link := web_link(message.url):
        Xml.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": link})
    for slug, title in message.topics:
        Xml.SubElement(node, "category", {"term": slug, "label": clipped(title or slug, 200)})
    _add(node, "content", _told(entry, sender), type="text")
    if message.rights:
        _add(node, "rights", clipped(message.rights, 300))
    return node


def _told(entry: Entry, sender: Sender) -> str:
    """The excerpt, what matched, and the portal, in lines."""
    message, words = entry.message, words_in(sender.language)
    matched = words["comma"].join(capped(terms(message.hits, words), 16, words))
    lines = [excerpt(message.text, message.hits).text, words["terms"] + words["colon"] + matched if matched else ""]
    lines.append(words["portal"] + words["colon"] + clipped(message.portal_name, 80))
    return "\n".join(line for line in lines if line)


def _language(value: str | None) -> dict[str, str]:
    return {LANGUAGE: value} if value and len(value) < 20 and set(value) <= _PLAIN and value[0].isalpha() else {}


def _identity(*parts: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("portalwatch", *parts))).urn


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _add(parent: Xml.Element, tag: str, text: str, **attributes: Any) -> None:
    Xml.SubElement(parent, tag, attributes).text = text
