"""Keeping an article: its state, its story, its matches and the alerts that it owes, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from pipelines.dedup.fast import Fast
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import stories_of
from pipelines.models import Article, Outcome
from pipelines.store import alerts, articles, comments, pages
from pipelines.store.database import in_one_transaction, reading, serialize_stories
from pipelines.store.pages import Found
from pipelines.store.tables import ArticleRow, PageRow
from pipelines.watch.engine import Matcher
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a run keeps articles with. `learning`: what is already there is kept and matched, not alerted.

    `late`: the name of a replay or backfill, whose new matches reach each recipient as one late message at its end.
    """

    engine: Engine
    fast: Fast | None
    watchlist: Watchlist
    matcher: Matcher
    learning: bool
    looks: pages.Looks
    comments: str = comments.PSEUDONYMOUS
    late: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What became of an article, and how many alerts it owes."""

    outcome: Outcome
    article_id: int
    alerts: int = 0


@dataclass(slots=True, kw_only=True)
class _Draft:
    """An article on its way into the store; `before` is the newest id of the store when it got its own."""

    found: Found
    article: Article
    sketch: Sketch
    near: tuple[int, list[int]]
    article_id: int | None = None
    before: int = 0


def keep(desk: Desk, found: Found, article: Article, now: datetime) -> Kept:
    """Keep one article. Seen is marked by the caller, after this returned: until then a crash means that it comes again."""
    drawn = sketch(article.title, article.text)
    near = desk.fast.near(drawn.sample) if desk.fast else None
    draft = _Draft(found=found, article=article, sketch=drawn, near=near or (0, []))

    def work(session: Session) -> Kept:
        draft.article_id = None
        serialize_stories(session)
        return _keep(session, desk, draft, now)

    kept = in_one_transaction(desk.engine, work)
    if desk.fast and draft.article_id is not None:
        desk.fast.post(draft.article_id, draft.before, drawn.sample)
    return kept


def settle(desk: Desk, found: Found, outcome: Outcome, evidence: str | None, now: datetime) -> None:
    """Write the outcome of an identity that gave no article; a page that says that an article is gone marks it vanished."""

    def work(session: Session) -> None:
        page = pages.settle(session, found, outcome, now, desk.looks, evidence)
        row = articles.of_page(session, page.id)
        if row is not None and row.vanished_at is None and (evidence or "").startswith("missing"):
            row.vanished_at = now

    in_one_transaction(desk.engine, work)


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


def _keep(session: Session, desk: Desk, draft: _Draft, now: datetime) -> Kept:
    if pages.forgotten(session, draft.found):
        return Kept(outcome=Outcome.DENIED, article_id=0)
    draft.article = comments.as_kept(session, draft.article, desk.comments)
    page = pages.settle(session, draft.found, Outcome.UNCHANGED, now, desk.looks)
    row = articles.of_page(session, page.id)
    if row is None:
        page.outcome = Outcome.NEW.value
        return _add(session, desk, page, draft, now)
    if row.digest == draft.sketch.digest:
        articles.refresh(row, draft.article)
        return Kept(outcome=Outcome.UNCHANGED, article_id=row.id)
    page.outcome = Outcome.REVISED.value
    articles.revise(session, row, draft.article, draft.sketch.digest, now)
    articles.post_shingles(session, row, draft.sketch.sample)
    draft.article_id, draft.before = row.id, row.id  # a known id fills no gap of the index
    owed = _watch(session, desk, row, list(articles.stories_of(session, row.id)), now)
    return Kept(outcome=Outcome.REVISED, article_id=row.id, alerts=owed)


def _add(session: Session, desk: Desk, page: PageRow, draft: _Draft, now: datetime) -> Kept:
    drawn, (indexed, near) = draft.sketch, draft.near
    draft.before = articles.newest_id(session)
    candidates = [*articles.equals(session, drawn.digest, now), *near, *articles.near(session, drawn.sample, after=indexed, now=now)]
    links = stories_of(drawn, articles.known(session, candidates, now))
    row = articles.add(session, page, draft.article, digest=drawn.digest, learned=desk.learning or page.learned, now=now)
    draft.article_id = row.id
    articles.post_shingles(session, row, drawn.sample)
    owed = _watch(session, desk, row, articles.place(session, row, links, now), now)
    return Kept(outcome=Outcome.NEW, article_id=row.id, alerts=owed)


def _watch(session: Session, desk: Desk, row: ArticleRow, stories: list[int], now: datetime) -> int:
    """Match the article's present state; owe what is new to somebody. Gives the number of alerts."""
    topics = desk.watchlist.topics
    matches = [match for match in desk.matcher.match(readable(row)) if topics[match.topic].is_active(now.date())]
    told = {match.topic for match in matches if alerts.told_before(session, row, match.topic, stories)}
    alerts.record(session, row, matches, desk.watchlist.version, now)
    if desk.learning or (row.learned and not row.revision):
        return 0
    owed, by = [], dict[str, str]()
    for topic in (topics[match.topic] for match in matches):
        for channel, recipient in desk.watchlist.recipients(topic):
            if _is_owed(session, row, stories, recipient, news=topic.slug not in told, follows=topic.revisions != "never"):
                revision = row.revision if alerts.alerted(session, stories, recipient, article_id=row.id) else 0
                to = (by.setdefault(recipient, channel), recipient)
                owed.append(alerts.Due(topic=topic.slug, story_id=stories[0], to=to, revision=revision))
    owed = list(dict.fromkeys(owed))
    for due in owed:
        alerts.owe(session, row, due, now)
    return len(owed)


def _is_owed(session: Session, row: ArticleRow, stories: list[int], recipient: str, *, news: bool, follows: bool) -> bool:
    """A topic's first telling is owed to whoever had no message about the story; a revision to whoever had this article."""
    if row.revision and alerts.alerted(session, stories, recipient, article_id=row.id):
        return news or follows
    return news and not alerts.alerted(session, stories, recipient)


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
