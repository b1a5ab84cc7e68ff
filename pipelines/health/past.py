"""The past of portals, read from their runs."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.health.look import Look
from pipelines.store.tables import Run

REACH = timedelta(days=56)
"""What health reads of a portal's past: eight times each hour of the week."""


def looks_of(session: Session, portals: Collection[str], now: datetime) -> dict[str, list[Look]]:
    """{portal: its ended runs of the present, oldest first}, those of the past REACH."""
    query = (
        select(Run.portal, Run.started_at, Run.succeeded, Run.finish_reason, Run.reason, Run.learning, Run.outcomes, Run.figures)
        .where(Run.portal.in_(portals), Run.started_at >= now - REACH, Run.finished_at.is_not(None), Run.history.is_(None))
        .order_by(Run.started_at, Run.id)
    )
    found: dict[str, list[Look]] = defaultdict(list)
    for portal, at, succeeded, ended, reason, learning, outcomes, figures in session.execute(query):
        found[portal].append(
            Look(
                at=at,
                succeeded=bool(succeeded),
                finish_reason=ended or "killed",
                reason=reason or "",
                learning=learning,
                outcomes=outcomes,
                figures=figures or {},
            )
        )
    return dict(found)
