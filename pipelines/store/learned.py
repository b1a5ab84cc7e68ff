"""What portals' own pages taught, one bounded row a portal."""

from datetime import datetime

from sqlalchemy.orm import Session

from pipelines.extract.learned import Memory, Remembered
from pipelines.store.tables import Learned


def recall(session: Session, portal: str) -> Memory:
    """The portal's memory, empty for one that was never crawled."""
    row = session.get(Learned, portal)
    pages = row.pages if row else []
    return Memory(pages=tuple(Remembered(identity=identity, story=story, lines=tuple(lines)) for identity, story, lines in pages))


def keep(session: Session, portal: str, memory: Memory, now: datetime) -> None:
    """Write the memory in place of the one that was there; the last of two crawls wins, and loses nothing that the next will not see."""
    row = session.get(Learned, portal) or Learned(portal=portal)
    row.pages = [[page.identity, page.story, list(page.lines)] for page in memory.pages]
    row.updated_at = now
    session.add(row)
