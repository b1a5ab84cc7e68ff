"""Matching again: topics that were changed look through the past, and what they find is one late message to each recipient.

What matched before stays as it was told, with the version that matched it; an article that somebody heard of is not told again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pipelines import reread, timing, watching
from pipelines.alerts.outbox import Post, deliver
from pipelines.alerts.sending import sender_of
from pipelines.config import Settings
from pipelines.desk import Desk
from pipelines.errors import ConfigError
from pipelines.forecast import ids_in
from pipelines.models import TopicMatch
from pipelines.scan import Tell, matched, unheeded
from pipelines.store import articles, matches
from pipelines.store.alerts import Due
from pipelines.store.database import in_one_reading, in_one_transaction, open_store, serialize_stories
from pipelines.store.late import release_late
from pipelines.store.scan import Span
from pipelines.store.tables import ArticleRow
from pipelines.store.watchlists import REFUSED, activate
from pipelines.watch.chosen import known, plans_of
from pipelines.watch.engine import Matcher
from pipelines.watch.program import program_of

DELIVERY = 20.0  # seconds that the first attempt at its messages may take; the `deliver` DAG does the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which topics look through which span; none means all. `dry`: only say what would come of it."""

    span: Span
    topics: tuple[str, ...] = ()
    dry: bool = False


def rematch(settings: Settings, wanted: Wanted, portal_names: Mapping[str, str], tell: Tell = unheeded) -> dict[str, Any]:
    """Match the span's articles again; gives the counts. Each article is a transaction: stopped, it may be started again.

    ConfigError where the watchlist in the file is refused, WrongUseError for an unknown topic or a span without articles.
    """
    engine = open_store(settings)
    active = activate(engine, settings.watchlist, settings.aliases, now(), settings.compiled)
    if active.trouble:
        raise ConfigError(REFUSED.format(version=active.watchlist.version, trouble=active.trouble))
    topics = known(active.watchlist, wanted.topics or active.watchlist.topics)
    plans = plans_of(active.watchlist, topics)
    late = f"rematch-{now():%Y%m%dT%H%M%S}"
    desk = Desk(
        engine=engine, fast=None, watchlist=active.watchlist, matcher=Matcher(program_of(plans)), learning=False, looks=(), late=late,
    )  # fmt: skip
    ids = ids_in(engine, wanted.span)
    # By one process: one that is forked inside an Airflow task may hang.
    found = [each.article_id for each in matched(engine, plans, ids, tell, cores=1)]
    again = _Rematch(desk=desk, dry=wanted.dry)
    for article in found:
        again.look(article)
    messages = len(again.recipients) if wanted.dry else _release(settings, desk, portal_names)
    counts = {"articles": len(ids), "matched": len(found), "new_matches": again.matches, "alerts": again.alerts, "messages": messages}
    return {"dry_run": wanted.dry, "late": late, "version": active.watchlist.version, "topics": len(topics), **counts}


def wanted_of(params: Mapping[str, Any]) -> Wanted:
    """What a form asked for: `topic`, `days` back from now, `portal`, `dry_run`."""
    present = now()
    span = Span(since=present - timedelta(days=params.get("days") or 30), until=present, portal=params.get("portal") or None)
    return Wanted(span=span, topics=(params["topic"],) if params.get("topic") else (), dry=bool(params.get("dry_run")))


def now() -> datetime:
    """The present, aware."""
    return datetime.now(UTC)


def _release(settings: Settings, desk: Desk, portal_names: Mapping[str, str]) -> int:
    """Let the batch go, and try to send it; gives the number of messages."""
    messages = in_one_transaction(desk.engine, lambda session: release_late(session, desk.late or "", now()))
    if messages:
        send, zone = sender_of(settings), settings.zone
        post = Post(engine=desk.engine, watchlist=desk.watchlist, portal_names=portal_names, send=send, clock=now, zone=zone)
        deliver(post, seconds=DELIVERY)
    return messages


@dataclass(frozen=True, slots=True, kw_only=True)
class _News:
    """What is new of one article: its new matches, its stories, and what is owed for them."""

    matches: Sequence[TopicMatch] = ()
    stories: Sequence[int] = ()
    dues: Sequence[Due] = ()


class _Rematch:
    """What comes of articles that match, counted. A dry one remembers what it would have told, since nothing is kept."""

    def __init__(self, *, desk: Desk, dry: bool) -> None:
        self._desk, self._dry = desk, dry
        self._told: set[tuple[str, int]] = set()  # (topic or recipient, story)
        self.matches, self.alerts = 0, 0
        self.recipients: set[str] = set()

    def look(self, article_id: int) -> None:
        """Match one article as it is now, and owe what is new; nothing is written where nothing is."""
        news = in_one_reading(self._desk.engine, lambda session: _news(session, self._desk, article_id))
        if news.matches and not self._dry:
            news = in_one_transaction(self._desk.engine, lambda session: _kept(session, self._desk, article_id))
        dues = self._untold(news) if self._dry else news.dues
        self.matches += len(news.matches)
        self.alerts += len(dues)
        self.recipients |= {due.to[1] for due in dues}

    def _untold(self, news: _News) -> list[Due]:
        dues = [due for due in news.dues if not self._told & {(who, story) for who in (due.topic, due.to[1]) for story in news.stories}]
        told = [*(match.topic for match in news.matches), *(due.to[1] for due in dues)]
        self._told |= {(who, story) for who in told for story in news.stories}
        return dues


def _news(session: Session, desk: Desk, article_id: int) -> _News:
    row = session.get(ArticleRow, article_id)
    if row is None:
        return _News()
    before = matches.matched(session, row)
    new = [match for match in watching.matches_of(desk, row, now()) if match.topic not in before]
    dues = reread.unheard(session, desk, row, [match.topic for match in new])
    return _News(matches=new, stories=articles.stories_of(session, row.id), dues=list(dict.fromkeys(dues)))


def _kept(session: Session, desk: Desk, article_id: int) -> _News:
    serialize_stories(session)
    news = _news(session, desk, article_id)
    if news.matches:
        row = session.get_one(ArticleRow, article_id)
        matches.record(session, row, news.matches, desk.watchlist.version, now())
        timing.owe_all(session, desk, row, list(news.dues), now())
    return news
