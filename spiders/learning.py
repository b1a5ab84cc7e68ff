"""A crawl's share in what a portal's own pages teach: recalled when it opens, noted page by page, written when it closes."""

from collections.abc import Collection

from sqlalchemy import Engine

from pipelines.extract.learned import Memory, Remembered
from pipelines.models import Reading
from pipelines.store import articles, learned
from pipelines.store.database import in_one_reading, in_one_transaction
from spiders.job import now


class Learning:
    """The memory of one portal during one crawl. `lines` are those that its pages share and that are no text."""

    def __init__(self, engine: Engine, portal: str) -> None:
        self._engine, self._portal = engine, portal
        self._known = self._memory = in_one_reading(engine, lambda session: learned.recall(session, portal))
        self.lines: Collection[int] = self._memory.learned

    def note(self, identity: str, article_id: int, seen: Reading) -> None:
        """Remember the lines of a text that no sheet's zone gave."""
        if not seen.lines:
            return
        stories = in_one_reading(self._engine, lambda session: articles.stories_of(session, article_id))
        if stories:
            self._memory = self._memory.with_page(Remembered(identity=identity, story=min(stories), lines=seen.lines))
            self.lines = self._memory.learned

    def save(self) -> None:
        """Write what this crawl added."""
        memory: Memory = self._memory
        if memory != self._known:
            in_one_transaction(self._engine, lambda session: learned.keep(session, self._portal, memory, now()))
