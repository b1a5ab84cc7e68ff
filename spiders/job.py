"""A run's belongings, which spider, middleware and pipeline share."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from pipelines.alerts.outbox import Post
from pipelines.archive.place import Place
from pipelines.config import Settings
from pipelines.flow import Desk
from pipelines.models import Article, Outcome
from pipelines.sheet import Sheet
from pipelines.store import pages, runs
from pipelines.store.database import reading
from pipelines.store.pages import Found
from spiders.discovery import Link
from spiders.ledger import Ledger


@dataclass(slots=True, kw_only=True)
class SourceAnswer:
    """What became of one discovery address: how many links it gave, or why none."""

    url: str
    links: int = 0
    not_modified: bool = False
    why: str | None = None


@dataclass(slots=True, kw_only=True)
class Job:
    """One run of one portal.

    `known` and `read`: discovery addresses that earlier runs, and this one, read; `cut`: those whose paging ended early in this run;
    `asked`: every listing address that was requested; `history`: the day of the past that is read;
    `comes_again`: outcomes whose identities are due again; `troubles`: what went wrong beside the watching, which its reason tells.
    """

    settings: Settings
    sheet: Sheet
    desk: Desk
    post: Post
    run_id: int
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    ledger: Ledger = field(default_factory=Ledger)
    requests: Counter[str] = field(default_factory=Counter)
    spent: dict[str, int] = field(default_factory=dict)
    sources: list[SourceAnswer] = field(default_factory=list)
    known: dict[str, runs.Known] = field(default_factory=dict)
    read: dict[str, runs.Known] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    unmarked: list[Found] = field(default_factory=list)
    history: date | None = None
    comes_again: frozenset[Outcome] = frozenset({Outcome.LEFT, Outcome.FAILED})
    wait: timedelta | None = None
    bytes: int = 0
    archive: Place | None = None
    troubles: list[str] = field(default_factory=list)

    def load(self) -> None:
        """Read what the run starts from: budgets already spent, and what is known of its listings."""
        if self.desk.fast:
            self.desk.fast.alive(self.owner)
        with reading(self.desk.engine) as session:
            self.spent = {host: runs.spent(session, host, now()) for host in self.sheet.hosts}
            self.known = runs.known_sources(session, self.sheet.slug)

    def due(self) -> list[Found]:
        """Known identities whose time for another look has come, as many as the budget leaves."""
        with reading(self.desk.engine) as session:
            return self._leased(pages.due(session, self.sheet.slug, now(), self.sheet.pace.budget))

    def to_fetch(self, fresh: list[Found]) -> tuple[list[Found], list[Found]]:
        """(what to fetch of `fresh`, what is known). Redis is asked first, SQL where Redis does not know.

        What another run holds is neither: it stays open, is left at the end, and comes again should that run die.
        """
        seen = self.desk.fast.seen(self.sheet.slug, [each.key for each in fresh]) if self.desk.fast else None
        unsure = fresh if seen is None else [each for each, known in zip(fresh, seen, strict=True) if not known]
        with reading(self.desk.engine) as session:
            told = pages.sort(session, unsure, now())
        self.unmarked += told.unmarked
        known = [each.key for each in unsure if each.identity not in told.wanted]
        if self.desk.fast:
            self.desk.fast.mark_seen(self.sheet.slug, known)
        wanted = [each for each in unsure if each.identity in told.wanted]
        return self._leased(wanted), [each for each in fresh if each.identity not in told.wanted]

    def admits(self, link: Link, url: str) -> bool:
        """Whether an article that a listing names, at `url`, belongs to this run."""
        return True

    def misses(self, article: Article) -> str | None:
        """Why an article that was read does not belong to this run, None where it does."""
        return None

    def _leased(self, found: list[Found]) -> list[Found]:
        granted = self.desk.fast.lease(self.sheet.slug, self.owner, [each.identity for each in found]) if self.desk.fast else None
        return found if granted is None else [each for each, mine in zip(found, granted, strict=True) if mine]


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)
