"""The boundaries between two steps of the work, by name: a test halts a process at one, and kills there what it wants to."""

import os
import signal
from enum import StrEnum

VARIABLE = "PORTALWATCH_HALT_AT"


class Point(StrEnum):
    """Every boundary; whoever is killed at one loses nothing and does nothing twice."""

    RUN_OPENED = "run.opened"
    REQUESTS_RESERVED = "requests.reserved"
    LISTING_READ = "listing.read"
    PAGE_LEASED = "page.leased"
    PAGE_FETCHED = "page.fetched"
    PAGE_ARCHIVED = "page.archived"
    PAGE_EXTRACTED = "page.extracted"
    ARTICLE_DRAFTED = "article.drafted"
    ARTICLE_STORED = "article.stored"
    ARTICLE_PLACED = "article.placed"
    ARTICLE_MATCHED = "article.matched"
    ARTICLE_OWED = "article.owed"
    ARTICLE_COMMITTED = "article.committed"
    ARTICLE_POSTED = "article.posted"
    PAGE_SETTLED = "page.settled"
    PAGE_SEEN = "page.seen"
    ARCHIVE_INDEXED = "archive.indexed"
    ARCHIVE_TAKEN = "archive.taken"
    RUN_ENDING = "run.ending"
    RUN_WRITTEN = "run.written"
    RUN_CLOSED = "run.closed"
    ALERT_CLAIMED = "alert.claimed"
    ALERT_COMPOSED = "alert.composed"
    ALERT_SENT = "alert.sent"
    ALERT_RECORDED = "alert.recorded"
    LATE_RELEASED = "late.released"
    REPLAY_KEPT = "replay.kept"
    REPLAY_READ = "replay.read"
    FORGET_STORED = "forget.stored"
    FORGET_MARKED = "forget.marked"
    FORGET_REWRITTEN = "forget.rewritten"
    UPKEEP_INDEXED = "upkeep.indexed"
    UPKEEP_AGED = "upkeep.aged"
    ARCHIVE_AGING = "archive.aging"


def passing(point: Point) -> None:
    """Halt the process (SIGSTOP) where its environment names this point; whoever asked for that kills it, or lets it go on."""
    if os.environ.get(VARIABLE) == point:
        signal.raise_signal(signal.SIGSTOP)
