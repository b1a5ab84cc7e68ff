"""Keeping an article: its state, its story, its matches and the alerts that it owes, in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipelines.dedup.fast import Fast
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import Link, stories_of
from pipelines.models import Article, Comment, Origin, Outcome, TopicMatch
from pipelines.points import Point, passing
from pipelines.store import alerts, articles, comments, pages
from pipelines.store.database import in_one_transaction, reading, serialize_stories
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow
from pipelines.watch.engine import Matcher
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a run keeps articles with. `learning`: what is already there is kept and matched, not alerted.

    `threads`: whether comments stand on pages of their own, so that an article's page shows a part of them at most.
    `seen_at`: when an article that is new here counts as first seen, given the present; a day of the past says the day.
    `late`: the name of a replay or backfill, whose new matches reach each recipient as one late message at its end.
    """

    engine: Engine
    fast: Fast | None
    watchlist: Watchlist
    matcher: Matcher
    learning: bool
    looks: pages.Looks
    comments: str = comments.PSEUDONYMOUS
    threads: bool = False
    late: str | None = None
    seen_at: Callable[[Article, datetime], datetime] = lambda _article, now: now


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

    `seen_at`: when we first had the page, the present but for a replay and a backfill. `article_id`: what is posted to the index
    once it is kept; `before` is the newest id of the store when it got its own.
    """

    found: Found
    article: Article
    sketch: Sketch
    near: tuple[int, list[int]]
    seen_at: datetime
    origin: Origin | None = None
    article_id: int | None = None
    before: int = 0


def keep(desk: Desk, found: Found, article: Article, now: datetime, origin: Origin | None = None) -> Kept:
    """Keep one article. Seen is marked by the caller, after this returned: until then a crash means that it comes again."""
    draft = drafted(desk, found, article, desk.seen_at(article, now), origin)
    return in_order(desk, draft, lambda session: keep_draft(session, desk, draft, now))


def drafted(desk: Desk, found: Found, article: Article, seen_at: datetime, origin: Origin | None) -> Draft:
    """The article with its sketch, and what Redis knows to be near it."""
    drawn = sketch(article.title, article.text)
    near = desk.fast.near(drawn.asked) if desk.fast else None
    return Draft(found=found, article=article, sketch=drawn, near=near or (0, []), seen_at=seen_at, origin=origin)


def in_order(desk: Desk, draft: Draft, work: Callable[[Session], T]) -> T:
    """`work` in a transaction in which nobody else decides on stories; then what it kept is posted to Redis."""

    def ordered(session: Session) -> T:
        draft.article_id = None
        serialize_stories(session)
        return work(session)

    passing(Point.ARTICLE_DRAFTED)
    done = in_one_transaction(desk.engine, ordered)
    passing(Point.ARTICLE_COMMITTED)
    if desk.fast and draft.article_id is not None:
        desk.fast.post(draft.article_id, draft.before, draft.sketch.sample)
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


def settle(desk: Desk, found: Found, outcome: Outcome, evidence: str | None, now: datetime) -> None:
    """Write the outcome of an identity that gave no article; a page that says that an article is gone marks it vanished."""

    def work(session: Session) -> None:
        page = pages.settle(session, found, outcome, now, desk.looks, evidence)
        row = articles.of_page(session, page.id)
        if row is not None and row.vanished_at is None and (evidence or "").startswith("missing"):
            row.vanished_at = now

    in_one_transaction(desk.engine, work)
    passing(Point.PAGE_SETTLED)


def fill_index(desk: Desk, now: datetime) -> int:
    """Post to Redis what its index lacks, oldest first; gives the number of articles posted."""
    import numpy as np

    if desk.fast is None:
        return 0
    answer = desk.fast.near(np.empty(0, dtype=np.int64))
    if answer is None:
        return 0
    posted, before = 0, answer[0]
    with reading(desk.engine) as session:
        for row in articles.after(session, before, now):
            desk.fast.post(row.id, before, articles.sketch_of(row).sample)
            before, posted = row.id, posted + 1
    return posted


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
    if row.digest == draft.sketch.digest or is_less(row, draft.article):
        articles.refresh(row, draft.article)
        owed = _listen(session, desk, row, draft.article.comments, now)
        return Kept(outcome=Outcome.UNCHANGED, article_id=row.id, alerts=owed, thread=unheard)
    outcome, change = (Outcome.UNCHANGED, articles.complete) if row.partial else (Outcome.REVISED, articles.revise)
    page.outcome = outcome.value
    change(session, row, draft.article, draft.sketch.digest, now)
    comments.hear(session, row, draft.article.comments, desk.comments)
    articles.post_shingles(session, row, draft.sketch.sample)
    draft.article_id, draft.before = row.id, row.id  # a known id fills no gap of the index
    occasion = _Occasion.PAGES if outcome is Outcome.UNCHANGED else _Occasion.STATE
    owed = _watch(session, desk, row, list(articles.stories_of(session, row.id)), now, occasion)
    return Kept(outcome=outcome, article_id=row.id, alerts=owed, thread=unheard)


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
    drawn, links = draft.sketch, links_of(session, draft)
    draft.before = articles.newest_id(session)
    row = articles.add(session, page, draft.article, digest=drawn.digest, learned=desk.learning or page.learned, now=draft.seen_at)
    articles.read_from(row, draft.origin)
    draft.article_id = row.id
    unheard = _unheard(desk, row, draft.article, now)
    comments.hear(session, row, draft.article.comments, desk.comments)
    articles.post_shingles(session, row, drawn.sample)
    passing(Point.ARTICLE_STORED)
    stories = articles.place(session, row, links, draft.seen_at)
    passing(Point.ARTICLE_PLACED)
    owed = _watch(session, desk, row, stories, now)
    return Kept(outcome=Outcome.NEW, article_id=row.id, alerts=owed, thread=unheard)


def links_of(session: Session, draft: Draft, but: int | None = None) -> list[Link]:
    """The stories that the draft's text joins, by every known article of its time `but` itself."""
    drawn, (indexed, near), at = draft.sketch, draft.near, draft.seen_at
    candidates = [*articles.equals(session, drawn.digest, at), *near, *articles.near(session, drawn.asked, after=indexed, now=at)]
    return stories_of(drawn, [each for each in articles.known(session, candidates, at) if each.article_id != but])


