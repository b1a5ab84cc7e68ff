"""The ledger, whatever a run does with it: every identity ends in one outcome, and what is counted is what was discovered."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from pipelines.models import Outcome
from pipelines.store.pages import Found
from spiders.ledger import SAMPLES, Ledger

IDENTITIES = st.sampled_from(["1", "2", "3", "臺灣", "台湾", "nid=7", "NID=7"])
MARKS = st.none() | st.sampled_from(["lastmod=1", "lastmod=2", "listing=1"])
FOUND = st.builds(
    lambda identity, mark: Found(portal="cape", identity=identity, url=f"http://cape.example/{identity}", mark=mark), IDENTITIES, MARKS
)
FINAL = st.sampled_from([outcome for outcome in Outcome if outcome is not Outcome.KNOWN])


class Account(RuleBasedStateMachine):
    """A run: listings name pages, pages end somehow, another listing names one again, the run ends."""

    met = Bundle("met")

    def __init__(self) -> None:
        super().__init__()
        self.ledger, self.heard = Ledger(), list[str]()
        self.ledger.heard = lambda found, _outcome, _why: self.heard.append(found.identity)

    @rule(target=met, named=st.lists(FOUND, max_size=5))
    def discover(self, named: list[Found]) -> object:
        before = set(self.ledger.found)
        fresh = self.ledger.discover(named)
        assert [each.identity for each in fresh] == list(dict.fromkeys(each.identity for each in named if each.identity not in before))
        return multiple(*fresh)

    @rule(found=met, outcome=FINAL | st.just(Outcome.KNOWN), why=st.none() | st.just("why"))
    def settle(self, found: Found, outcome: Outcome, why: str | None) -> None:
        if found.identity in self.ledger.outcomes:
            with pytest.raises(AssertionError, match="settled twice"):
                self.ledger.settle(found, outcome, why)
        else:
            self.ledger.settle(found, outcome, why)

    @rule(found=FOUND)
    def settle_a_stranger(self, found: Found) -> None:
        if found.identity not in self.ledger.found:
            with pytest.raises(AssertionError, match="never discovered"):
                self.ledger.settle(found, Outcome.NEW)

    @rule(found=met)
    def fail(self, found: Found) -> None:
        before = self.ledger.outcomes.get(found.identity, Outcome.FAILED)
        self.ledger.fail(found, "an error of ours")
        assert self.ledger.outcomes[found.identity] is before

    @rule(named=st.lists(FOUND, max_size=5))
    def reopen(self, named: list[Found]) -> None:
        for each in {each.identity: each for each in self.ledger.met_as_known(named)}.values():
            self.ledger.reopen(each)
            assert each in self.ledger.open()

    @rule()
    def end(self) -> None:
        for each in self.ledger.open():
            self.ledger.settle(each, Outcome.LEFT)
        assert sum(self.ledger.counts().values()) == len(self.ledger.found)

    @invariant()
    def balances(self) -> None:
        assert sum(self.ledger.counts().values()) + len(self.ledger.open()) == len(self.ledger.found)
        assert set(self.ledger.outcomes) <= set(self.heard)
        assert len(self.ledger.evidence) <= SAMPLES
        assert all(found.identity == identity for identity, found in self.ledger.found.items())


TestAccount = Account.TestCase
TestAccount.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
