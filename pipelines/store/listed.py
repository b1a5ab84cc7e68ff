"""What every listing named, and until when: how `why` knows whether an article was ever listed, and when it rolled off.

A reading is compared with the one before it, so that only what appeared or went is written; what stands there as before costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import cast

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from pipelines.store.pages import BATCH
from pipelines.store.tables import Listed, Listing

MOST = 50_000
"""Identities of one reading that are kept; a sitemap may hold no more."""
KEPT = timedelta(days=60)
"""How long it is remembered what a listing names no more, and a listing that is read no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One reading of a listing. `identities`: what it named, with why it was refused where robots.txt denies it.

    `whole`: what is not among them is named no more; else only a part was read, or nothing since nothing had changed.
    """

    portal: str
    url: str
    identities: Mapping[str, str | None]
    whole: bool = True


def note(session: Session, seen: Seen, now: datetime) -> None:
    """Keep what appeared at this reading, and until when what went was named: until the reading before this one."""
    listing = _listing(session, seen, now)
    before, named = listing.read_at, dict(islice(seen.identities.items(), MOST))
    listing.read_at, listing.readings = now, listing.readings + 1
    session.flush()
    query = select(Listed.identity, Listed.refused).where(Listed.listing_id == listing.id, Listed.last_at.is_(None))
    present = dict(session.execute(query).all()) if named else {}
    moved = [identity for identity, refused in named.items() if identity not in present or present[identity] != refused]
    for start in range(0, len(moved), BATCH):
        _write(session, listing.id, {each: named[each] for each in moved[start : start + BATCH]}, now)
    gone = [identity for identity in present if identity not in named] if seen.whole else []
    for start in range(0, len(gone), BATCH):
        rows = (Listed.listing_id == listing.id) & Listed.identity.in_(gone[start : start + BATCH])
        session.execute(update(Listed).where(rows).values(last_at=before))


def of_identity(session: Session, portal: str, identity: str) -> list[tuple[Listing, Listed]]:
    """The listings that named it, with when; the first that did first."""
    query = select(Listing, Listed).join(Listed, Listed.listing_id == Listing.id)
    query = query.where(Listing.portal == portal, Listed.identity == identity).order_by(Listed.first_at, Listing.id)
    return list(session.execute(query).all())


def of_portal(session: Session, portal: str) -> list[Listing]:
    """The portal's listings whose names are kept, the most read first."""
    return list(session.scalars(select(Listing).where(Listing.portal == portal).order_by(Listing.readings.desc(), Listing.id)))


def age_out(session: Session, now: datetime) -> int:
    """Forget what was last named, and listings that were last read, longer than KEPT ago; gives the number of identities."""
    dead = select(Listing.id).where(Listing.read_at < now - KEPT)
    done = session.execute(delete(Listed).where((Listed.last_at < now - KEPT) | Listed.listing_id.in_(dead)))
    session.execute(delete(Listing).where(Listing.read_at < now - KEPT))
    return cast(CursorResult[tuple[()]], done).rowcount


def _listing(session: Session, seen: Seen, now: datetime) -> Listing:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    row = {"portal": seen.portal, "url": seen.url, "since": now, "read_at": now, "readings": 0}
    session.execute(insert(Listing).values(row).on_conflict_do_nothing())
    query = select(Listing).where(Listing.portal == seen.portal, Listing.url == seen.url).with_for_update()
    return session.scalars(query).one()


def _write(session: Session, listing: int, named: Mapping[str, str | None], now: datetime) -> None:
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"listing_id": listing, "identity": identity, "first_at": now, "last_at": None, "refused": why} for identity, why in named.items()
    ]
    asked = insert(Listed)
    session.execute(
        asked.on_conflict_do_update(
            index_elements=[Listed.listing_id, Listed.identity], set_={"last_at": None, "refused": asked.excluded.refused}
        ),
        rows,
    )
