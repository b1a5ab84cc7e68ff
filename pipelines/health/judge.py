"""What ails a portal, judged by its own past: pure, from looks to signs."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb
from statistics import median
from typing import Any, TypeVar

from pipelines.coverage import SILENT_ENDS
from pipelines.health.kinds import KINDS, MISSED, kind_of
from pipelines.health.look import Look
from pipelines.health.rhythm import Rhythm, before_rest, rest_of, rhythm_of
from pipelines.health.words import lasted, stamp

SURE = 1e-5
"""The chance below which so few of so many are no accident."""
_HALF = 0.5
_NEARLY = 0.97  # what is said of every article is believed no further than this
_SHORTER = 0.35
_ENOUGH = 5  # articles from which on a median length says something
_REGULAR = 20  # gaps between runs that tell a schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A blindness that the newest looks show: its kind, since when, how many runs in a row, and the evidence, a line each.

    `good` and `bad`: the last page that read well ({"url", "at"}), and one that does not ({"url", "why"}), where they are known.
    """

    kind: str
    since: datetime
    runs: int
    evidence: tuple[str, ...]
    good: Mapping[str, Any] | None = None
    bad: Mapping[str, Any] | None = None

    @property
    def is_told(self) -> bool:
        """Whether it lasted long enough to be told."""
        return self.runs >= KINDS[self.kind].after

    @property
    def slot(self) -> str:
        """Signs of one slot follow each other in one incident: a portal that is blind is blind once, however that changes."""
        return "blind" if KINDS[self.kind].blind else self.kind


def signs(looks: Sequence[Look], now: datetime, rhythm: Rhythm | None = None) -> list[Sign]:
    """What the looks (oldest first) show, one sign a slot; a blindness explains what began with it. `rhythm`: theirs, where it is known."""
    found = {sign.slot: sign for sign in reversed(list(_all(looks, now, rhythm)))}
    blind = found.get("blind")
    return [sign for sign in found.values() if sign is blind or blind is None or not blind.is_told or sign.since < blind.since]


def _all(looks: Sequence[Look], now: datetime, rhythm: Rhythm | None) -> Iterator[Sign]:
    telling = [look for look in looks if look.finish_reason not in SILENT_ENDS]
    yield from _failing(telling)
    yield from _unread(telling)
    for share in SHARES:
        yield from _fallen(telling, share)
    yield from _shorter(telling)
    yield from _resting(telling, now, rhythm)
    yield from _part(telling)
    yield from _overdue(looks, now)


def _failing(looks: Sequence[Look]) -> Iterator[Sign]:
    """Runs that failed, the newest ones in a row, whatever the reasons: the one that is most often wins, the newest of equals."""
    row = _last_in_row(looks, lambda look: not look.succeeded and kind_of(look.reason) != "frozen")
    if row:
        kinds = Counter(_kind_of(look) for look in reversed(row))
        kind = kinds.most_common(1)[0][0]
        newest = next(look for look in reversed(row) if _kind_of(look) == kind)
        told = f"{len(row)} runs in a row failed since {stamp(row[0].at)}: {newest.reason}"
        yield _sign(looks, row, kind, told)


def _kind_of(look: Look) -> str:
    """By its reason; where that is that no page was read, by what most pages said."""
    kinds = Counter(look.figures.get("kinds") or {})
    return kinds.most_common(1)[0][0] if look.reason.startswith("none of") and kinds else kind_of(look.reason)


