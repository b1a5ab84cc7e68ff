"""Keeping an article: its state, its story, its matches and the alerts that it owes, in one transaction."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from pipelines.dedup.decision import Decision, decide
from pipelines.dedup.postings import Near, Posting, most_first
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.weight import State
from pipelines.desk import Desk
from pipelines.errors import PortalwatchError
from pipelines.models import Article, Comment, Origin, Outcome
from pipelines.points import Point, passing
from pipelines.store import articles, candidates, comments, pages, revisions, rulings, tellings
from pipelines.store.database import in_one_transaction, serialize_stories
from pipelines.store.fastpath import fill_near
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow
from pipelines.watching import Occasion, tell_gone, watch

T = TypeVar("T")

MISSING, SAYS_SO = "missing", "missing: status"
"""How the evidence begins where an article is gone, and where its page says so by its status or its words. A page without what every
article of the portal has marks it as well, and nobody is told: a portal's new layout looks the same on all its pages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of an article, and how many alerts it owes.

    `thread`: None where its comments need no reading, else the names of those after which a reading of them may stop.
    """

    outcome: Outcome
    article_id: int
    alerts: int = 0
    thread: frozenset[str] | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """An article on its way into the store, and the origin that it was read from.

    `seen_at`: when we first had the page, the present but for a replay and a backfill. `posting`: what goes to Redis' index once it
    is kept.
    """

    found: Found
    article: Article
    sketch: Sketch
    near: Near
    seen_at: datetime
    origin: Origin | None = None
    posting: Posting | None = None


def keep(desk: Desk, found: Found, article: Article, now: datetime, origin: Origin | None = None) -> Kept:
    """Keep one article. Seen is marked by the caller, after this returned: until then a crash means that it comes again."""
    draft = drafted(desk, found, article, origin, (desk.seen_at(article, now), now))
    return in_order(desk, draft, lambda session: keep_draft(session, desk, draft, now))


def drafted(desk: Desk, found: Found, article: Article, origin: Origin | None, times: tuple[datetime, datetime]) -> Draft:
    """The article with its sketch, and what Redis knows to be near it; `times`: when we first had its page, and the present.

    Redis reaches no further back than the horizon of the present, so that SQL alone is asked about what is replayed.
    """
    seen_at, now = times
    drawn = sketch(article.title, article.text, articles.issue_of(found.portal, article.publisher, article.published_at, seen_at))
    near = desk.fast.near_text(drawn, now) if desk.fast and now - seen_at < candidates.SPARE else None
    return Draft(found=found, article=article, sketch=drawn, near=near or Near(votes={}), seen_at=seen_at, origin=origin)


def in_order(desk: Desk, draft: Draft, work: Callable[[Session], T]) -> T:
    """`work` in a transaction in which nobody else decides on stories; then what it kept is posted to Redis."""

    def ordered(session: Session) -> T:
        draft.posting = None
        serialize_stories(session)
        return work(session)

    passing(Point.ARTICLE_DRAFTED)
    done = in_one_transaction(desk.engine, ordered)
    passing(Point.ARTICLE_COMMITTED)
    if desk.fast and draft.posting is not None:
        desk.fast.post(draft.posting)
        passing(Point.ARTICLE_POSTED)
    return done


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What the pages of an article's comments held; `count` is what its own page said, `whole` whether all were read that are new."""

    comments: Sequence[Comment]
    count: int | None
    whole: bool


def hear(desk: Desk, found: Found, heard: Heard, now: datetime) -> int:
    """Add comments to their article, and match it again; no revision comes of it. Gives the number of alerts."""

    def work(session: Session) -> int:
        serialize_stories(session)
        row = articles.of_identity(session, found.portal, found.identity)
        if row is None or pages.forgotten(session, found):
            return 0
        owed = _listen(session, desk, row, heard.comments, now)
        comments.read_to(row, heard.count if heard.count is not None else len(heard.comments), whole=heard.whole)
        return owed

    return in_one_transaction(desk.engine, work)


def settle(desk: Desk, found: Found, outcome: Outcome, evidence: str | None, now: datetime) -> int:
    """Write the outcome of an identity that gave no article; a page that says that an article is gone marks it vanished.

    Gives the number of alerts: who had the article hears once that its page says so.
    """

    def work(session: Session) -> int:
        page = pages.settle(session, found, outcome, now, desk.looks, evidence)
        row = articles.of_page(session, page.id)
        if row is None or not (evidence or "").startswith(MISSING):
            return 0
        row.vanished_at = row.vanished_at or now
        return tell_gone(session, desk, row, now) if (evidence or "").startswith(SAYS_SO) else 0

    owed = in_one_transaction(desk.engine, work)
    passing(Point.PAGE_SETTLED)
    return owed


