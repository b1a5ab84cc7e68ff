"""Reading a listing page by page until it names nothing new, without being fooled by what stands still at its head."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pipelines.sources import Api, Listing, Source
from pipelines.store.sources import Known, Paging

NAMES = 500
"""Identities that a listing is remembered to have named, the latest first."""
PATIENCE = 16
"""Readings without news after which one page less is read, where more than one was."""


@dataclass(slots=True, kw_only=True)
class Walk:
    """One listing in one run.

    *News* is an identity that is not known to the store (or whose mark moved), that the listing did not name lately, and that
    stood on no earlier page of this walk. So neither a block pinned to the head of every page nor an item that is "new" at
    every reading (it fails, it is denied, its mark never rests) leads on, and what moves from page to page while we read
    counts once.

    The next page is read while
    - the listing is taken stock of: it was never read whole, the last walk was cut short, or the sheet now allows more pages;
    - the page held news, wherever on the page it stood: pinned and old items around it do not matter;
    - fewer pages were read than news was last found on (`reach`, 1 at first);
    - or these held none, for the 1st, 2nd, 4th, 8th or 16th time in a row (then each 16th): one page more is *looked past*.

    News found by looking past means that the head does not tell (a whole page is pinned, the order is not by time), so `reach`
    grows by that page; it shrinks after PATIENCE readings without news on its last page. A page that brings no identity which
    earlier pages lacked ends the listing.

    What an item that is deleted while we read draws over the edge between two pages is seen at a later reading, if that page
    is read then; the number sequence or a second view tells where it is not.
    """

    source: Source
    known: Known | None
    names: dict[str, None] = field(default_factory=dict)
    news: dict[int, bool] = field(default_factory=dict)
    fresh: dict[int, bool] = field(default_factory=dict)
    waiting: int = 0

    @property
    def paging(self) -> Paging:
        """What earlier walks learned of the listing's pages."""
        return self.known.paging if self.known else Paging()

    def page(self, number: int, identities: Sequence[str], unsettled: Collection[str]) -> None:
        """Take up page `number`; `unsettled` are those of its identities that this run does not know to be known."""
        lately = self.known.names if self.known else ()
        fresh = [each for each in identities if each not in self.names]
        self.fresh[number] = bool(fresh)
        self.news[number] = not set(unsettled).isdisjoint(set(fresh) - set(lately))
        self.names |= dict.fromkeys(identities)

    def unmodified(self, number: int) -> None:
        """Page `number` is what it was at the last whole reading."""
        self.fresh[number], self.news[number] = True, False

    def goes_on(self, number: int) -> bool:
        """Whether the page after `number` is read."""
        source = self.source
        if not isinstance(source, Listing | Api) or not source.has_pages or number >= source.pages or not self.fresh[number]:
            return False
        return self._takes_stock(source) or self.news[number] or number < self.paging.reach or self._looks_past(number)

    def remembered(self) -> tuple[tuple[str, ...], Paging]:
        """(what the listing named lately, what is now known of its pages)."""
        reach, idle = self.paging.reach, self.paging.idle + 1
        if self.news.get(reach) or not isinstance(self.source, Listing | Api):
            idle = 0
        elif self.news.get(reach + 1):
            reach, idle = reach + 1, 0
        elif idle % PATIENCE == 0:
            reach = max(1, reach - 1)
        depth = self.source.pages if isinstance(self.source, Listing | Api) else 1
        names = tuple(dict.fromkeys((*_ends(tuple(self.names)), *(self.known.names if self.known else ()))))
        return names[:NAMES], Paging(reach=min(reach, depth), idle=idle, depth=depth)

    def _takes_stock(self, source: Listing | Api) -> bool:
        return self.known is None or self.known.cut or (self.paging.depth or source.pages) < source.pages

    def _looks_past(self, number: int) -> bool:
        turn = self.paging.idle + 1
        return number == self.paging.reach and (turn % PATIENCE == 0 or turn & (turn - 1) == 0)


def _ends(names: tuple[str, ...]) -> tuple[str, ...]:
    """The first and the last of too many: a feed begins with the newest, some sitemaps end with it."""
    return names if len(names) <= NAMES else (*names[: NAMES // 2], *names[-NAMES // 2 :])
