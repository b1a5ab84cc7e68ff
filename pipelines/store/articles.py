"""Articles and stories: keeping a state, placing it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.dedup.shingles import Issue, Sketch, sketch
from pipelines.dedup.stories import Link
from pipelines.models import Article, Origin
from pipelines.store.revisions import Step
from pipelines.store.tables import ArticleRow, PageRow, Revision, Story, Telling
from pipelines.watch.readable import Readable, language_tag

AS_READ = (
    "url", "title", "text", "published_from", "published_raw", "author", "section", "rights", "language", "script",
    "rung", "quality", "codec",
)  # fmt: skip
"""What a row keeps as the article has it."""


def of_page(session: Session, page_id: int) -> ArticleRow | None:
    """The article of a page."""
    return session.scalar(select(ArticleRow).where(ArticleRow.page_id == page_id))


def of_identity(session: Session, portal: str, identity: str) -> ArticleRow | None:
    """The article of a portal's identity."""
    return session.scalar(select(ArticleRow).join(PageRow).where(PageRow.portal == portal, PageRow.identity == identity))


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


def sketch_of(row: ArticleRow) -> Sketch:
    """What its title and text are compared by."""
    return sketch(row.title, row.text, issue_of(row.portal, row.publisher, row.published_at, row.first_seen_at))


def issue_of(portal: str, publishers: Sequence[str], published: datetime | date | None, seen: datetime) -> Issue:
    """Who printed an article and when; a day alone says less than when we saw it."""
    return Issue(by=(portal, *publishers), at=published if isinstance(published, datetime) else seen)


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
        language=language_tag(row.language, row.script),
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
        **{name: getattr(row, name) for name in AS_READ},
        published_at=row.published_at or row.published_on,
        modified_at=row.modified_at,
        publisher=tuple(row.publisher),
        captions=tuple(row.captions),
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
    published, modified = article.published_at, article.modified_at
    return {name: getattr(article, name) for name in AS_READ} | {
        "published_at": published if isinstance(published, datetime) else None,
        "published_on": published if isinstance(published, date) and not isinstance(published, datetime) else None,
        "modified_at": modified if isinstance(modified, datetime) else None,
        "publisher": list(article.publisher),
        "publisher_from": [asdict(credit) for credit in article.publisher_from],
        "captions": list(article.captions),
        "images": [asdict(image) for image in article.images],
        "codec_why": article.codec_why or None,
        "partial": article.partial,
        "digest": digest,
    }
