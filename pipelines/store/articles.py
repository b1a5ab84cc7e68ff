"""Articles and stories: keeping a state, finding what it may be a copy of, placing it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pipelines.dedup.shingles import Hashes, Sketch, sketch
from pipelines.dedup.stories import Known, Link
from pipelines.models import Article
from pipelines.store.tables import ArticleRow, PageRow, Revision, Shingle, Story, Telling

HORIZON = timedelta(days=14)  # how far back a copy is looked for
CANDIDATES = 24  # the likeliest articles that are compared whole
BATCH = 400


def of_page(session: Session, page_id: int) -> ArticleRow | None:
    """The article of a page."""
    return session.scalar(select(ArticleRow).where(ArticleRow.page_id == page_id))


def newest_id(session: Session) -> int:
    """The largest article id that was given out, 0 for an empty store."""
    return session.scalar(select(func.max(ArticleRow.id))) or 0


def add(session: Session, page: PageRow, article: Article, *, digest: str, learned: bool, now: datetime) -> ArticleRow:
    """A new article with its revision 0."""
    row = ArticleRow(page_id=page.id, portal=page.portal, revision=0, learned=learned, first_seen_at=now, **_state(article, digest))
    session.add(row)
    session.flush()
    _keep_state(session, row, now)
    return row


def revise(session: Session, row: ArticleRow, article: Article, digest: str, now: datetime) -> None:
    """The next material state of an article."""
    for name, value in _state(article, digest).items():
        setattr(row, name, value)
    row.revision += 1
    row.vanished_at = None
    _keep_state(session, row, now)


def refresh(row: ArticleRow, article: Article) -> None:
    """What may move without making a revision: comments, counts, reactions."""
    if article.comments or article.comment_count is not None:
        row.comments, row.comment_count = _comments(article), article.comment_count
    row.reactions = dict(article.reactions) or row.reactions
    row.vanished_at = None


def post_shingles(session: Session, row: ArticleRow, sample: Hashes) -> None:
    """Post the article's sample to the index of near-duplicates."""
    posted = set(session.scalars(select(Shingle.value).where(Shingle.article_id == row.id)))
    session.add_all(Shingle(value=value, article_id=row.id) for value in sample.tolist() if value not in posted)


def near(session: Session, sample: Hashes, *, after: int, now: datetime) -> list[int]:
    """Ids above `after` of articles within the horizon that share sampled shingles, most first."""
    votes: dict[int, int] = {}
    values = sample.tolist()
    for start in range(0, len(values), BATCH):
        query = (
            select(Shingle.article_id, func.count())
            .join(ArticleRow, ArticleRow.id == Shingle.article_id)
            .where(Shingle.value.in_(values[start : start + BATCH]), Shingle.article_id > after, ArticleRow.first_seen_at >= now - HORIZON)
            .group_by(Shingle.article_id)
        )
        for article_id, count in session.execute(query):
            votes[article_id] = votes.get(article_id, 0) + count
    return sorted(votes, key=lambda article_id: -votes[article_id])


def after(session: Session, article_id: int, now: datetime) -> list[ArticleRow]:
    """Articles within the horizon that were kept after `article_id`, oldest first."""
    query = select(ArticleRow).where(ArticleRow.id > article_id, ArticleRow.first_seen_at >= now - HORIZON).order_by(ArticleRow.id)
    return list(session.scalars(query))


def equals(session: Session, digest: str, now: datetime) -> list[int]:
    """Ids of articles within the horizon with the same letters, in either script, newest first."""
    query = select(ArticleRow.id).where(ArticleRow.digest == digest, ArticleRow.first_seen_at >= now - HORIZON)
    return list(session.scalars(query.order_by(ArticleRow.id.desc()).limit(CANDIDATES // 2)))


def known(session: Session, candidates: Iterable[int], now: datetime) -> list[Known]:
    """The candidates within the horizon, at most CANDIDATES, and what opened their stories, with sketches and stories."""
    ids = list(dict.fromkeys(candidates))[:CANDIDATES]
    told = select(Telling.story_id).where(Telling.article_id.in_(ids))
    ids = list({*ids, *session.scalars(select(Story.article_id).where(Story.id.in_(told)))})
    rows = session.execute(
        select(ArticleRow.id, ArticleRow.title, ArticleRow.text).where(ArticleRow.id.in_(ids), ArticleRow.first_seen_at >= now - HORIZON)
    )
    return [Known(article_id=row.id, story_ids=tuple(stories_of(session, row.id)), sketch=sketch(row.title, row.text)) for row in rows]


def stories_of(session: Session, article_id: int) -> Sequence[int]:
    """The stories that the article tells."""
    return session.scalars(select(Telling.story_id).where(Telling.article_id == article_id)).all()


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


def sketch_of(row: ArticleRow) -> Sketch:
    """The sketch of a kept article."""
    return sketch(row.title, row.text)


def _keep_state(session: Session, row: ArticleRow, now: datetime) -> None:
    session.add(Revision(article_id=row.id, number=row.revision, title=row.title, text=row.text, digest=row.digest, seen_at=now))
    session.flush()


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
        "comment_count": article.comment_count,
        "reactions": dict(article.reactions),
        "comments": _comments(article),
        "rung": article.rung,
        "quality": article.quality,
        "codec": article.codec,
        "codec_why": article.codec_why or None,
        "digest": digest,
    }


def _comments(article: Article) -> list[dict[str, Any]]:
    return [asdict(each) | {"at": each.at.isoformat() if each.at else None, "badges": list(each.badges)} for each in article.comments]
