"""Stories split and joined by a person: remembered, so that no copy and no replay undoes it, and nobody hears twice of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pipelines.dedup.passages import evidence
from pipelines.errors import PortalwatchError
from pipelines.store import rulings
from pipelines.store.articles import sketch_of
from pipelines.store.database import serialize_stories
from pipelines.store.tables import AlertRow, ArticleRow, Story, Telling

OPEN = ("owed", "retrying", "held")
"""States of an alert that nobody has heard and no sender holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """What a split or a join did: the stories by number, the articles that moved, and alerts that are owed no more.

    No article moved where it was so already.
    """

    story: int
    other: int
    articles: tuple[int, ...]
    cancelled: int = 0


def split(session: Session, story: int, articles: Collection[int], now: datetime) -> Ruled:
    """Take the articles out of the story into one of their own; a story that was joined into this one comes back as itself.

    What they were told by goes with them. Nothing is owed for it: their topics count as told.
    """
    serialize_stories(session)
    tellings = _tellings(session, story)
    if other := _told_apart(session, story, tellings, articles):
        return Ruled(story=story, other=other, articles=())
    _check_split(story, tellings, articles)
    leaving = [telling for telling in tellings if telling.article_id in articles]
    staying = [telling for telling in tellings if telling.article_id not in articles]
    made = _own_story(session, story, leaving, now)
    for telling in leaving:
        telling.story_id = made.id
    session.flush()
    rulings.rule(session, rulings.APART, story, made.id, now)
    rulings.adopt(session, made.id, story, articles)
    rulings.inherit(session, made.id, story, now)
    for home, told in ((made.id, leaving), (story, staying)):
        _carry_alerts(session, (story, made.id), home, [telling.article_id for telling in told])
    origin = session.get_one(Story, story)
    if origin.article_id in articles:
        _open_by(session, origin, staying)
    _settle(session, made, leaving, f"split by hand from story {story} on {now:%Y-%m-%d}", now)
    _settle(session, origin, staying, f"left here by hand on {now:%Y-%m-%d}, when story {made.id} was split off", now)
    return Ruled(story=story, other=made.id, articles=tuple(telling.article_id for telling in leaving))


def join(session: Session, story: int, other: int, now: datetime) -> Ruled:
    """Let the one story tell what the other one told. Who heard of either has heard of both; what is still owed twice is cancelled."""
    serialize_stories(session)
    if story == other:
        raise PortalwatchError(f"story {story} is one already")
    if rulings.survivor(session, other) == story:
        return Ruled(story=story, other=other, articles=())
    staying, moving = _tellings(session, story), _tellings(session, other)
    known, home, guest = {telling.article_id for telling in staying}, session.get_one(Story, story), session.get_one(Story, other)
    for telling in moving:
        if telling.article_id in known:
            session.delete(telling)
        else:
            _move(session, telling, home, guest, now)
    for telling in staying:
        telling.by_hand = now
        if telling.role == "part" and telling.article_id in {each.article_id for each in moving}:
            telling.role = "copy"
    session.flush()
    cancelled = _cancel(session, story, other)
    rulings.adopt(session, story, other)
    rulings.rule(session, rulings.JOINED, story, other, now)
    rulings.inherit(session, story, other, now)
    return Ruled(story=story, other=other, articles=tuple(telling.article_id for telling in moving), cancelled=cancelled)


def _tellings(session: Session, story: int) -> list[Telling]:
    found = list(session.scalars(select(Telling).where(Telling.story_id == story).order_by(Telling.article_id)))
    home = rulings.survivor(session, story)
    if home != story:
        raise PortalwatchError(f"story {story} was joined into story {home}: name that one")
    if not found:
        raise PortalwatchError(f"no story has the number {story}; `portalwatch stories list` shows them")
    return found


def _told_apart(session: Session, story: int, tellings: Sequence[Telling], articles: Collection[int]) -> int | None:
    """The story that a person split from this one and that tells all of these articles, of which this one tells none."""
    if articles and {telling.article_id for telling in tellings}.isdisjoint(articles):
        for other in sorted(rulings.split_from(session, story)):
            if set(articles) <= set(session.scalars(select(Telling.article_id).where(Telling.story_id == other))):
                return other
    return None


