"""Discovery addresses: what earlier runs learned of each."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.store.tables import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Pages of a listing. `reach`: pages that are always read. `idle`: readings in a row without news on the last of them.

    `depth`: pages that the sheet allowed at the last whole reading, None where that is not known.
    """

    reach: int = 1
    idle: int = 0
    depth: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the last whole reading of a discovery address left behind.

    `digest` is that of its bytes, `rules` that of the sheet's rules by which they were read: under other rules nothing is
    conditional. `cut`: its paging ended early, so nothing is conditional next time. `names`: identities that it named lately.
    """

    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    rules: str | None = None
    cut: bool = False
    names: tuple[str, ...] = ()
    paging: Paging = Paging()


def known_sources(session: Session, portal: str) -> dict[str, Known]:
    """{key of a discovery address: what is known} of those that were read whole once."""
    rows = session.scalars(select(Source).where(Source.portal == portal))
    return {row.url: _known(row) for row in rows}


def remember_source(session: Session, portal: str, key: str, known: Known, now: datetime) -> None:
    """Keep what this run learned of a discovery address."""
    paging = {"reach": known.paging.reach, "idle": known.paging.idle, "depth": known.paging.depth}
    session.merge(
        Source(
            portal=portal, url=key, etag=known.etag, last_modified=known.last_modified, digest=known.digest, rules=known.rules,
            cut=known.cut, names=list(known.names), paging=paging, read_at=now,
        )
    )  # fmt: skip


def _known(row: Source) -> Known:
    return Known(
        etag=row.etag,
        last_modified=row.last_modified,
        digest=row.digest,
        rules=row.rules,
        cut=row.cut,
        names=tuple(row.names or ()),
        paging=Paging(**row.paging) if row.paging else Paging(),
    )
