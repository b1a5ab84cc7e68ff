"""The ledger: every identity that a run discovers ends in exactly one outcome."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipelines.models import Outcome
from pipelines.store.pages import Found

SAMPLES = 20  # pieces of evidence that a run keeps


@dataclass(slots=True)
class Ledger:
    """One run's account. `found` is in the order of discovery; `whys`: what made an outcome, by identity; `heard` is told of every one."""

    found: dict[str, Found] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    whys: dict[str, str] = field(default_factory=dict)
    heard: Callable[[Found, Outcome, str | None], None] | None = None

    def discover(self, found: Iterable[Found]) -> list[Found]:
        """Take up what a listing names; gives those that this run had not met yet."""
        fresh = list({each.identity: each for each in found if each.identity not in self.found}.values())
        self.found |= {each.identity: each for each in fresh}
        return fresh

    def met_as_known(self, found: Iterable[Found]) -> list[Found]:
        """What this run settled as known, and another listing now names with a mark."""
        return [
            each for each in found if each.mark and self.outcomes.get(each.identity) is Outcome.KNOWN and self.found[each.identity] != each
        ]

    def reopen(self, found: Found) -> None:
        """A known identity turns out to have moved: it is fetched after all."""
        del self.outcomes[found.identity]
        self.whys.pop(found.identity, None)
        self.found[found.identity] = found

    def settle(self, found: Found, outcome: Outcome, why: str | None = None) -> None:
        """The one outcome of an identity; settling it twice is an error of ours, and told."""
        assert found.identity in self.found, f"{found.url}: settled but never discovered"
        assert found.identity not in self.outcomes, f"{found.url}: settled twice, {self.outcomes[found.identity]} then {outcome}"
        self.outcomes[found.identity] = outcome
        if self.heard is not None:
            self.heard(found, outcome, why)
        if why:
            self.whys[found.identity] = why
            self.note(found.url, outcome, why)

    def put_off(self, found: Found, why: str) -> None:
        """It may not be asked for in this run, and stays open, to be left at the end."""
        self.whys[found.identity] = why

    def fail(self, found: Found, why: str) -> None:
        """An error of ours over an identity: that is its outcome where it has none yet, and evidence where it has."""
        if found.identity in self.outcomes:
            self.note(found.url, Outcome.FAILED, why)
        else:
            self.settle(found, Outcome.FAILED, why)

    def note(self, url: str, outcome: str, why: str) -> None:
        """Keep a piece of evidence, the first SAMPLES of a run."""
        if len(self.evidence) < SAMPLES:
            self.evidence.append({"url": url, "outcome": str(outcome), "why": why})

    def open(self) -> list[Found]:
        """What has no outcome yet."""
        return [found for identity, found in self.found.items() if identity not in self.outcomes]

    def ended(self, outcomes: Collection[Outcome]) -> list[Found]:
        """What ended in one of these."""
        return [self.found[identity] for identity, outcome in self.outcomes.items() if outcome in outcomes]

    def counts(self) -> Mapping[str, int]:
        """Outcomes that occurred, with how often."""
        return {str(outcome): count for outcome, count in Counter(self.outcomes.values()).items()}
