"""How far a crawl is, for a person who looks on while it runs. Imports no Scrapy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spiders.job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What a run does now, how many requests it sent, what became of its articles so far, and how many are left to read."""

    portal: str
    stage: str
    requests: int
    left: int
    outcomes: Mapping[str, int]


Tell = Callable[[Progress], None]


def progress(job: "Job", stage: str = "") -> Progress:
    """How far the run is, at `stage` or what can be told from its open ends."""
    left = len(job.ledger.found) - len(job.ledger.outcomes)
    listings = job.readings.waiting or not job.readings.walks
    reading = "reading pages" if left else "reading listings" if listings else "reading comments"
    return Progress(
        portal=job.sheet.slug,
        stage=stage or reading,
        requests=sum(job.requests.values()),
        left=left,
        outcomes=job.ledger.counts(),
    )
