"""Whether a run succeeded: said by what it found and kept, never by an exit status."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.models import Outcome
from spiders.job import SourceAnswer
from spiders.ledger import Ledger

STORE_AWAY = "store_away"
STOPPED = {"shutdown": "stopped before its end", "killed": "killed before its end", STORE_AWAY: "the database took nothing more"}
FEW = 3  # pages; fewer failures say nothing about the portal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`succeeded`, and a reason: why not, or what was odd in a run that did. `lasting`: another run would find the same."""

    succeeded: bool
    reason: str | None = None
    lasting: bool = False


def verdict(sources: Sequence[SourceAnswer], ledger: Ledger, finish_reason: str) -> Verdict:
    """Judge a run. A run fails where it could not see the portal: the task that runs it then fails too, with the reason."""
    if finish_reason in STOPPED:
        return Verdict(succeeded=False, reason=STOPPED[finish_reason])
    troubles = list(dict.fromkeys(source.why for source in sources if source.why))
    if not any(source.links or source.not_modified for source in sources):
        return Verdict(succeeded=False, reason="; ".join(troubles) or "no listing was read")
    failure = _challenged(ledger) or _blind(ledger)
    if failure:
        return Verdict(succeeded=False, reason=failure)
    odd = [f"{source.url}: {source.why}" for source in sources if source.why]
    return Verdict(succeeded=True, reason="; ".join(odd) or None)


def _challenged(ledger: Ledger) -> str | None:
    """Challenge pages in the place of articles, as many as were read or more: one of them says it all."""
    met = [why for why in ledger.whys.values() if why.startswith("challenge")]
    return f"{len(met)} pages are challenge pages ({met[0]})" if met and len(met) >= _read(ledger) else None


def _read(ledger: Ledger) -> int:
    return sum(ledger.counts().get(outcome, 0) for outcome in (Outcome.NEW, Outcome.REVISED, Outcome.UNCHANGED))


def _blind(ledger: Ledger) -> str | None:
    counts = ledger.counts()
    unread = {outcome: counts[outcome] for outcome in (Outcome.NOT_ARTICLE, Outcome.EMPTY, Outcome.FAILED) if counts.get(outcome)}
    if _read(ledger) or sum(unread.values()) < FEW:
        return None
    first = ledger.evidence[0]["why"] if ledger.evidence else "no evidence"
    return f"none of {sum(unread.values())} pages gave an article ({first})"
