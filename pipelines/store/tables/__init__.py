"""The tables: SQL is the truth, and this is all of it."""

from pipelines.store.tables.articles import ArticleRow, Forgotten, Revision, Shingle
from pipelines.store.tables.base import Base
from pipelines.store.tables.collection import HostDay, Learned, Listed, Listing, Meta, PageRow, Portal, Run, Source
from pipelines.store.tables.outbox import AlertRow, Match, Owed, Retraction, Verdict, WatchlistRow
from pipelines.store.tables.stories import Related, Ruling, Story, Telling
from pipelines.store.tables.tallies import Tally

__all__ = [
    "AlertRow",
    "ArticleRow",
    "Base",
    "Forgotten",
    "HostDay",
    "Learned",
    "Listed",
    "Listing",
    "Match",
    "Meta",
    "Owed",
    "PageRow",
    "Portal",
    "Related",
    "Retraction",
    "Revision",
    "Ruling",
    "Run",
    "Shingle",
    "Source",
    "Story",
    "Tally",
    "Telling",
    "Verdict",
    "WatchlistRow",
]
