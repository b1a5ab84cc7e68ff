"""What a message may quote of an article: a short passage around its hits, never the whole, safe to print anywhere."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pipelines.models import Hit

EXCERPT_CAP = 280
TITLE_CAP = 300
LINK_CAP = 2048
SHARE = 0.6
"""At most this part of a text is quoted, so that even a three-line flash is never sent whole."""

ELLIPSIS = "…"
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BROKEN = re.compile(r"[\x00\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(r"(?i)https?://[!#-;=?-\[\]_a-z~]+")
_SENTENCE_END = re.compile(r"(?:[。！？；!?\n]|\.(?=\s))[」』”’）)》]*\s*")

Segment = tuple[str, bool]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A quotable piece: its text, the same cut into (text, highlighted), and the hits as offsets into that text."""

    text: str
    segments: tuple[Segment, ...]
    hits: tuple[Hit, ...]


def printable(text: str) -> str:
    """The text with every offset kept: control, line-breaking and direction-overriding characters are spaces, what no
    encoding or database takes (NUL, lone surrogates, U+FFFE, U+FFFF) is U+FFFD."""
    return _UNPRINTABLE.sub(" ", _BROKEN.sub("\ufffd", text))


def excerpt(text: str, hits: Iterable[Hit], cap: int = EXCERPT_CAP) -> Passage:
    """The passage of `text` that shows most different terms, at most `cap` code points with its ellipses and never more
    than SHARE of the text; its beginning where no hit is in it. Takes the hits of the field `text`, gives them as `excerpt`."""
    room = min(cap, int(len(text) * SHARE)) - 2 * len(ELLIPSIS)
    if room < 1:
        return Passage(text=ELLIPSIS if text else "", segments=((ELLIPSIS, False),) if text else (), hits=())
    start, end = _window(text, _within(hits, "text", (0, len(text))), room)
    return _cut(text, (start, end), hits, ("text", "excerpt"))


def headline(title: str, hits: Iterable[Hit], cap: int = TITLE_CAP) -> Passage:
    """The title, cut at its end where it is longer than `cap` code points; takes and gives the hits of the field `title`."""
    end = len(title) if len(title) <= cap else max(cap - len(ELLIPSIS), 0)
    return _cut(title, (0, end), hits, ("title", "title"))


def clipped(text: str, cap: int) -> str:
    """The text on one line, printable, at most `cap` code points with an ellipsis where it was cut."""
    line = " ".join(printable(text[: 4 * cap + 64]).split())
    return line if len(line) <= cap else line[: cap - len(ELLIPSIS)].rstrip() + ELLIPSIS


def web_link(url: str) -> str | None:
    """The URL where it is one that a reader may be led to: http or https, a host, ASCII, no user, at most LINK_CAP long."""
    if len(url) > LINK_CAP or not _LINK.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.hostname and "@" not in parts.netloc else None


def segments(text: str, spans: Iterable[Span]) -> tuple[Segment, ...]:
    """The text cut into (text, highlighted), in order and without gaps; spans that overlap or touch become one."""
    pieces: list[Segment] = []
    at = 0
    for start, end in _merged(spans):
        pieces += [(text[at:start], False), (text[start:end], True)]
        at = end
    return tuple(piece for piece in [*pieces, (text[at:], False)] if piece[0])


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _within(hits: Iterable[Hit], field: str, window: Span) -> list[Hit]:
    """The hits of one field cut to the window, by place; a hit outside it, or of another revision's length, is left out."""
    low, high = window
    cut = (replace(hit, start=max(hit.start, low), end=min(hit.end, high)) for hit in hits if hit.field == field)
    return sorted((hit for hit in cut if hit.start < hit.end), key=lambda hit: (hit.start, hit.end))


def _cut(text: str, window: Span, hits: Iterable[Hit], fields: tuple[str, str]) -> Passage:
    start, end = window
    head = ELLIPSIS if start > 0 else ""
    quoted = head + printable(text[start:end]) + (ELLIPSIS if end < len(text) else "")
    shift = len(head) - start
    moved = tuple(_moved(hit, shift, fields[1], quoted) for hit in _within(hits, fields[0], window))
    return Passage(text=quoted, segments=segments(quoted, [(hit.start, hit.end) for hit in moved]), hits=moved)


def _moved(hit: Hit, shift: int, field: str, quoted: str) -> Hit:
    start, end = hit.start + shift, hit.end + shift
    return replace(hit, start=start, end=end, field=field, as_written=quoted[start:end])


def _window(text: str, hits: Sequence[Hit], room: int) -> Span:
    first, last = _densest(hits, room)
    start = 0 if last <= room * 4 // 5 else max(0, first - (room - (last - first)) // 3)
    start = _opening(text, min(start, max(len(text) - room, 0)), first)
    return start, _closing(text, last, min(start + room, len(text)))


def _densest(hits: Sequence[Hit], room: int) -> Span:
    """Where most different terms, then most hits, then the earliest stand within `room` code points: one sweep."""
    cut = [replace(hit, end=min(hit.end, hit.start + room)) for hit in hits]
    best, chosen, inside, after = (0, 0), cut[:0], Counter[str](), 0
    for at, hit in enumerate(cut):
        while after < len(cut) and cut[after].end <= hit.start + room:
            inside[cut[after].term] += 1
            after += 1
        if (len(inside), after - at) > best:
            best, chosen = (len(inside), after - at), cut[at:after]
        inside[hit.term] -= 1
        if not inside[hit.term]:
            del inside[hit.term]
    return (chosen[0].start, max(hit.end for hit in chosen)) if chosen else (0, 0)


def _opening(text: str, start: int, first: int) -> int:
    """The next beginning of a sentence or word at or after `start`, but not beyond the first hit."""
    if start == 0:
        return _after_space(text, 0, first)
    sentence = _SENTENCE_END.search(text, start - 1, first)
    if sentence:
        return sentence.end()
    while start < first and _splits(text, start):
        start += 1
    return _after_space(text, start, first)


def _closing(text: str, last: int, end: int) -> int:
    whole = end
    while end > last and _splits(text, end):
        end -= 1
    if end == last:
        end = whole
    while end > last and text[end - 1].isspace():
        end -= 1
    return end


def _after_space(text: str, start: int, first: int) -> int:
    while start < first and text[start].isspace():
        start += 1
    return start


def _splits(text: str, at: int) -> bool:
    """Whether a cut before `text[at]` falls inside a Latin word, a number, or a letter and its marks."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    joined = after == "\u200d" or before == "\u200d" or unicodedata.category(after) in ("Mn", "Me", "Mc")
    return joined or (_is_wordlike(before) and _is_wordlike(after))


def _is_wordlike(character: str) -> bool:
    return character.isalnum() and unicodedata.category(character) != "Lo"
