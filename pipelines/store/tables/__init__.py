"""The tables: SQL is the truth, and this is all of it."""

from pipelines.store.tables.articles import ArticleRow, Forgotten, Revision, Shingle
from pipelines.store.tables.base import Base
from pipelines.store.tables.collection import HostDay, Learned, Listed, Listing, Meta, PageRow, Portal, Run, Source
from pipelines.store.tables.delivery import Attempt, Circuit
from pipelines.store.tables.incidents import Incident, Notice
from pipelines.store.tables.outbox import AlertRow, Match, Mute, Owed, Retraction, Silenced, Verdict, WatchlistRow
from pipelines.store.tables.stories import Related, Ruling, Story, Telling
from pipelines.store.tables.tallies import Tally

__all__ = [
    "AlertRow",
    "ArticleRow",
    "Attempt",
    "Base",
    "Circuit",
    "Forgotten",
    "HostDay",
    "Incident",
    "Learned",
    "Listed",
    "Listing",
    "Match",
    "Meta",
    "Mute",
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
    "Silenced",
    "Source",
    "Story",
    "Tally",
    "Telling",
    "Verdict",
    "WatchlistRow",
]
