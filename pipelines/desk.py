"""What a run keeps articles with."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from sqlalchemy import Engine

from pipelines.dedup.fast import Fast
from pipelines.models import Article
from pipelines.store import comments, pages
from pipelines.watch.engine import Matcher
from pipelines.watch.watchlist import Watchlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a run keeps articles with. `learning`: what is already there is kept and matched, not alerted.

    `threads`: whether comments stand on pages of their own, so that an article's page shows a part of them at most.
    `seen_at`: when an article that is new here counts as first seen, given the present; a day of the past says the day.
    `zone`: the installation's, by whose clock whoever names none hears.
    `late`: the name of a replay or backfill, whose new matches reach each recipient as one late message at its end.
    """

    engine: Engine
    fast: Fast | None
    watchlist: Watchlist
    matcher: Matcher
    learning: bool
    looks: pages.Looks
    comments: str = comments.PSEUDONYMOUS
    threads: bool = False
    late: str | None = None
    zone: tzinfo = UTC
    seen_at: Callable[[Article, datetime], datetime] = lambda _article, now: now
