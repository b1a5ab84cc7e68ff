"""Decisions as they are kept: the evidence with each telling, the nearest miss of an article that opened its own story."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.dedup.decision import Decision, Miss
from pipelines.store.rulings import survivor
from pipelines.store.tables import Related, Telling


def explain(session: Session, article: int, decision: Decision, stories: Sequence[int]) -> None:
    """Keep with the article's tellings of `stories`, which were just decided, what decided them."""
    query = select(Telling).where(Telling.article_id == article, Telling.story_id.in_(stories))
    for telling in session.scalars(query).all():
        if telling.partner_id is not None and telling.partner_id in decision.evidence:
            telling.evidence = asdict(decision.evidence[telling.partner_id])
        elif decision.misses and telling.role == "first":
            _opened(session, telling, decision)


def _opened(session: Session, telling: Telling, decision: Decision) -> None:
    nearest = decision.misses[0]
    known = "no other tells it" if decision.bearers else "nothing known holds it"
    telling.why = f"{known}; nearest is article {nearest.article_id}: {nearest.why}"
    telling.evidence = {"nearest": _as_json(nearest, decision)}
    for miss in decision.misses:
        for story in miss.story_ids if miss.is_related else ():
            other = survivor(session, story)
            kept = session.get(Related, (telling.story_id, other))
            if kept is None and other != telling.story_id:
                _relate(session, telling.story_id, other, miss)


def _relate(session: Session, story: int, other: int, miss: Miss) -> None:
    session.add(Related(story_id=story, other_id=other, partner_id=miss.article_id, containment=miss.containment, why=miss.why))
    session.flush()


def _as_json(miss: Miss, decision: Decision) -> dict[str, Any]:
    shown = {"article": miss.article_id, "containment": miss.containment, "held": miss.held, "holds": miss.holds, "why": miss.why}
    return shown | asdict(decision.evidence[miss.article_id])
