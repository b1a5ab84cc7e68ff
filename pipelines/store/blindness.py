"""Who is blind, for all who say it: the portals whose blindness ops were told of, as their open incidents have it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.coverage import SILENT_ENDS, Coverage
from pipelines.store.incidents import open_incidents
from pipelines.store.tables import Meta, Run

LIVELY = timedelta(days=7)
"""A portal whose newest run is so much older than the newest of all is not one that is watched."""
_JUDGED = "health.judged"


def judged(session: Session, now: datetime) -> None:
    """Keep that health looked at portals."""
    session.merge(Meta(key=_JUDGED, value=now.isoformat()))


def blind_since(session: Session) -> dict[str, datetime]:
    """{portal: since when it is blind}, the first that went blind first; one whose blindness is too young to be told is not in it."""
    return {row.name: row.since for row in open_incidents(session, "portal") if row.slot == "blind" and row.told_at}


def coverage(session: Session, names: Mapping[str, str]) -> Coverage | None:
    """Of the portals that are watched and named, by their names, who is blind and whose last run failed; of all that are where none is
    named. None where none ran."""
    blind = {slug: since for slug, since in blind_since(session).items() if not names or slug in names}
    watched = {slug for slug in _lively(session) if not names or slug in names} | blind.keys()
    if not watched:
        return None
    shown = tuple(names.get(slug, slug) for slug in blind)
    failed = tuple(names.get(slug, slug) for slug in _failed(session) if slug in watched and slug not in blind)
    is_judged = bool(blind) or session.get(Meta, _JUDGED) is not None
    return Coverage(portals=len(watched), blind=shown, since=next(iter(blind.values()), None), failed=failed, is_judged=is_judged)


def _lively(session: Session) -> set[str]:
    present = select(Run.portal).where(Run.history.is_(None)).group_by(Run.portal)
    newest = session.scalar(select(func.max(Run.started_at)).where(Run.history.is_(None)))
    return set(session.scalars(present.having(func.max(Run.started_at) >= newest - LIVELY))) if newest else set()


def _failed(session: Session) -> list[str]:
    ended = select(func.max(Run.id)).where(Run.history.is_(None), Run.finish_reason.not_in(SILENT_ENDS)).group_by(Run.portal)
    return list(session.scalars(select(Run.portal).where(Run.id.in_(ended), Run.succeeded.is_(False)).order_by(Run.portal)))
