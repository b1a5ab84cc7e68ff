"""What a run's discovery addresses tell it, and what it leaves of them to the run after it. Pure: the store is the caller's."""

from collections.abc import Collection, Set
from dataclasses import dataclass, field, replace

from pipelines.sources import Source
from pipelines.store.pages import Found
from pipelines.store.sources import Known
from spiders.walk import Walk


@dataclass(slots=True, kw_only=True)
class Named:
    """What a discovery address named in this run, in its order; `whole` unless some of it stood there as before and was not read."""

    identities: dict[str, None] = field(default_factory=dict)
    whole: bool = True


@dataclass(slots=True, kw_only=True)
class Readings:
    """The discovery addresses of one run, by their keys.

    `known` and `read`: those that earlier runs, and this one, read; `walks`: how this run goes through each; `named`: what it
    found there; `cut`: those whose paging ended early in this run; `asked`: every listing address that was requested.
    """

    known: dict[str, Known] = field(default_factory=dict)
    read: dict[str, Known] = field(default_factory=dict)
    walks: dict[str, Walk] = field(default_factory=dict)
    named: dict[str, Named] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    def begin(self, source: Source) -> None:
        """The walk through a source."""
        self.walks[source.key] = Walk(source=source, known=self.known.get(source.key))

    @property
    def waiting(self) -> int:
        """Listings that were asked for and not read yet."""
        return sum(walk.waiting for walk in self.walks.values())

    def name(self, key: str, found: Collection[Found], *, whole: bool = True) -> None:
        """Take down what a discovery address named; one that is read and names nothing tells nothing."""
        if found or not whole:
            named = self.named.setdefault(key, Named())
            named.identities |= {each.identity: None for each in found}
            named.whole = named.whole and whole

    def lately(self, key: str) -> tuple[str, ...]:
        """Identities that the discovery address named in this run or not long before."""
        if walk := self.walks.get(key):
            return walk.remembered()[0]
        return self.known[key].names if key in self.known else ()

    def learned(self, failed: Set[str], *, saw_the_portal: bool) -> dict[str, Known]:
        """{key: what the next run is to know of it}; `failed` are the identities whose pages did.

        Of a run that did not see its portal only that a paging was cut."""
        whole = {key: known for key, known in self.read.items() if saw_the_portal and key not in self.cut}
        cut = {key: replace(known, cut=True) for key, known in self.known.items() if key in self.cut}
        return {key: self._learned(key, known, failed) for key, known in whole.items()} | cut

    def _learned(self, key: str, known: Known, failed: Set[str]) -> Known:
        """With what the walk learned. While a page that the listing names fails, the listing is read again though its bytes be the same."""
        walk = self.walks.get(key)
        if walk is None:
            return known
        names, paging = walk.remembered()
        return replace(known, digest=known.digest if failed.isdisjoint(walk.names) else None, names=names, paging=paging)