def fill_index(desk: Desk, now: datetime) -> int:
    """Post to Redis what its index lacks, oldest first; gives the number of articles posted."""
    upto = desk.fast.upto() if desk.fast else None
    done = 0
    if desk.fast and upto is not None:
        with contextlib.suppress(PortalwatchError):  # it went away, and SQL is asked for the rest
            for count in fill_near(desk.engine, desk.fast, upto, now):
                done += count
    return done


def keep_draft(session: Session, desk: Desk, draft: Draft, now: datetime) -> Kept:
    """Keep it in a transaction of the caller's, see `in_order`."""
    if pages.forgotten(session, draft.found):
        return Kept(outcome=Outcome.DENIED, article_id=0)
    page = pages.settle(session, draft.found, Outcome.UNCHANGED, now, desk.looks, _gap(draft.article))
    row = articles.of_page(session, page.id)
    if row is None:
        page.outcome = Outcome.NEW.value
        return _add(session, desk, page, draft, now)
    articles.read_from(row, draft.origin)
    unheard = _unheard(desk, row, draft.article, now)
    turn = None if is_less(row, draft.article) else _turn(session, row, draft, now)
    if turn is None:
        articles.refresh(row, draft.article)
        owed = _listen(session, desk, row, draft.article.comments, now)
        return Kept(outcome=Outcome.UNCHANGED, article_id=row.id, alerts=owed, thread=unheard)
    outcome, occasion = turn
    page.outcome = outcome.value
    comments.hear(session, row, draft.article.comments, desk.comments)
    draft.posting = candidates.post_shingles(session, row, draft.sketch.sample, now)
    owed = watch(session, desk, row, list(articles.stories_of(session, row.id)), now, occasion)
    return Kept(outcome=outcome, article_id=row.id, alerts=owed, thread=unheard)


def _turn(session: Session, row: ArticleRow, draft: Draft, now: datetime) -> tuple[Outcome, Occasion] | None:
    """Take up what the page says now; gives the outcome and why that is matched, None where it is nothing new."""
    article, digest = draft.article, draft.sketch.digest
    if row.partial is not None:
        if row.digest == digest:
            return None
        articles.complete(session, row, article, digest, now)
        return Outcome.UNCHANGED, Occasion.PAGES
    step = revisions.step(session, row, State(title=article.title, text=article.text))
    if step is None:
        return None
    articles.revise(session, row, article, step, digest, now)
    return Outcome.REVISED, Occasion.RETURN if not step.is_new else Occasion.STATE if step.material else Occasion.SMALL


def _gap(article: Article) -> str | None:
    return f"partial: {article.partial}" if article.partial else None


def is_less(row: ArticleRow, article: Article) -> bool:
    """Whether the reading is a part of what is kept: a partial one is never better than a whole one, nor than a longer one."""
    return article.partial is not None and (row.partial is None or len(article.text) <= len(row.text))


def _unheard(desk: Desk, row: ArticleRow, article: Article, now: datetime) -> frozenset[str] | None:
    if not desk.threads or desk.comments == comments.OFF:
        return None
    return comments.unheard(row, article.comment_count, now)


def _add(session: Session, desk: Desk, page: PageRow, draft: Draft, now: datetime) -> Kept:
    drawn, decision = draft.sketch, decided(session, draft)
    row = articles.add(session, page, draft.article, digest=drawn.digest, learned=desk.learning or page.learned, now=draft.seen_at)
    articles.read_from(row, draft.origin)
    unheard = _unheard(desk, row, draft.article, now)
    comments.hear(session, row, draft.article.comments, desk.comments)
    draft.posting = candidates.post_shingles(session, row, drawn.sample, now)
    passing(Point.ARTICLE_STORED)
    stories = tellings.placed(session, row, decision, draft.seen_at)
    passing(Point.ARTICLE_PLACED)
    owed = watch(session, desk, row, stories, now)
    return Kept(outcome=Outcome.NEW, article_id=row.id, alerts=owed, thread=unheard)


def decided(session: Session, draft: Draft, but: int | None = None) -> Decision:
    """The stories that the draft's text joins, by every known article of its time `but` itself, and by what a person ruled."""
    drawn, at = draft.sketch, draft.seen_at
    votes = {**draft.near.votes, **candidates.near_text(session, drawn, after=draft.near.upto, now=at)}
    likely = [*candidates.equals(session, drawn.digest, at), *most_first(votes)]
    known = [each for each in candidates.known(session, likely, at) if each.article_id != but]
    split = rulings.apart(session, {story for each in known for story in each.story_ids})
    return decide(draft.article.text, drawn, known, split)


def _listen(session: Session, desk: Desk, row: ArticleRow, read: Sequence[Comment], now: datetime) -> int:
    """Add comments, and owe what the article satisfies only with them."""
    before = row.comments
    comments.hear(session, row, read, desk.comments)
    if row.comments == before:
        return 0
    return watch(session, desk, row, list(articles.stories_of(session, row.id)), now, Occasion.COMMENTS)
