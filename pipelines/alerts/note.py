"""An alert as a short plain text, for chats: nothing in it means anything to any service but its link."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from typing import Literal, Protocol

from pipelines.alerts.changes import changes, quoted
from pipelines.alerts.excerpt import ELLIPSIS, clipped, headline, printable, web_link
from pipelines.alerts.labels import badges, capped, moment, terms, titled, words_in
from pipelines.models import BundledStory, Message

TITLE_CAP, LINE_CAP, LINK_CAP = 120, 120, 500
BYTES = 2000
"""UTF-8 bytes of title and text together: below the limits of WeCom (2048), ntfy (4096) and all that count characters."""
SHOWN = 5
"""Stories of a late message."""
_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in "@<>*_~`#|[]{}\\"}
_INERT = str.maketrans({**_WIDE, **dict.fromkeys(map(ord, "\u200b\u200e\u200f\u2060\u061c\ufeff"))})
_IN_LINK = str.maketrans({sign: f"%{ord(sign):02X}" for sign in "@*~()[]!'"})


class Language(Protocol):
    """What a note reads of the sender."""

    @property
    def language(self) -> Literal["zh-Hant", "zh-Hans", "en"]: ...
    @property
    def site(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One message: its title on one line, and paragraphs with an empty line between them. Within `room` and BYTES."""

    title: str
    text: str


def note(message: Message, sender: Language, zone: tzinfo, room: int = BYTES) -> Note:
    """The message in at most `room` characters and BYTES: the link stands whole, the excerpt is what gives way."""
    words = words_in(sender.language)
    labels = words["comma"].join(badge["word"] for badge in badges(message, words))
    name = headline(titled(message, words), ()).text
    title = _line("｜".join(part for part in (labels, name) if part), TITLE_CAP)
    before, after = _around(message, sender, zone)
    left = min(room, BYTES) - len("".join((title, *before, *after)).encode()) - 2 * (len(before) + len(after) + 2)
    middle = _cut(inert(_said(message)), left) if message.text else ""
    return Note(title=title, text="\n\n".join(part for part in (*before, middle, *after) if part))


def _said(message: Message) -> str:
    """An excerpt of an article's text; the whole where the words are our own."""
    if message.kind in ("ops", "test"):
        return "\n".join(printable(line) for line in message.text.splitlines())
    return printable(quoted(message).text)


def inert(text: str) -> str:
    """The text with every sign by which a chat mentions people, formats or links as its full-width form, which none of them reads."""
    return text.translate(_INERT).replace("://", "：//")


def _around(message: Message, sender: Language, zone: tzinfo) -> tuple[list[str], list[str]]:
    """The lines before the excerpt and after it."""
    words = words_in(sender.language)
    if message.stories:
        return list(_stories(message.stories)), [_rest(message, sender)]
    topics = words["comma"].join(clipped(title or slug, 40) for slug, title in message.topics)
    source = words["colon"].join((words["publisher"], " · ".join(capped([clipped(each, 30) for each in message.publisher], 3, words))))
    byline = (clipped(message.portal_name, 40), source if message.publisher else "", moment(message.published_at, zone))
    former = changes(message).title
    before = (
        *(badge["note"] for badge in badges(message, words)),
        topics,
        " · ".join(part for part in byline if part),
        words["former"] + words["colon"] + former if former else "",
    )
    matched = words["comma"].join(capped(terms(message.hits, words), 4, words))
    after = [_line(words["terms"] + words["colon"] + matched, LINE_CAP) if matched else "", _link(message.url)]
    return [_line(each, LINE_CAP) for each in before if each], [each for each in after if each]


def _stories(stories: Iterable[BundledStory]) -> Iterable[str]:
    for story in list(stories)[:SHOWN]:
        yield "\n".join(part for part in (_line(story.title, 60) or ELLIPSIS, _link(story.url, 150)) if part)


def _rest(message: Message, sender: Language) -> str:
    left = len(message.stories) - SHOWN
    see = sender.site or f"portalwatch alerts list --message {message.id}"
    return words_in(sender.language)["rest"].format(left, see) if left > 0 else ""


def _line(text: str, cap: int) -> str:
    return inert(clipped(text, cap))


def _link(url: str, cap: int = LINK_CAP) -> str:
    link = (web_link(url) or "").translate(_IN_LINK)
    return link if len(link) <= cap else ""


def _cut(text: str, size: int) -> str:
    """The text in at most `size` bytes."""
    if len(text.encode()) <= size:
        return text
    short = text.encode()[: max(size - len(ELLIPSIS.encode()), 0)].decode("utf-8", "ignore").rstrip()
    return short + ELLIPSIS if short else ""
