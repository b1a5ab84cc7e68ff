"""Articles and stories: keeping a state, finding what it may be a copy of, placing it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from pipelines.dedup.postings import Posting, most_first
from pipelines.dedup.shingles import Hashes, Sketch, sketch
from pipelines.dedup.stories import Known, Link
from pipelines.models import Article, Origin
from pipelines.store.revisions import Step
from pipelines.store.tables import ArticleRow, Meta, PageRow, Revision, Shingle, Story, Telling
from pipelines.watch.readable import Readable

HORIZON = timedelta(days=14)  # how far back a copy is looked for
SPARE = timedelta(days=1)  # Redis' index holds so much more than the horizon, for what is kept a while after it was seen
POSTED = "posted"  # of Meta: how many postings there were
CANDIDATES = 24  # the likeliest articles that are compared whole
BATCH = 400


def of_page(session: Session, page_id: int) -> ArticleRow | None:
    """The article of a page."""
    return session.scalar(select(ArticleRow).where(ArticleRow.page_id == page_id))


def of_identity(session: Session, portal: str, identity: str) -> ArticleRow | None:
    """The article of a portal's identity."""
    return session.scalar(select(ArticleRow).join(PageRow).where(PageRow.portal == portal, PageRow.identity == identity))


def posted(session: Session) -> int:
    """How many postings to the index of near-duplicates there were; their numbers are never given out again."""
    known = session.get(Meta, POSTED)
    return int(known.value) if known else 0


def add(session: Session, page: PageRow, article: Article, *, digest: str, learned: bool, now: datetime) -> ArticleRow:
    """A new article with its revision 0."""
    row = ArticleRow(page_id=page.id, portal=page.portal, revision=0, learned=learned, first_seen_at=now, comments=[], reactions={})
    _take_over(row, article, digest)
    session.add(row)
    session.flush()
    _keep_state(session, row, now)
    return row


def revise(session: Session, row: ArticleRow, article: Article, step: Step, digest: str, now: datetime) -> None:
    """The article in another state: a new one is kept, one that was there before stays as it was kept."""
    _take_over(row, article, digest)
    row.revision = step.number
    if step.is_new:
        _keep_state(session, row, now, material=step.material, why=step.why)
    else:
        kept = session.get_one(Revision, (row.id, step.number))
        row.title, row.text, row.digest = kept.title, kept.text, kept.digest


def complete(session: Session, row: ArticleRow, article: Article, digest: str, now: datetime) -> None:
    """The same state of an article, of which there is more now: a page of it could not be read before."""
    _take_over(row, article, digest)
    _keep_again(session, row).seen_at = now
    session.flush()


def reread(session: Session, row: ArticleRow, article: Article, digest: str) -> list[str]:
    """Put another reading of the same page in the place of the present one; gives the names of the fields that changed.

    What readers left (comments, counters) is the crawl's to refresh, and stays.
    """
    fresh = _state(article, digest)
    changed = [name for name, value in fresh.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, fresh[name])
    if "digest" in changed:
        _keep_again(session, row)
    session.flush()
    return changed


def read_from(row: ArticleRow, origin: Origin | None) -> None:
    """Keep from which page the present state was read."""
    if origin is not None:
        row.payload, row.fetched_at = origin.payload, origin.fetched_at


def refresh(row: ArticleRow, article: Article) -> None:
    """What may move without making a revision, but for the comments: their count, reactions."""
    row.comment_count = row.comment_count if article.comment_count is None else article.comment_count
    row.reactions = dict(article.reactions) or row.reactions
    row.partial = row.partial if article.partial else None
    row.vanished_at = None


def _take_over(row: ArticleRow, article: Article, digest: str) -> None:
    refresh(row, article)
    for name, value in _state(article, digest).items():
        setattr(row, name, value)


def post_shingles(session: Session, row: ArticleRow, sample: Hashes) -> Posting:
    """Post the article's sample to the index of near-duplicates; gives what goes to Redis' copy of it."""
    known = set(session.scalars(select(Shingle.value).where(Shingle.article_id == row.id)))
    session.add_all(Shingle(value=value, article_id=row.id) for value in sample.tolist() if value not in known)
    before = posted(session)
    row.posted = before + 1
    session.merge(Meta(key=POSTED, value=str(row.posted)))
    session.flush()
    return Posting(article_id=row.id, number=row.posted, before=before, at=row.first_seen_at, sample=sample)


def repost_shingles(session: Session, row: ArticleRow, sample: Hashes) -> Posting:
    """Post the sample of another reading, and take back what only the old one had."""
    session.execute(delete(Shingle).where(Shingle.article_id == row.id, Shingle.value.not_in(sample.tolist())))
    return post_shingles(session, row, sample)


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
    return ArticleRow.first_seen_at >= now - HORIZON - SPARE


