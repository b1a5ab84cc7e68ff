"""What `why` answers with: the stages of an article's way from a listing to a recipient, in order, each with its answer."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from pipelines.sheet import Sheet
from pipelines.store.tables import ArticleRow, PageRow
from pipelines.watch.watchlist import Watchlist


class Mark(StrEnum):
    """What a stage answers: it was passed, the way ends here, it goes on later, or this only is told."""

    YES = "yes"
    NO = "no"
    WAIT = "wait"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage. `name` is one of a few that stay; `at`: when it happened, or will; `evidence`: lines that prove it.

    `told` is what only some stages have for a script, `below` what belongs to this one.
    """

    name: str
    mark: Mark
    says: str
    at: datetime | None = None
    evidence: tuple[str, ...] = ()
    told: Mapping[str, Any] = field(default_factory=dict)
    below: tuple["Stage", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """{"stage", "answer", "says", "at", "evidence", "below"} and what is `told`."""
        return {
            "stage": self.name,
            "answer": str(self.mark),
            "says": self.says,
            "at": self.at.isoformat() if self.at else None,
            "evidence": list(self.evidence),
            **self.told,
            "below": [each.as_json() for each in self.below],
        }

    def all(self) -> Iterator["Stage"]:
        """This stage and those below, in order."""
        yield self
        for each in self.below:
            yield from each.all()


@dataclass(slots=True, kw_only=True)
class Case:
    """What is asked about, with what is known of it: by its sheet, and by the store.

    `portals`: why a portal is not read, by slug, of those that have a sheet and are left out or whose sheet is broken.
    """

    session: Session
    now: datetime
    zone: ZoneInfo
    watchlist: Watchlist | None = None
    sheet: Sheet | None = None
    portal: str | None = None
    identity: str | None = None
    url: str | None = None
    page: PageRow | None = None
    article: ArticleRow | None = None
    unread: Mapping[str, str] = field(default_factory=dict)

    def when(self, moment: datetime) -> str:
        """A moment in words, in the reader's zone."""
        return moment.astimezone(self.zone).isoformat(" ", "minutes")


def conclusion(stages: Sequence[Stage]) -> Stage:
    """The stage that answers why: where the way ends, else where it waits, else where it arrived.

    Of several topics and recipients the one that came farthest speaks.
    """
    ended = [stage for stage in stages if stage.mark is Mark.NO and stage.name != "topic"]
    if ended:
        return next((stage for stage in ended if stage.name == "page" and stage.told["outcome"]), ended[0])
    alerts = [each for stage in stages for each in stage.all() if each.name == "alert"]
    for mark in (Mark.YES, Mark.WAIT, Mark.NO, Mark.NOTE):
        if met := next((each for each in alerts if each.mark is mark), None):
            return met
    waiting = [stage for stage in stages if stage.mark is Mark.WAIT and stage.name in ("page", "crawl")]
    topics = [stage for stage in stages if stage.name == "topic"]
    if len(topics) > 1:
        topics = [Stage(name="topic", mark=Mark.NO, says=f"none of the {len(topics)} topics matched")]
    return next(iter([*waiting, *topics]), stages[-1])