def _unread(looks: Sequence[Look]) -> Iterator[Sign]:
    """Most pages that are asked for give no article, and usually most do."""
    for row, fell in _fall(looks, lambda look: (_figure(look, "read"), _figure(look, "pages"))):
        kinds = sum((Counter(look.figures.get("kinds") or {}) for look in row), Counter[str]())
        kind = kinds.most_common(1)[0][0] if kinds else "layout"
        kind = kind if kind in KINDS and KINDS[kind].blind else "layout"
        yield _sign(looks, row, kind, f"{fell.of - fell.had} of {fell.of} pages gave no article, usually {1 - fell.usual:.0%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of the articles read that usually has something: its figure, the kind that its loss is, and what is missing."""

    figure: str
    kind: str
    what: str


SHARES = (
    Share(figure="sound", kind="charset", what="readable text"),
    Share(figure="titled", kind="layout", what="title"),
    Share(figure="zoned", kind="layout", what="the sheet's place of the text"),
    Share(figure="dated", kind="dates", what="publish time"),
    Share(figure="credited", kind="publisher", what="publisher"),
)


def _fallen(looks: Sequence[Look], share: Share) -> Iterator[Sign]:
    for row, fell in _fall(looks, lambda look: (_figure(look, share.figure), _figure(look, "read"))):
        told = f"{share.what} missing on {fell.of - fell.had} of {fell.of} articles, usually on {1 - fell.usual:.0%}"
        yield _sign(looks, row, share.kind, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fall:
    had: int
    of: int
    usual: float


def _fall(looks: Sequence[Look], counts: Callable[[Look], tuple[int, int]]) -> Iterator[tuple[Sequence[Look], _Fall]]:
    """The newest looks in a row in which half or less of what usually is there was, where that is no accident."""
    counted = [(look, (had, of)) for look in looks for had, of in (counts(look),) if of]
    usual = _mean([count for _, count in counted])
    row = _last_in_row(counted, lambda each: each[1][0] <= _HALF * usual * each[1][1])
    usual = _mean([count for _, count in counted[: len(counted) - len(row)]])
    had, of = (sum(count[place] for _, count in row) for place in (0, 1))
    if row and had <= _HALF * usual * of and _chance(had, of, min(usual, _NEARLY)) < SURE:
        yield [look for look, _ in row], _Fall(had=had, of=of, usual=usual)


def _mean(counts: Sequence[tuple[int, int]]) -> float:
    return sum(had for had, _ in counts) / (sum(of for _, of in counts) or 1)


def _chance(had: int, of: int, usual: float) -> float:
    """That at most `had` of `of` have what each has with the chance `usual`."""
    return sum(comb(of, count) * usual**count * (1 - usual) ** (of - count) for count in range(had + 1))


def _shorter(looks: Sequence[Look]) -> Iterator[Sign]:
    telling = [look for look in looks if _figure(look, "length")]
    usual = median([_figure(look, "length") for look in telling]) if telling else 0
    row = _last_in_row(telling, lambda look: _figure(look, "length") < _SHORTER * usual)
    if row and len(row) < len(telling) and sum(_figure(look, "read") for look in row) >= _ENOUGH:
        told = f"a usual text has {median(_figure(look, 'length') for look in row):.0f} characters, before it had {usual:.0f}"
        yield _sign(looks, row, "short", told)


def _resting(looks: Sequence[Look], now: datetime, rhythm: Rhythm | None) -> Iterator[Sign]:
    rhythm = rhythm or rhythm_of(before_rest(looks))
    rest = rest_of(rhythm, looks) if rhythm else None
    if rest is not None and rest.is_unusual:
        told = f"nothing new for {lasted(now - rest.since)}, in {rest.runs} runs; in such a time {rest.missed:.0f} articles are usual"
        same = sum(look.figures.get("unmodified", 0) == look.figures.get("listed", 0) > 0 for look in looks[-rest.runs :])
        more = f"its listings were the same, byte for byte, in {same} of these runs" if same else "its listings name only what is known"
        good = _good([look for look in looks if look.at <= rest.since])
        yield Sign(kind="frozen", since=rest.since, runs=rest.runs, evidence=(told, more), good=good)


def _part(looks: Sequence[Look]) -> Iterator[Sign]:
    """A listing that fails run after run while the run as a whole does not."""
    troubles: Mapping[str, str] = dict((looks[-1].figures.get("troubles") or ()) if looks and looks[-1].succeeded else ())
    rows = {url: _last_in_row(looks, lambda look, url=url: url in dict(look.figures.get("troubles") or ())) for url in troubles}  # type: ignore[misc]
    lasting = {url: row for url, row in rows.items() if len(row) >= KINDS["part"].after}
    if lasting:
        row = max(lasting.values(), key=len)
        yield Sign(kind="part", since=row[0].at, runs=len(row), evidence=tuple(f"{url}: {troubles[url]}" for url in lasting))


def _overdue(looks: Sequence[Look], now: datetime) -> Iterator[Sign]:
    """No run began for three of a regular schedule's pauses."""
    gaps = [after.at - before.at for before, after in zip(looks[-_REGULAR:], looks[-_REGULAR + 1 :], strict=False)]
    usual = sorted(gaps)[len(gaps) // 2] if len(gaps) > _ENOUGH else timedelta(0)
    if sum(gap <= 1.5 * usual for gap in gaps) < 0.8 * len(gaps) or not usual or now - looks[-1].at <= MISSED * usual:
        return
    missed = int((now - looks[-1].at) / usual)
    told = f"no run since {stamp(looks[-1].at)}, usually every {lasted(usual)}: {missed} are missed"
    yield Sign(kind="overdue", since=looks[-1].at, runs=missed, evidence=(told,), good=_good(looks))


_Each = TypeVar("_Each")


def _last_in_row(looks: Sequence[_Each], shows: Callable[[_Each], bool]) -> Sequence[_Each]:
    first = len(looks)
    while first and shows(looks[first - 1]):
        first -= 1
    return looks[first:]


def _sign(looks: Sequence[Look], row: Sequence[Look], kind: str, told: str) -> Sign:
    bad = next((look.figures["bad"] for look in reversed(row) if look.figures.get("bad")), None)
    good = _good([look for look in looks if look.at < row[0].at])
    return Sign(kind=kind, since=row[0].at, runs=len(row), evidence=(told,), good=good, bad=bad)


def _good(looks: Sequence[Look]) -> Mapping[str, Any] | None:
    return next((look.figures["good"] for look in reversed(looks) if look.figures.get("good")), None)


def _figure(look: Look, name: str) -> int:
    return int(look.figures.get(name) or 0)
