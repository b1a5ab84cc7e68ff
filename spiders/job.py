"""A run's belongings, which spider, middleware and pipeline share."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from itertools import chain, zip_longest
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from pipelines.alerts.outbox import Post
from pipelines.archive.place import Place
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.health.tally import UNREAD, Tally
from pipelines.models import Article, Outcome
from pipelines.points import Point, passing
from pipelines.sheet import Sheet
from pipelines.sources import Source
from pipelines.store import numbers, pages, runs, sources, standings
from pipelines.store.database import in_one_reading, in_one_transaction
from pipelines.store.pages import Found
from pipelines.store.standings import Standing
from pipelines.store.tables import Portal
from spiders.breaker import Breaker
from spiders.discovery import Link, Listed
from spiders.ledger import Ledger
from spiders.progress import Tell, progress
from spiders.readings import Readings


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

    `sources`: what its discovery addresses answered; `readings`: what they told;
    `requests`: what each host was sent, of what is `granted`, last from the day `granted_on`; `spent`: what other runs took of it;
    `stood`: how the portal's hosts stood with us before; `reserved`: what they reserve from text and data mining, by root;
    `history`: the day of the past that is read; `comes_again`: outcomes whose identities are due again;
    `onlooker`: who is told how far the run is; `tally`: what it read, for health;
    `troubles`: what went wrong beside the watching, which its reason tells.
    """

    settings: Settings
    sheet: Sheet
    desk: Desk
    post: Post
    run_id: int
    owner: str = field(default_factory=lambda: uuid.uuid4().hex)
    ledger: Ledger = field(default_factory=Ledger)
    breaker: Breaker = field(default_factory=Breaker)
    stood: dict[str, Standing] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    spent: dict[str, int] = field(default_factory=dict)
    granted: Counter[str] = field(default_factory=Counter)
    granted_on: dict[str, date] = field(default_factory=dict)
    sources: list[SourceAnswer] = field(default_factory=list)
    readings: Readings = field(default_factory=Readings)
    unmarked: list[Found] = field(default_factory=list)
    reserved: dict[str, dict[str, Any]] = field(default_factory=dict)
    history: date | None = None
    comes_again: frozenset[Outcome] = frozenset({Outcome.LEFT, Outcome.FAILED})
    bytes: int = 0
    archive: Place | None = None
    troubles: list[str] = field(default_factory=list)
    onlooker: Tell | None = None
    tally: Tally = field(default_factory=Tally)

    def load(self) -> None:
        """Read what the run starts from: budgets already spent, and what is known of its listings and hosts."""
        if self.desk.fast:
            self.desk.fast.alive(self.owner)
        in_one_reading(self.desk.engine, self._recall)
        self.ledger.heard = self._heard

    def _recall(self, session: Session) -> None:
        self.spent = runs.spent(session, now())
        self.readings.known = sources.known_sources(session, self.sheet.slug)
        self.stood, known = (standings.standings(session, self.sheet.slug) for _ in range(2))
        self.breaker = Breaker(known)
        self.reserved = dict(session.get_one(Portal, self.sheet.slug).reserved or {})

    def say(self, stage: str = "") -> None:
        """Tell the onlooker, if there is one, how far the run is."""
        if self.onlooker is not None:
            self.onlooker(progress(self, stage))

    @property
    def rules(self) -> str:
        """The digest of the rules by which listings are read: an edited sheet reads them anew, modified or not."""
        rules = self.sheet.model_dump_json(include={"discovery", "articles", "hosts"})
        return blake2b(rules.encode(), digest_size=8).hexdigest()

    def reserve(self, host: str) -> None:
        """Take more of the host's daily budget, as far as there is any."""
        present = now()
        taken, before = in_one_transaction(self.desk.engine, lambda session: runs.reserve(session, host, self.sheet.pace.budget, present))
        passing(Point.REQUESTS_RESERVED)
        self.spent[host] = before - self.granted[host]
        self.granted[host] += taken
        if taken:
            self.granted_on[host] = present.date()

    def unused(self) -> dict[tuple[str, date], int]:
        """{(host, day): requests} that were granted and not sent."""
        return {(host, day): self.granted[host] - self.requests[host] for host, day in self.granted_on.items()}

    def rests(self, url: str) -> str | None:
        """Why the address' host is not to be asked now, None where it may be."""
        standing = self.breaker.rests(host_of(url), now())
        return standing.words(host_of(url)) if standing else None

    def rests_wholly(self) -> list[str]:
        """Why the portal as a whole rests: a sentence for each host of its discovery, none where one may be asked."""
        why = [self.rests(source.url) for source in self.sheet.discovery]
        return list(dict.fromkeys(filter(None, why))) if all(why) else []

    def answered(self, url: str, *, page: bool) -> None:
        """The address' host gave what it was asked for."""
        self.breaker.answered(host_of(url), now(), page=page)

    def due(self) -> list[Found]:
        """Known identities whose time for another look has come, as many as the budget leaves, of hosts that may be asked."""
        found = in_one_reading(self.desk.engine, lambda session: pages.due(session, self.sheet.slug, now(), self.sheet.pace.budget))
        return self._leased([each for each in found if not self.rests(each.url)])

    def gaps(self) -> list[Found]:
        """Numbers that no listing named, as many as a run may look up; none while the portal is learned."""
        if self.desk.learning or not self.sheet.pace.gaps:
            return []
        by_form = zip_longest(*(window.gaps(self.sheet.slug) for window in self.windows()))
        open_ones = (each for each in chain.from_iterable(by_form) if each and each.identity not in self.ledger.found)
        return self._leased([each for each in open_ones if not self.rests(each.url)][: self.sheet.pace.gaps])

    def windows(self) -> list[numbers.Window]:
        """The last numbers of each sequence."""
        slug, forms = self.sheet.slug, self.sheet.sequences
        found = in_one_reading(self.desk.engine, lambda session: [numbers.window(session, slug, form) for form in forms])
        return [window for window in found if window is not None]

    def further(self, source: Source, number: int, listed: Listed) -> int | None:
        """The page to read after page `number` of a listing that has pages, None where it was the last."""
        return number + 1 if self.readings.walks[source.key].goes_on(number) else None

    def to_fetch(self, fresh: list[Found]) -> tuple[list[Found], list[Found]]:
        """(what to fetch of `fresh`, what is known). Redis is asked first, SQL where Redis does not know.

        What another run holds is neither: it stays open, is left at the end, and comes again should that run die.
        """
        seen = self.desk.fast.seen(self.sheet.slug, [each.key for each in fresh]) if self.desk.fast else None
        unsure = fresh if seen is None else [each for each, known in zip(fresh, seen, strict=True) if not known]
        told = in_one_reading(self.desk.engine, lambda session: pages.sort(session, unsure, now()))
        self.unmarked += told.unmarked
        known = [each.key for each in unsure if each.identity not in told.wanted]
        if self.desk.fast:
            self.desk.fast.mark_seen(self.sheet.slug, known)
        wanted = [each for each in unsure if each.identity in told.wanted]
        return self._leased(wanted), [each for each in fresh if each.identity not in told.wanted]

    def admits(self, link: Link, url: str) -> bool:
        """Whether an article that a listing names, at `url`, belongs to this run."""
        return True

    def figures(self) -> dict[str, Any]:
        """What health judges the run by."""
        unread = [(found.url, self.ledger.whys.get(found.identity, "")) for found in self.ledger.ended(UNREAD)]
        return self.tally.told(unread, [(source.url, source.why, source.not_modified) for source in self.sources])

    def misses(self, article: Article) -> str | None:
        """Why an article that was read does not belong to this run, None where it does."""
        return None

    def _leased(self, found: list[Found]) -> list[Found]:
        granted = self.desk.fast.lease(self.sheet.slug, self.owner, [each.identity for each in found]) if self.desk.fast else None
        passing(Point.PAGE_LEASED)
        return found if granted is None else [each for each, mine in zip(found, granted, strict=True) if mine]

    def _heard(self, found: Found, outcome: Outcome, why: str | None) -> None:
        """What became of a page tells how its host stands with us; a failure was told when it was answered."""
        if (why or "").startswith("challenge"):
            self.breaker.refused(host_of(found.url), "a challenge page", now(), page=True)
        elif outcome in READ:
            self.answered(found.url, page=True)


READ = frozenset({Outcome.NEW, Outcome.REVISED, Outcome.UNCHANGED, Outcome.NOT_ARTICLE, Outcome.EMPTY})


def host_of(url: str) -> str:
    """The address' host, empty where it has none."""
    return (urlsplit(url).hostname or "").lower()


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)
