"""What an article may be a copy of: the index of near-duplicates as SQL has it, and the articles that are compared whole."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session, load_only

from pipelines.dedup.postings import Posting, most_first
from pipelines.dedup.shingles import Hashes, Sketch
from pipelines.dedup.stories import Known
from pipelines.store.articles import sketch_of, stories_of
from pipelines.store.tables import ArticleRow, Meta, Shingle, Story, Telling

HORIZON = timedelta(days=14)  # how far back a copy is looked for
SPARE = timedelta(days=1)  # Redis' index holds so much more than the horizon, for what is kept a while after it was seen
POSTED = "posted"  # of Meta: how many postings there were
CANDIDATES = 24  # the likeliest articles that are compared whole
TELLERS, OF_ONE = 16, 8  # others that tell their stories, and such of one story
BATCH = 400


def posted(session: Session) -> int:
    """How many postings to the index of near-duplicates there were; their numbers are never given out again."""
    known = session.get(Meta, POSTED)
    return int(known.value) if known else 0


def post_shingles(session: Session, row: ArticleRow, sample: Hashes, now: datetime) -> Posting:
    """Post the article's sample to the index of near-duplicates; gives what goes to Redis' copy of it.

    Nothing of an article from before the horizon: Redis knows a day by one byte, and would take others' postings for aged ones.
    """
    known = set(session.scalars(select(Shingle.value).where(Shingle.article_id == row.id)))
    session.add_all(Shingle(value=value, article_id=row.id) for value in sample.tolist() if value not in known)
    before = posted(session)
    row.posted = before + 1
    session.merge(Meta(key=POSTED, value=str(row.posted)))
    session.flush()
    told = sample if row.first_seen_at >= _oldest(now) else sample[:0]
    return Posting(article_id=row.id, number=row.posted, before=before, at=row.first_seen_at, sample=told)


def repost_shingles(session: Session, row: ArticleRow, sample: Hashes, now: datetime) -> Posting:
    """Post the sample of another reading, and take back what only the old one had."""
    session.execute(delete(Shingle).where(Shingle.article_id == row.id, Shingle.value.not_in(sample.tolist())))
    return post_shingles(session, row, sample, now)


def near(session: Session, sample: Hashes, *, after: int, now: datetime) -> dict[int, int]:
    """Articles within the horizon that were posted after `after` and share sampled shingles, with how many, most first."""
    if after >= posted(session):
        return {}
    votes: dict[int, int] = {}
    values = sample.tolist()
    for start in range(0, len(values), BATCH):
        query = (
            select(Shingle.article_id, func.count())
            .join(ArticleRow, ArticleRow.id == Shingle.article_id)
            .where(Shingle.value.in_(values[start : start + BATCH]), ArticleRow.posted > after, ArticleRow.first_seen_at >= now - HORIZON)
            .group_by(Shingle.article_id)
        )
        for article_id, count in session.execute(query):
            votes[article_id] = votes.get(article_id, 0) + count
    return most_first(votes)


def near_text(session: Session, drawn: Sketch, *, after: int, now: datetime) -> dict[int, int]:
    """`near` of a whole text, more closely where something of a long one is known, as `Fast.near_text`."""
    votes = near(session, drawn.asked, after=after, now=now)
    return near(session, drawn.closely, after=after, now=now) if votes and drawn.closely is not None else votes


def postings(session: Session, after: int, now: datetime) -> list[Posting]:
    """The next BATCH postings after number `after`, in their order, of articles that Redis' index should hold."""
    query = select(ArticleRow.id, ArticleRow.posted, ArticleRow.first_seen_at).where(ArticleRow.posted > after, _indexed(now))
    rows = session.execute(query.order_by(ArticleRow.posted).limit(BATCH)).all()
    samples: dict[int, list[int]] = {row.id: [] for row in rows}
    for value, article_id in session.execute(select(Shingle.value, Shingle.article_id).where(Shingle.article_id.in_(samples))):
        samples[article_id].append(value)
    befores = [after, *(row.posted for row in rows)]
    return [
        Posting(article_id=row.id, number=row.posted, before=last, at=row.first_seen_at, sample=np.array(samples[row.id], dtype=np.int64))
        for row, last in zip(rows, befores, strict=False)
    ]


def indexed(session: Session, now: datetime) -> int:
    """How many articles Redis' index should hold."""
    return session.scalar(select(func.count()).select_from(ArticleRow).where(_indexed(now))) or 0


def _indexed(now: datetime) -> ColumnElement[bool]:
    return ArticleRow.first_seen_at >= _oldest(now)


def _oldest(now: datetime) -> datetime:
    return now - HORIZON - SPARE


def equals(session: Session, digest: str, now: datetime) -> list[int]:
    """Ids of articles within the horizon with the same letters, in either script, newest first."""
    query = select(ArticleRow.id).where(ArticleRow.digest == digest, ArticleRow.first_seen_at >= now - HORIZON)
    return list(session.scalars(query.order_by(ArticleRow.id.desc()).limit(CANDIDATES // 2)))


def known(session: Session, candidates: Iterable[int], now: datetime) -> list[Known]:
    """The candidates within the horizon, at most CANDIDATES, and others that tell their stories, with sketches and stories.

    Of those what opened the stories, and the next ones, at most TELLERS, of the likeliest candidates' stories first.
    """
    likeliest = list(dict.fromkeys(candidates))[:BATCH]
    near = ArticleRow.first_seen_at.between(now - HORIZON, now + HORIZON)  # a backfill keeps what is far from the present, either way
    there = set(session.scalars(select(ArticleRow.id).where(ArticleRow.id.in_(likeliest), near)))
    ids = [each for each in likeliest if each in there][:CANDIDATES]
    ids += _tellers(session, ids)
    stories, opened = _told_by(session, ids), defaultdict[int, list[int]](list)
    for story, article in session.execute(select(Story.id, Story.article_id).where(Story.id.in_(stories)).order_by(Story.id)):
        opened[article].append(story)
    wanted = load_only(*(getattr(ArticleRow, name) for name in ("title", "text", "portal", "publisher", "published_at", "first_seen_at")))
    rows = session.scalars(select(ArticleRow).options(wanted).where(ArticleRow.id.in_({*ids, *opened}), near).order_by(ArticleRow.id))
    return [
        Known(
            article_id=row.id,
            story_ids=tuple(stories_of(session, row.id)),
            sketch=sketch_of(row),
            opened=tuple(opened[row.id]),
        )
        for row in rows
    ]


def _told_by(session: Session, articles: Iterable[int]) -> Sequence[int]:
    return session.scalars(select(Telling.story_id).where(Telling.article_id.in_(articles)).distinct()).all()


def _tellers(session: Session, candidates: Sequence[int]) -> list[int]:
    """What else tells their stories: what the text stands beside, and merged pieces of which too few shingles were posted."""
    place = func.row_number().over(partition_by=Telling.story_id, order_by=Telling.article_id).label("place")
    told = Telling.story_id.in_(_told_by(session, candidates)), Telling.article_id.not_in(candidates)
    others = select(Telling.story_id, Telling.article_id, place).where(*told).subquery()
    pairs = select(Telling.article_id, others.c.article_id).join(others, others.c.story_id == Telling.story_id)
    found = session.execute(pairs.where(Telling.article_id.in_(candidates), others.c.place <= OF_ONE)).all()
    rank = {article: at for at, article in enumerate(candidates)}
    return list(dict.fromkeys(other for _, other in sorted((rank[article], other) for article, other in found)))[:TELLERS]
