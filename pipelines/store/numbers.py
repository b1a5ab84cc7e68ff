"""Running numbers: what a portal counts on its own is a second view of it, and its gaps are what no listing named."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.identity import Identity
from pipelines.models import Outcome
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow

WINDOW = 200
"""Numbers, back from the highest, that are looked at: the bound of what can ever be a gap."""
SUPPORT = 3
"""Known numbers of one window that make its highest one believed: a stray link with a huge number moves nothing."""
ENOUGH = 10
"""Gaps that must have been looked up before they tell anything of the others."""
RECENT = 500  # newest pages by which the highest number is found
NO_ARTICLE = {Outcome.NOT_ARTICLE.value, Outcome.EMPTY.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A known number: whether its page is an article that we hold, or was asked for and is none; `at` when it appeared."""

    held: bool
    missing: bool
    learned: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The last numbers of one sequence, from `low` to `high`; `known` holds those that have a page."""

    form: Identity
    low: int
    high: int
    known: dict[int, Numbered]

    def gaps(self, portal: str) -> list[Found]:
        """Numbers that no listing named and nobody asked for, the highest first; learned where the next higher one is."""
        found, learned = [], True
        for number in range(self.high, self.low, -1):
            if number in self.known:
                learned = self.known[number].learned
            else:
                key, url = self.form.key_of(number), self.form.url_of(number)
                found.append(Found(portal=portal, identity=key, url=url, learned=learned))
        return found

    def view(self, listed: Collection[str]) -> dict[str, datetime]:
        """{key: when it appeared} of the articles among the numbers; empty while too few gaps were looked up to tell.

        A gap that nobody asked for counts as those did that were: where one in ten was an article, every tenth is one. It is
        as old as the next higher number. `listed` are the keys that listings named.
        """
        looked_up = [each for number, each in self.known.items() if self.form.key_of(number) not in listed and (each.held or each.missing)]
        unasked = [number for number in range(self.high, self.low, -1) if number not in self.known]
        if len(looked_up) < min(ENOUGH, len(unasked)):
            return {}
        articles = sum(each.held for each in looked_up)
        likely = unasked[:: max(1, round(len(looked_up) / articles))] if articles else []
        there = {number: each.at for number, each in self.known.items() if not each.missing}
        there |= {number: self.known[min(higher for higher in self.known if higher > number)].at for number in likely}
        return {self.form.key_of(number): at for number, at in there.items()}

    def told(self) -> dict[str, Any]:
        """{"numbers": the key, "from", "to", "held", "missing" (asked for, and no article), "gaps" (not asked for yet)}."""
        rows = self.known.values()
        counts = {"held": sum(row.held for row in rows), "missing": sum(row.missing for row in rows)}
        return {"numbers": self.form.key, "from": self.low, "to": self.high, **counts, "gaps": self.high - self.low + 1 - len(rows)}


def window(session: Session, portal: str, form: Identity) -> Window | None:
    """The last numbers of a sequence, None before enough of them are known to believe in one."""
    prefix = form.key.partition("{")[0]
    newest = select(PageRow.identity).where(PageRow.portal == portal, PageRow.identity.startswith(prefix, autoescape=True))
    found = [form.number_of(identity) for identity in session.scalars(newest.order_by(PageRow.id.desc()).limit(RECENT))]
    high = _highest(sorted({number for number in found if number is not None}))
    if high is None:
        return None
    known = _known(session, portal, form, range(max(high - WINDOW + 1, 0), high + 1))
    return Window(form=form, low=min(known), high=high, known=known)


def _highest(numbers: Sequence[int]) -> int | None:
    supported = (number for place, number in enumerate(numbers) if place >= SUPPORT - 1 and number - numbers[place - SUPPORT + 1] < WINDOW)
    return max(supported, default=None)


def _known(session: Session, portal: str, form: Identity, numbers: range) -> dict[int, Numbered]:
    query = (
        select(PageRow, ArticleRow.published_at)
        .outerjoin(ArticleRow, ArticleRow.page_id == PageRow.id)
        .add_columns(ArticleRow.id)
        .where(PageRow.portal == portal, PageRow.identity.in_([form.key_of(number) for number in numbers]))
    )
    return {
        form.number_of(row.identity) or 0: Numbered(
            held=article is not None,
            missing=article is None and row.outcome in NO_ARTICLE,
            learned=row.learned,
            at=min(published or row.first_seen_at, row.first_seen_at),
        )
        for row, published, article in session.execute(query)
    }
