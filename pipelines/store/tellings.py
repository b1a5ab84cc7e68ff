"""The stories of an article that was read again: re-decided, but never so that somebody hears twice, and never in silence.

An article that somebody was told of stays in the story in which it was told; a story that somebody was told of never ends.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import Session, aliased

from pipelines.dedup.decision import Decision, decide
from pipelines.dedup.passages import evidence
from pipelines.dedup.shingles import shared
from pipelines.dedup.stories import DEVELOPMENT, Link
from pipelines.store import candidates, decisions
from pipelines.store.articles import place, sketch_of, stories_of
from pipelines.store.rulings import about, apart, family, hand_over_joined
from pipelines.store.tables import AlertRow, ArticleRow, Related, Story, Telling


def replaced(session: Session, row: ArticleRow, decision: Decision, now: datetime) -> str | None:
    """Put the article where its new text belongs: out of stories that it no longer tells, into those that it does.

    Gives a sentence where something changed. What a person split or joined stays as it is.
    """
    if _is_by_hand(session, row.id):
        return None
    links = decision.links
    mine, linked = list(stories_of(session, row.id)), {link.story_id for link in links}
    alone = [story for story in mine if _tellings(session, story) == 1]
    leaving = [story for story in mine if story not in linked and story not in alone and not _told(session, story, row.id)]
    joining = [_reread(link, now) for link in links if link.story_id not in mine]
    ended = [story for story in alone if joining and story not in linked and not _told(session, story)]
    for story in (*leaving, *ended):
        leave(session, story, row)
    opened: list[int] = []
    if joining or not set(mine) - {*leaving, *ended}:
        stories = placed(session, row, replace(decision, links=tuple(joining)), row.first_seen_at)
        opened = [] if joining else stories
    session.flush()
    return _sentence(row, {"left": leaving, "ended": ended, "joined": [link.story_id for link in joining], "opened": opened})


def placed(session: Session, row: ArticleRow, decision: Decision, now: datetime) -> list[int]:
    """Join the stories that the decision links, or open one, and keep what decided it; gives their ids.

    Merged pieces that bear the text tell a part of the story that it opens, and no more than a part of any other.
    """
    stories = place(session, row, decision.links, now)
    decisions.explain(session, row.id, decision, stories)
    joined = [session.get_one(Story, link.story_id).article_id for link in decision.links if link.role == "copy"]
    for merged in (session.get_one(ArticleRow, each) for each in (*decision.bearers, *joined)):
        if merged.id in decision.bearers:
            _tell_part(session, merged, row, stories[0])
        _reconsider(session, merged, row)
    session.flush()
    return stories


def has_read(session: Session, row: ArticleRow, recipient: str) -> bool:
    """Whether the recipient has (or is owed) a message about the article, or about one that told before it what it tells as itself:
    under whatever story, as a merged piece has several."""
    other = aliased(Telling)
    query = select(other.article_id).join(Telling, Telling.story_id == other.story_id).where(Telling.role != "part")
    tellers = query.where(Telling.article_id == row.id, other.article_id <= row.id)
    return bool(session.scalar(select(exists().where(AlertRow.article_id.in_(tellers), AlertRow.recipient == recipient))))


def _reconsider(session: Session, merged: ArticleRow, row: ArticleRow) -> None:
    """A text that holds a related story, too little known of it then to be a part: with this article it may be."""
    mine = stories_of(session, merged.id)
    others = session.scalars(select(Related.partner_id).where(Related.story_id.in_(mine))).all()
    if not others or _is_by_hand(session, merged.id):
        return
    known = [each for each in candidates.known(session, [row.id, *others], row.first_seen_at) if each.article_id != merged.id]
    split = apart(session, {story for each in known for story in each.story_ids})
    for link in decide(merged.text, sketch_of(merged), known, split).links:
        if link.role == "part" and link.story_id not in mine:
            _tell_part(session, merged, session.get_one(ArticleRow, link.partner_id), link.story_id)


def _tell_part(session: Session, merged: ArticleRow, row: ArticleRow, story: int) -> None:
    """Let the merged piece tell a part of the story that the article tells as itself."""
    drawn, other = sketch_of(merged), sketch_of(row)
    found, holds = evidence(merged.text, drawn, other), shared(other.shingles, drawn.shingles) / len(other.shingles)
    for telling in session.scalars(select(Telling).where(Telling.article_id == merged.id, Telling.by_hand.is_(None))):
        telling.role = "part"
        _open_by_next(session, telling)
    why = f"holds {holds:.0%} of article {row.id}" + (", which came later" if row.id > merged.id else "")
    told = {"role": "part", "containment": round(holds, 3), "partner_id": row.id, "why": why, "evidence": asdict(found)}
    session.add(Telling(story_id=story, article_id=merged.id, **told))


def _open_by_next(session: Session, part: Telling) -> None:
    """A story that a merged piece opened, by the first article that tells it as itself."""
    story = session.get_one(Story, part.story_id)
    whole = select(Telling.article_id).where(Telling.story_id == story.id, Telling.role != "part").order_by(Telling.article_id)
    heir = session.scalar(whole.limit(1)) if story.article_id == part.article_id else None
    if heir is not None:
        story.article_id, story.title = heir, session.get_one(ArticleRow, heir).title


def leave(session: Session, story: int, row: ArticleRow) -> None:
    """Take the article out of a story; the story lives on with its next telling, and ends with its last."""
    session.execute(delete(Telling).where(Telling.story_id == story, Telling.article_id == row.id))
    hand_over(session, story, row.id)


def hand_over(session: Session, story: int, article: int) -> None:
    """The story that `article` no longer tells, to its next telling; its end where there is none."""
    heir = session.scalar(select(Telling.article_id).where(Telling.story_id == story).order_by(Telling.article_id).limit(1))
    row = session.get_one(Story, story)
    hand_over_joined(session, story, article, heir)
    if heir is None:
        session.execute(delete(AlertRow).where(AlertRow.story_id == story))
        session.delete(row)
    elif row.article_id == article:
        row.article_id, row.title = heir, session.get_one(ArticleRow, heir).title


def reports(session: Session, stories: Sequence[int]) -> dict[int, str]:
    """The full reports in stories that began with a flash, developments and their copies: {article: role}."""
    query = select(Telling.article_id, Telling.role, Telling.partner_id).where(Telling.story_id.in_(stories))
    found: dict[int, str] = {}
    for article, role, partner in session.execute(query.order_by(Telling.article_id)):  # a copy comes after what it copies
        if role == DEVELOPMENT or (role == "copy" and partner in found):
            found[article] = role
    return found


def kin(session: Session, story: int) -> set[int]:
    """The stories that are one with this, since an article tells both as itself and not as a part of it, or a person joined them."""
    near = family(session, story)
    whole = select(Telling.article_id).where(Telling.story_id.in_(near), Telling.role != "part")
    return near | set(session.scalars(select(Telling.story_id).where(Telling.article_id.in_(whole), Telling.role != "part")))


def _is_by_hand(session: Session, article: int) -> bool:
    return bool(session.scalar(select(func.count()).where(Telling.article_id == article, Telling.by_hand.is_not(None))))


def _tellings(session: Session, story: int) -> int:
    return session.scalar(select(func.count()).select_from(Telling).where(Telling.story_id == story)) or 0


def _told(session: Session, story: int, article: int | None = None) -> bool:
    query = select(func.count()).select_from(AlertRow).where(about([story]))
    return bool(session.scalar(query if article is None else query.where(AlertRow.article_id == article)))


def _reread(link: Link, now: datetime) -> Link:
    return replace(link, why=f"{link.why}, as read again on {now:%Y-%m-%d}")


def _sentence(row: ArticleRow, moves: dict[str, list[int]]) -> str | None:
    told = [f"{verb} story {', '.join(map(str, stories))}" for verb, stories in moves.items() if stories]
    return f"article {row.id}: {'; '.join(told)}" if told else None
