"""The syndication chain of a story: who had it first, who took it over when, and what each changed.

Trust, in this order: the publisher that copies credit (a portal that prints somebody else's name gave away being first); the
publish times, as far as they can be true; when we first saw each. A time is an interval, for a page may name a day only, and
nothing was published after we saw it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from pipelines.text import fold, letters

SKEW = timedelta(minutes=10)
"""How far a portal's clock may be ahead of ours before its time is not believed."""
SHORTEST_NAME = 3
"""Letters of a publisher's name that may stand for it inside a longer one (BBC in BBC中文)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One telling as its page and our ledger say. `own` are the portal's names as a publisher, `credits` the page's, first one first;
    `zone` is the portal's, in which a day without a time is meant."""

    article_id: int
    own: tuple[str, ...]
    credits: tuple[str, ...]
    published_at: datetime | date | None
    first_seen_at: datetime
    zone: tzinfo = UTC
    role: str = "copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When a piece was published: between two times, by `clock` (published, day, first seen). `doubt` says why its page is not believed."""

    earliest: datetime
    latest: datetime
    clock: str
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A piece's place in the chain. `after`: its distance from the first, None for that, an upper bound where not `is_exact`."""

    article_id: int
    moment: Moment
    after: timedelta | None
    is_exact: bool
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """`publisher` had it first, and `why` is what tells. `is_here`: the first step is that publisher's own piece."""

    publisher: str
    why: str
    is_here: bool
    steps: tuple[Step, ...]


def chain_of(pieces: Sequence[Piece]) -> Chain:
    """The chain of a story's tellings, of which there is at least one."""
    moments = {piece.article_id: moment_of(piece) for piece in pieces}
    ordered = sorted(pieces, key=lambda piece: (moments[piece.article_id].latest, piece.first_seen_at, piece.article_id))
    whole = [piece for piece in ordered if piece.role != "part"] or ordered
    credit, why = _credited(whole)
    home = _home(credit, whole) if credit else whole[0]
    first = home or whole[0]
    publisher = first.own[0] if home else credit or "?"
    others = [piece for piece in ordered if piece is not first]
    steps = [_step(piece, first, moments, is_credited=bool(credit and home)) for piece in (first, *others)]
    return Chain(publisher=publisher, why=why if credit else why + _by_time(whole, moments), is_here=home is not None, steps=tuple(steps))


def moment_of(piece: Piece) -> Moment:
    """When the piece was published, as far as its page can be believed."""
    seen, said = piece.first_seen_at, piece.published_at
    if said is None:
        return Moment(earliest=datetime.min.replace(tzinfo=UTC), latest=seen, clock="first seen")
    is_day = not isinstance(said, datetime)
    earliest = datetime.combine(said, time(), piece.zone) if not isinstance(said, datetime) else said
    if earliest > seen + SKEW:
        ahead = f"says {earliest:%Y-%m-%d %H:%M %z}, {told(earliest - seen)} after we saw it"
        return Moment(earliest=datetime.min.replace(tzinfo=UTC), latest=seen, clock="first seen", doubt=f"{ahead}: not believed")
    latest = min(earliest + timedelta(days=1), seen) if is_day else min(earliest, seen)
    return Moment(earliest=min(earliest, latest), latest=latest, clock="day" if is_day else "published")


def told(span: timedelta) -> str:
    """A duration for people: 5 min, 2 h 5 min, 3 d 4 h."""
    minutes = round(abs(span).total_seconds() / 60)
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (0 if days else rest, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 min"


def is_same_publisher(one: str, other: str) -> bool:
    """Whether two names mean one publisher: equal in either script, or one inside the other."""
    a, b = sorted((letters(fold(one)), letters(fold(other))), key=len)
    return a == b or (len(a) >= SHORTEST_NAME and a in b)


def _credited(pieces: Sequence[Piece]) -> tuple[str | None, str]:
    """(the publisher that others credit, followed to the last one that anybody credits, why)."""
    credit, known = _commonest(pieces), list[str]()
    while credit and not any(is_same_publisher(credit, name) for name in known):
        known.append(credit)
        home = _home(credit, pieces)
        following = _foreign(home) if home else None
        if following is None:
            return credit, _why_credited(credit, known, pieces)
        credit = following
    return None, f"{' and '.join(known)} credit each other; " if known else "nobody credits another publisher; "


def _commonest(pieces: Sequence[Piece]) -> str | None:
    """The first publisher that most pieces credit which are not its own; of equals the one whose piece is here, then the earliest."""
    names = [name for name in map(_foreign, pieces) if name]
    counts = Counter(next(first for first in names if is_same_publisher(first, name)) for name in names)
    return max(counts, key=lambda name: (counts[name], _home(name, pieces) is not None), default=None)


def _foreign(piece: Piece) -> str | None:
    """The first publisher that the piece credits, None where that is its portal itself."""
    first = next(iter(piece.credits), None)
    return None if first is None or _is_of(piece, first) else first


def _home(credit: str, pieces: Sequence[Piece]) -> Piece | None:
    return next((piece for piece in pieces if _is_of(piece, credit)), None)


def _is_of(piece: Piece, publisher: str) -> bool:
    return any(is_same_publisher(own, publisher) for own in piece.own)


def _why_credited(credit: str, known: Sequence[str], pieces: Sequence[Piece]) -> str:
    count = sum(1 for piece in pieces if (name := _foreign(piece)) and is_same_publisher(name, known[0]))
    followed = f"{known[0]}, " + ", ".join(f"who credits {name}" for name in known[1:]) if len(known) > 1 else credit
    where = "its own piece is here" if _home(credit, pieces) else "its own piece is not among what we read"
    return f"{count} of {len(pieces)} {'credits' if count == 1 else 'credit'} {followed}; {where}"


def _by_time(pieces: Sequence[Piece], moments: dict[int, Moment]) -> str:
    first = moments[pieces[0].article_id]
    ground = {"published": "the earliest publish time", "day": "the earliest day", "first seen": "we saw it first"}[first.clock]
    rivals = [moments[piece.article_id] for piece in pieces[1:]]
    if any(rival.earliest < first.latest for rival in rivals):
        ground += ", though another may be as old: not all pages say a time"
    return ground if rivals else "the only one that we know"


def _step(piece: Piece, first: Piece, moments: dict[int, Moment], *, is_credited: bool) -> Step:
    moment, origin = moments[piece.article_id], moments[first.article_id]
    after = None if piece is first else moment.latest - origin.latest
    doubts = [moment.doubt] if moment.doubt else []
    if is_credited and after is not None and moment.clock == origin.clock == "published" and after < timedelta():
        doubts.append(f"carries a time {told(after)} earlier than that of whom it is credited to: the credit counts for more")
    exact = moment.clock == origin.clock == "published"
    return Step(article_id=piece.article_id, moment=moment, after=after, is_exact=exact, doubts=tuple(doubts))
