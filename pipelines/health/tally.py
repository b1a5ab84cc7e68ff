"""The figures of a run that health judges later: counted while pages are read, one small object a run."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from pipelines.extract.garbled import is_garbled
from pipelines.health.kinds import kind_of
from pipelines.models import Article, Outcome

UNREAD = frozenset({Outcome.FAILED, Outcome.NOT_ARTICLE, Outcome.EMPTY, Outcome.DENIED})
"""Outcomes of a page that was asked for, or would have been, and gave no article."""
MOST_TROUBLES = 10
_SHEET = "sheet"  # how a rung begins that the sheet's own place of the text gave


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a run read. `good`: the last article that has what one must, {"url", "at"}; `bad`: the last that has not, {"url", "why"}."""

    counts: Counter[str] = field(default_factory=Counter)
    lengths: list[int] = field(default_factory=list)
    good: dict[str, Any] | None = None
    bad: dict[str, Any] | None = None

    def read(self, article: Article, at: str) -> None:
        """One article was read, at that time."""
        has = {
            "titled": bool(article.title.strip()),
            "dated": article.published_at is not None,
            "credited": bool(article.publisher),
            "zoned": article.rung.startswith(_SHEET),
            "sound": not is_garbled(article.title + article.text),
        }
        self.counts.update(["read", *(name for name, there in has.items() if there)])
        self.lengths.append(len(article.text))
        lacks = [words for name, words in _MUST.items() if not has[name]]
        if lacks:
            self.bad = {"url": article.url, "why": ", ".join(lacks)}
        else:
            self.good = {"url": article.url, "at": at}

    def told(self, unread: Sequence[tuple[str, str]], listings: Sequence[tuple[str, str | None, bool]]) -> dict[str, Any]:
        """What a run keeps. `unread`: (address, why) of pages that gave no article; `listings`: (address, trouble, whether unmodified).

        Keys: `read`, `titled`, `dated`, `credited`, `zoned`, `sound` articles; `pages` asked for; `kinds` of blindness among those
        that gave none; `length` of the usual text; `listed` listings that were read, `unmodified` of them; `troubles` of the others;
        a `good` page and a `bad` one.
        """
        lost = [(url, why) for url, why in unread if not is_single(why)]
        troubles = [[url, why] for url, why, _ in listings if why][:MOST_TROUBLES]
        return {
            **self.counts,
            "pages": self.counts["read"] + len(lost),
            "kinds": dict(Counter(kind_of(why) for _, why in lost)),
            "length": int(median(self.lengths)) if self.lengths else 0,
            "listed": sum(why is None for _, why, _ in listings),
            "unmodified": sum(same for _, _, same in listings),
            "troubles": troubles,
            "good": self.good,
            "bad": next(({"url": url, "why": why[:300]} for url, why in (*lost, *troubles)), self.bad),
        }


_MUST = {"titled": "no title", "sound": "garbled text", "dated": "no publish time"}


def is_single(why: str) -> bool:
    """Whether the words are of one page only: it is gone, or it is no article of its portal's kind."""
    return why.startswith(("missing: status 404", "missing: status 410"))