def equals(session: Session, digest: str, now: datetime) -> list[int]:
    """Ids of articles within the horizon with the same letters, in either script, newest first."""
    query = select(ArticleRow.id).where(ArticleRow.digest == digest, ArticleRow.first_seen_at >= now - HORIZON)
    return list(session.scalars(query.order_by(ArticleRow.id.desc()).limit(CANDIDATES // 2)))


def known(session: Session, candidates: Iterable[int], now: datetime) -> list[Known]:
    """The candidates within the horizon, at most CANDIDATES, and what opened their stories, with sketches and stories."""
    likeliest = list(dict.fromkeys(candidates))[:BATCH]
    near = ArticleRow.first_seen_at.between(now - HORIZON, now + HORIZON)  # a backfill keeps what is far from the present, either way
    there = set(session.scalars(select(ArticleRow.id).where(ArticleRow.id.in_(likeliest), near)))
    ids = [each for each in likeliest if each in there][:CANDIDATES]
    told = select(Telling.story_id).where(Telling.article_id.in_(ids))
    opened = defaultdict[int, list[int]](list)
    for story, article in session.execute(select(Story.id, Story.article_id).where(Story.id.in_(told)).order_by(Story.id)):
        opened[article].append(story)
    ids = list({*ids, *opened})
    texts = select(ArticleRow.id, ArticleRow.title, ArticleRow.text).where(ArticleRow.id.in_(ids), near)
    rows = session.execute(texts.order_by(ArticleRow.id))
    return [
        Known(
            article_id=row.id,
            story_ids=tuple(stories_of(session, row.id)),
            sketch=sketch(row.title, row.text),
            opened=tuple(opened[row.id]),
        )
        for row in rows
    ]


def sketch_of(row: ArticleRow) -> Sketch:
    """What its title and text are compared by."""
    return sketch(row.title, row.text)


def readable(row: ArticleRow) -> Readable:
    """What topics are matched on."""
    return Readable(
        title=row.title,
        text=row.text,
        portal=row.portal,
        publisher=tuple(row.publisher),
        author=row.author,
        section=row.section,
        comments=tuple(comment["text"] for comment in row.comments),
        language=row.language,
    )


def stories_of(session: Session, article_id: int) -> Sequence[int]:
    """The stories that the article tells."""
    return session.scalars(select(Telling.story_id).where(Telling.article_id == article_id).order_by(Telling.story_id)).all()


def place(session: Session, row: ArticleRow, links: Sequence[Link], now: datetime) -> list[int]:
    """Join the stories of `links`, or open one; gives their ids."""
    if not links:
        story = Story(article_id=row.id, title=row.title, first_seen_at=now)
        session.add(story)
        session.flush()
        session.add(Telling(story_id=story.id, article_id=row.id, role="first", containment=1.0, why="nothing known holds it"))
        return [story.id]
    session.add_all(
        Telling(
            story_id=link.story_id,
            article_id=row.id,
            role=link.role,
            containment=link.containment,
            partner_id=link.partner_id,
            why=link.why,
        )
        for link in links
    )
    return [link.story_id for link in links]


def article_of(row: ArticleRow) -> Article:
    """The article as it is kept, without what readers left."""
    return Article(
        url=row.url,
        title=row.title,
        text=row.text,
        published_at=row.published_at or row.published_on,
        published_from=row.published_from,
        published_raw=row.published_raw,
        modified_at=row.modified_at,
        publisher=tuple(row.publisher),
        author=row.author,
        section=row.section,
        rights=row.rights,
        language=row.language,
        script=row.script,
        captions=tuple(row.captions),
        rung=row.rung,
        quality=row.quality,
        codec=row.codec,
    )


def _keep_state(session: Session, row: ArticleRow, now: datetime, *, material: bool = True, why: str | None = None) -> None:
    state = {"title": row.title, "text": row.text, "digest": row.digest}
    session.add(Revision(article_id=row.id, number=row.revision, seen_at=now, material=material, why=why, **state))
    session.flush()


def _keep_again(session: Session, row: ArticleRow) -> Revision:
    """The article's present state, as it reads now."""
    kept = session.get_one(Revision, (row.id, row.revision))
    kept.title, kept.text, kept.digest = row.title, row.text, row.digest
    return kept


def _state(article: Article, digest: str) -> dict[str, Any]:
    published = article.published_at
    modified = article.modified_at
    return {
        "url": article.url,
        "title": article.title,
        "text": article.text,
        "published_at": published if isinstance(published, datetime) else None,
        "published_on": published if isinstance(published, date) and not isinstance(published, datetime) else None,
        "published_from": article.published_from,
        "published_raw": article.published_raw,
        "modified_at": modified if isinstance(modified, datetime) else None,
        "publisher": list(article.publisher),
        "publisher_from": [asdict(credit) for credit in article.publisher_from],
        "author": article.author,
        "section": article.section,
        "rights": article.rights,
        "language": article.language,
        "script": article.script,
        "captions": list(article.captions),
        "images": [asdict(image) for image in article.images],
        "rung": article.rung,
        "quality": article.quality,
        "codec": article.codec,
        "codec_why": article.codec_why or None,
        "partial": article.partial,
        "digest": digest,
    }
