"""The circuit breaker: a host that refuses us again and again is left alone, for longer each time."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from pipelines.store.standings import Standing

REFUSALS = 5
"""Refusals in a row after which a host is not asked any more."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=10), timedelta(hours=24)
REFUSING = frozenset({403, 429, 503})
"""Answers by which a host refuses. A 404 is an answer like any other, a 500 says nothing of us."""


class Breaker:
    """The standings of a portal's hosts, by host. Every method takes the present.

    Closed: requests go out. Open: after REFUSALS in a row, or when the portal asked us to wait, until the pause is over.
    Half open: the pause is over and nothing was answered yet. One listing goes out, or one page; one refusal opens again, for
    twice as long. A success closes.
    """

    def __init__(self, standings: Mapping[str, Standing] | None = None) -> None:
        self.standings = dict(standings or {})
        self._tried: dict[str, str] = {}

    def refused(self, host: str, why: str, now: datetime, *, page: bool) -> None:
        """`host` refused a request; `page` where that was an article's."""
        standing = self.standings.setdefault(host, Standing())
        if self.rests(host, now):
            return
        standing.refusals, standing.why, standing.asked = standing.refusals + 1, why, False
        standing.pages = standing.pages or page
        if standing.refusals >= REFUSALS or standing.pause or standing.until:
            standing.pause = min(standing.pause * 2, LONGEST_PAUSE) if standing.pause else FIRST_PAUSE
            standing.until = now + standing.pause

    def asked_to_wait(self, host: str, why: str, wait: timedelta, now: datetime) -> None:
        """`host` named the time for which it wants to be left alone."""
        standing = self.standings.setdefault(host, Standing())
        until = now + min(max(wait, timedelta(seconds=1)), LONGEST_PAUSE)
        standing.until = max(until, standing.until or until)
        standing.refusals, standing.why, standing.asked = max(standing.refusals, 1), why, True

    def answered(self, host: str, now: datetime, *, page: bool) -> None:
        """`host` gave a listing, or with `page` an article's page. What was still under way when a pause began does not end it."""
        standing = self.standings.get(host)
        if standing is not None and (page or not standing.pages) and not self.rests(host, now):
            del self.standings[host]

    def rests(self, host: str, now: datetime) -> Standing | None:
        """The standing of a host that is not to be asked now."""
        standing = self.standings.get(host)
        return standing if standing and standing.until and standing.until > now else None

    def admits(self, host: str, identity: str, now: datetime) -> bool:
        """Whether an article's page may be asked of the host: of one that is half open only the first article's."""
        return not self.is_half_open(host, now) or self._tried.setdefault(host, identity) == identity

    def is_half_open(self, host: str, now: datetime) -> bool:
        """Whether the next request to the host is a trial."""
        standing = self.standings.get(host)
        return standing is not None and standing.until is not None and standing.until <= now
