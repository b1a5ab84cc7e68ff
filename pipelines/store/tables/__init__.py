"""The tables: SQL is the truth, and this is all of it."""

from pipelines.store.tables.articles import ArticleRow, Forgotten, Revision, Shingle
from pipelines.store.tables.base import Base
from pipelines.store.tables.collection import HostDay, Learned, Listed, Listing, Meta, PageRow, Portal, Run, Source
from pipelines.store.tables.incidents import Incident, Notice
from pipelines.store.tables.outbox import AlertRow, Match, Owed, Retraction, Verdict, WatchlistRow
from pipelines.store.tables.stories import Related, Ruling, Story, Telling

__all__ = [
    "AlertRow",
    "ArticleRow",
    "Base",
    "Forgotten",
    "HostDay",
    "Incident",
    "Learned",
    "Listed",
    "Listing",
    "Match",
    "Meta",
    "Notice",
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
    "Telling",
    "Verdict",
    "WatchlistRow",
]