def _listen(session: Session, desk: Desk, row: ArticleRow, read: Sequence[Comment], now: datetime) -> int:
    """Add comments, and owe what the article satisfies only with them."""
    before = row.comments
    comments.hear(session, row, read, desk.comments)
    if row.comments == before:
        return 0
    return _watch(session, desk, row, list(articles.stories_of(session, row.id)), now, _Occasion.COMMENTS)


class _Occasion(Enum):
    """Why an article is matched: a state that is new, or more of one that was matched before, its pages or its comments."""

    STATE, PAGES, COMMENTS = "state", "pages", "comments"


def _watch(session: Session, desk: Desk, row: ArticleRow, stories: list[int], now: datetime, occasion: _Occasion = _Occasion.STATE) -> int:
    """Match the article's present state; owe what is new to somebody. Gives the number of alerts.

    Where the state was matched before, only topics that did not match then are news, and nobody is told of a revision.
    """
    topics, again = desk.watchlist.topics, occasion is not _Occasion.STATE
    known = alerts.matched(session, row) if again else frozenset()
    matches = [match for match in matches_of(desk, row, now) if match.topic not in known]
    told = {match.topic for match in matches if alerts.told_before(session, row, match.topic, stories)}
    alerts.record(session, row, matches, desk.watchlist.version, now)
    passing(Point.ARTICLE_MATCHED)
    if _learns(desk, row, occasion):
        return 0
    owed, by = [], dict[str, str]()
    for topic in (topics[match.topic] for match in matches):
        for channel, recipient in desk.watchlist.recipients(topic):
            revises = bool(row.revision) and not again and alerts.alerted(session, stories, recipient, article_id=row.id)
            if _is_owed(session, stories, recipient, news=topic.slug not in told, revises=revises, follows=topic.revisions != "never"):
                to = (by.setdefault(recipient, channel), recipient)
                owed.append(alerts.Due(topic=topic.slug, story_id=stories[0], to=to, revision=row.revision if revises else 0))
    return owe_all(session, desk, row, owed, now)


def matches_of(desk: Desk, row: ArticleRow, now: datetime) -> list[TopicMatch]:
    """The active topics that the article's present state satisfies."""
    return [match for match in desk.matcher.match(readable(row)) if desk.watchlist.topics[match.topic].is_active(now.date())]


def owe_all(session: Session, desk: Desk, row: ArticleRow, dues: list[alerts.Due], now: datetime) -> int:
    """Owe each once; gives their number."""
    owed = list(dict.fromkeys(dues))
    for due in owed:
        alerts.owe(session, row, due, now, desk.late)
    session.flush()
    passing(Point.ARTICLE_OWED)
    return len(owed)


def _learns(desk: Desk, row: ArticleRow, occasion: _Occasion) -> bool:
    """Whether what matches was there before we watched: a learned article's first state, its comments up to their first whole reading."""
    if desk.learning or not row.learned:
        return desk.learning
    return desk.threads and row.comments_read is None if occasion is _Occasion.COMMENTS else not row.revision


def _is_owed(session: Session, stories: list[int], recipient: str, *, news: bool, revises: bool, follows: bool) -> bool:
    """A topic's first telling is owed to whoever had no message about the story; a revision to whoever had this article."""
    return news or follows if revises else news and not alerts.alerted(session, stories, recipient)


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
