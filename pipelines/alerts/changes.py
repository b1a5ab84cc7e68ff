"""What a message about a revision tells of the change: a few places with what was cut and added there, never the whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.alerts.excerpt import ELLIPSIS, EXCERPT_CAP, Passage, clipped, excerpt, printable
from pipelines.dedup.difference import Change, difference
from pipelines.dedup.essence import essence, same_headline
from pipelines.models import Message

SHOWN = 6
"""Places that a message shows."""
PIECE_CAP = 80
"""Code points of what was cut or added in a place."""
AROUND, LEAST, PART = 14, 4, 0.05
"""Code points of what stands beside it: this part of the text, within these bounds."""
CHANGES_CAP, SHARE, QUOTED = 400, 0.4, 0.5
"""Code points of all places together; the parts of the text that they and the excerpt beside them may show, so that never all of it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place: what was cut and added there, and what stands before and after it in the new text."""

    before: str
    cut: str
    added: str
    after: str

    @property
    def size(self) -> int:
        """Code points of it all."""
        return len(self.before) + len(self.cut) + len(self.added) + len(self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The former title where it said something else; places in the text's order, and how many `more`; letters cut and added."""

    title: str | None = None
    places: tuple[Place, ...] = ()
    more: int = 0
    cut: int = 0
    added: int = 0


def changes(message: Message) -> Changes:
    """What changed since the recipient heard last; empty where the message is about no revision. Counters and stamps are left out."""
    if message.before is None:
        return Changes()
    title, text = message.before
    new = essence(message.text)[0]
    found, around = difference(essence(text)[0], new), max(LEAST, min(AROUND, int(len(new) * PART)))
    candidates = (_place(change, new, around) for change in found.changes[:SHOWN])
    places = tuple(_fitting(candidates, min(CHANGES_CAP, int(len(message.text) * SHARE))))
    former = None if same_headline(title, message.title) else clipped(title, PIECE_CAP)
    return Changes(title=former, places=places, more=len(found.changes) - len(places), cut=found.cut, added=found.added)


def quoted(message: Message) -> Passage:
    """The message's excerpt; a shorter one beside changes."""
    return excerpt(message.text, message.hits, min(EXCERPT_CAP, int(len(message.text) * QUOTED)) if message.before else EXCERPT_CAP)


def payload(message: Message) -> dict[str, object]:
    """The key `change` of the webhook's data."""
    told = changes(message)
    places = [{"before": each.before, "cut": each.cut, "added": each.added, "after": each.after} for each in told.places]
    return {"change": {"title": told.title, "places": places, "more": told.more, "cut": told.cut, "added": told.added}}


def _place(change: Change, text: str, around: int) -> Place:
    low, high = change.at
    before, after = text[max(low - around, 0) : low].rpartition("\n")[2], text[high : high + around].partition("\n")[0]
    return Place(
        before=_beside(before, is_cut=low > len(before), is_left=True),
        cut=_piece(change.cut),
        added=_piece(change.added),
        after=_beside(after, is_cut=high + len(after) < len(text), is_left=False),
    )


def _beside(text: str, *, is_cut: bool, is_left: bool) -> str:
    shown = printable(text)
    return shown if not is_cut or not shown.strip() else f"{ELLIPSIS}{shown}" if is_left else f"{shown}{ELLIPSIS}"


def _piece(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= PIECE_CAP else shown[: PIECE_CAP - len(ELLIPSIS)] + ELLIPSIS


def _fitting(places: Iterable[Place], room: int) -> Iterator[Place]:
    for place in places:
        if place.size <= room:
            room -= place.size
            yield place