def _check_split(story: int, tellings: Sequence[Telling], articles: Collection[int]) -> None:
    told = {telling.article_id for telling in tellings}
    if unknown := sorted(set(articles) - told):
        raise PortalwatchError(f"article {unknown[0]} does not tell story {story}; these do: {', '.join(map(str, sorted(told)))}")
    if told == set(articles):
        raise PortalwatchError(f"story {story} would be left without an article: name those that leave, not all")


def _own_story(session: Session, story: int, leaving: Sequence[Telling], now: datetime) -> Story:
    """The story of what leaves: one that was joined and whose opening article leaves, else a new one."""
    articles = {telling.article_id for telling in leaving}
    for joined in rulings.joined_into(session, story):
        row = session.get_one(Story, joined)
        if row.article_id in articles:
            return row
    made = Story(article_id=leaving[0].article_id, title="", first_seen_at=now)
    session.add(made)
    _open_by(session, made, leaving)
    return made


def _open_by(session: Session, story: Story, tellings: Sequence[Telling]) -> None:
    opener = session.get_one(ArticleRow, tellings[0].article_id)
    story.article_id, story.title, story.first_seen_at = opener.id, opener.title, opener.first_seen_at
    session.flush()


def _settle(session: Session, story: Story, tellings: Sequence[Telling], why: str, now: datetime) -> None:
    """Pin the tellings; those that were decided by an article on the other side are decided by the story's first one."""
    ours = {telling.article_id for telling in tellings}
    for telling in tellings:
        telling.by_hand = now
        if telling.article_id == story.article_id and telling.role != "first":
            telling.role, telling.partner_id, telling.containment, telling.why, telling.evidence = "first", None, 1.0, why, None
        elif telling.article_id != story.article_id and telling.partner_id not in ours:
            _compare(session, telling, story.article_id, why)
    session.flush()


def _move(session: Session, telling: Telling, home: Story, guest: Story, now: datetime) -> None:
    telling.story_id, telling.by_hand = home.id, now
    if telling.article_id == guest.article_id:
        telling.role = "joined"
        _compare(session, telling, home.article_id, f"joined by hand on {now:%Y-%m-%d}, with story {guest.id} that it opened")


def _compare(session: Session, telling: Telling, partner: int, why: str) -> None:
    """Make the telling's partner that article, with what the two share."""
    row, other = session.get_one(ArticleRow, telling.article_id), session.get_one(ArticleRow, partner)
    found = evidence(row.text, sketch_of(row), sketch_of(other))
    back = evidence(other.text, sketch_of(other), sketch_of(row))
    telling.partner_id, telling.why = partner, why
    telling.containment = round(max(each.shared / max(1, each.of) for each in (found, back)), 3)
    telling.evidence = {"shared": found.shared, "of": found.of, "lead": found.lead, "passages": list(found.passages)}


def _carry_alerts(session: Session, sides: Collection[int], home: int, articles: Collection[int]) -> None:
    """What was told by these articles was told of their story. Where another of its articles was told under the same number, by
    the next free one."""
    query = select(AlertRow.recipient, AlertRow.development, AlertRow.article_id).where(AlertRow.story_id == home)
    taken = {(recipient, number): article for recipient, number, article in session.execute(query)}
    strange = AlertRow.story_id.not_in([home, *rulings.joined_into(session, home)])
    moving = select(AlertRow).where(rulings.about(sides), strange, AlertRow.article_id.in_(articles)).order_by(AlertRow.id)
    for row in session.scalars(moving).all():
        number = row.development
        while taken.setdefault((row.recipient, number), row.article_id) != row.article_id:
            number += 1
        row.story_id, row.development = home, number
    session.flush()


def _cancel(session: Session, story: int, other: int) -> int:
    """Drop what the other story still owes to whoever has, or is owed, a message about this one."""
    heard = select(AlertRow.recipient).where(rulings.about([story]), AlertRow.state != "dead")
    owed = select(AlertRow.id).where(rulings.about([other]), AlertRow.state.in_(OPEN), AlertRow.development == 0, AlertRow.revision == 0)
    twice = session.scalars(owed.where(AlertRow.recipient.in_(heard))).all()
    session.execute(delete(AlertRow).where(AlertRow.id.in_(twice)))
    return len(twice)
