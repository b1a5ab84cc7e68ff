"""The share of a portal that we hold, estimated from two independent views of it by capture and recapture."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

FEW = 5
"""Identities of a window below which a view says nothing about the portal."""
FALL = 0.1
"""A share that lies so far below its usual value has fallen."""

View = Mapping[str, datetime]  # {identity: when it appeared}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What two views say. `share` is from 0 to 1; None where they cannot say, and then `why` tells it in words.

    `views` is how many identities each view names since `since`, `both` how many both name, `estimate` how many there are.
    """

    share: float | None = None
    why: str | None = None
    views: Mapping[str, int] | None = None
    both: int | None = None
    estimate: float | None = None
    since: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """What a run keeps of it."""
        since = self.since.isoformat() if self.since else None
        return {"why": self.why, "views": dict(self.views or {}), "both": self.both, "estimate": self.estimate, "since": since}


def chapman(one: int, other: int, both: int) -> float:
    """The size of a population of which two independent samples caught `one` and `other`, `both` of them twice.

    The Lincoln-Petersen estimate in Chapman's form, which is nearly unbiased and finite for `both` = 0: D. G. Chapman, "Some
    properties of the hypergeometric distribution with applications to zoological censuses", University of California
    Publications in Statistics 1 (1951), 131-160.
    """
    return (one + 1) * (other + 1) / (both + 1) - 1


def share_of(views: Mapping[str, View], held: Collection[str]) -> Share:
    """The share that we hold of what appeared in the window which two views cover, by the pair that has most in common.

    A view covers the time since the older quarter of what it names: what is pinned or ranked below that is no part of the
    window. One view within the other says that the wider one is whole; what both miss in common nobody can see.
    """
    named = {name: view for name, view in views.items() if view}
    if len(named) < 2:
        return Share(why=f"only one view ({next(iter(named))})" if named else "no view was read")
    pairs = [_pair({name: named[name] for name in pair}, held) for pair in combinations(sorted(named), 2)]
    return max(pairs, key=lambda each: (each.share is not None, each.both or 0))


def _pair(views: Mapping[str, View], held: Collection[str]) -> Share:
    since = max(_edge(view) for view in views.values())
    one, other = ({identity for identity, at in view.items() if at >= since} for view in views.values())
    counts = dict(zip(views, (len(one), len(other)), strict=True))
    both, names = len(one & other), " and ".join(views)
    if min(counts.values()) < FEW:
        return Share(why=f"too few to tell: {names} name {len(one)} and {len(other)} in common time", views=counts, both=both, since=since)
    if not both:
        return Share(why=f"{names} have nothing in common: are they of one population?", views=counts, both=both, since=since)
    estimate = max(chapman(len(one), len(other), both), float(len(one | other)))
    share = len((one | other) & set(held)) / estimate
    return Share(share=round(share, 3), views=counts, both=both, estimate=round(estimate, 1), since=since)


def _edge(view: View) -> datetime:
    """The time from which on a view is dense: that of the older quarter's last."""
    times = sorted(view.values())
    return times[len(times) // 4]


def fallen_from(shares: Sequence[float]) -> float | None:
    """The usual share, where the last of these (oldest first) lies FALL below it; the usual one is the median of those before."""
    before = sorted(shares[:-1])
    usual = before[len(before) // 2] if len(before) >= FEW else None
    return usual if usual is not None and shares[-1] < usual - FALL else None
