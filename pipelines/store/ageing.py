"""Which rows age out: a rule a table, each telling what is old and what of it must stay all the same.

An article goes with all that is its own (states, matches, alerts, shingles, tellings) when all of it is old and nothing of it is still owed
to anybody. Its page row stays, as the memory that keeps it from coming back as news, and goes by an age of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, cast, delete, exists, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, join

from pipelines.models import Outcome
from pipelines.store.database import serialize_stories
from pipelines.store.forget import remove
from pipelines.store.tables import (
    AlertRow,
    ArticleRow,
    Attempt,
    HostDay,
    Incident,
    Match,
    Mute,
    Notice,
    PageRow,
    Retraction,
    Revision,
    Run,
    Shingle,
    Silenced,
    Source,
    Telling,
    WatchlistRow,
)

UNSETTLED = ("held", "owed", "sending", "retrying", "dead")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Days that each is kept; 0 keeps it for ever."""

    articles: int = 0
    revisions: int = 0
    alerts: int = 0
    pages: int = 0
    runs: int = 0
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What goes of a table. `source`: where its rows stand, `keys` what names one, `portal` whose it is, `age` what is shown of it.

    `goes`: those that go. `begun`: a time that never changes; a row whose own is not before `end` never goes, which a count proves.
    """

    table: Any
    name: str
    end: datetime
    source: Any
    keys: tuple[Any, ...]
    portal: ColumnElement[Any]
    age: ColumnElement[Any]
    goes: ColumnElement[bool]
    begun: ColumnElement[Any] | None = None

    @property
    def going(self) -> Select[Any]:
        """The keys of what goes, in their order."""
        return select(*self.keys).select_from(self.source).where(self.goes).distinct().order_by(*self.keys)

    def among(self, keys: Sequence[Any]) -> ColumnElement[bool]:
        """That a row's key is one of these."""
        return tuple_(*self.keys).in_([tuple(key) for key in keys])

    def take(self, session: Session, keys: Sequence[Any]) -> None:
        """Remove these rows."""
        if self.table is ArticleRow:
            _take_articles(session, [key[0] for key in keys])
        else:
            session.execute(delete(self.table).where(self.among(keys)).execution_options(synchronize_session=False))


def rules(kept: Kept, now: datetime, dialect: str) -> list[Rule]:
    """The rules that are in force, in the order in which they are carried out. `dialect`: the database's."""
    made = (
        (kept.index, _index), (kept.revisions, _revisions), (kept.alerts, _alerts), (kept.alerts, _attempts), (kept.articles, _articles),
        (kept.alerts or kept.articles, _silenced), (kept.alerts or kept.articles, _mutes),
        (kept.pages, _postgres_pages if dialect == "postgresql" else _sqlite_pages),
        (kept.runs, _runs), (kept.runs, _host_days), (kept.runs, _retractions), (kept.runs, _notices), (kept.runs, _incidents),
        (kept.runs, _watchlists),
    )  # fmt: skip
    return [rule(now - timedelta(days=days)) for days, rule in made if days]


def _articles(end: datetime) -> Rule:
    told = select(Telling.story_id).where(Telling.article_id == ArticleRow.id).correlate(ArticleRow)
    due = or_(AlertRow.state.in_(UNSETTLED), AlertRow.sent_at >= end)
    goes = (
        (ArticleRow.first_seen_at < end)
        & ~exists().where(Revision.article_id == ArticleRow.id, Revision.seen_at >= end)
        & ~exists().where(Match.article_id == ArticleRow.id, Match.matched_at >= end)
        & ~exists().where(AlertRow.article_id == ArticleRow.id, due)
        & ~exists().where(AlertRow.story_id.in_(told), due)
    )
    return Rule(
        table=ArticleRow, name="articles", end=end, source=ArticleRow, keys=(ArticleRow.id,), portal=ArticleRow.portal.expression,
        age=ArticleRow.first_seen_at.expression, goes=goes, begun=ArticleRow.first_seen_at.expression,
    )  # fmt: skip


def _take_articles(session: Session, articles: Sequence[int]) -> None:
    """Their pages are learned from now on: should one be read again, it is no news."""
    serialize_stories(session)
    pages = select(ArticleRow.page_id).where(ArticleRow.id.in_(articles))
    learned = update(PageRow).where(PageRow.id.in_(pages)).values(learned=True, due_at=None)
    session.execute(learned.execution_options(synchronize_session=False))
    for article in articles:
        remove(session, article)


def _revisions(end: datetime) -> Rule:
    """States that were followed by another; the present one goes with its article."""
    return Rule(
        table=Revision, name="revisions", end=end, source=join(Revision, ArticleRow, ArticleRow.id == Revision.article_id),
        keys=(Revision.article_id, Revision.number), portal=ArticleRow.portal.expression, age=Revision.seen_at.expression,
        goes=(Revision.seen_at < end) & (Revision.number < ArticleRow.revision), begun=Revision.seen_at.expression,
    )  # fmt: skip


def _alerts(end: datetime) -> Rule:
    """What was sent; the match stays with its article, so that nobody is told again. What was not may be cancelled while we count."""
    return Rule(
        table=AlertRow, name="alerts", end=end, source=join(AlertRow, ArticleRow, ArticleRow.id == AlertRow.article_id),
        keys=(AlertRow.id,), portal=ArticleRow.portal.expression, age=AlertRow.sent_at.expression,
        goes=(AlertRow.state == "sent") & (AlertRow.sent_at < end), begun=case((AlertRow.state == "sent", AlertRow.owed_at)),
    )  # fmt: skip


def _attempts(end: datetime) -> Rule:
    """Those of messages that are no more."""
    owed = exists().where(AlertRow.message == Attempt.message) | exists().where(Retraction.message == Attempt.message)
    return Rule(
        table=Attempt, name="attempts", end=end, source=Attempt, keys=(Attempt.id,), portal=literal(""),
        age=Attempt.at.expression, goes=(Attempt.at < end) & ~owed, begun=Attempt.at.expression,
    )  # fmt: skip


def _silenced(end: datetime) -> Rule:
    """Those that a removed article left behind; while it is there they tell why nobody heard of it, and they go with it."""
    goes = (Silenced.silenced_at < end) & ~exists().where(ArticleRow.id == Silenced.article_id)
    return Rule(
        table=Silenced, name="silenced", end=end, source=Silenced, keys=(Silenced.id,), portal=literal(""),
        age=Silenced.silenced_at.expression, goes=goes, begun=Silenced.silenced_at.expression,
    )  # fmt: skip


def _mutes(end: datetime) -> Rule:
    """Those that ended, and that no kept row of `silenced` names."""
    goes = (Mute.until < end) & ~exists().where(Silenced.mute_id == Mute.id)
    return Rule(
        table=Mute, name="mutes", end=end, source=Mute, keys=(Mute.id,), portal=literal(""),
        age=Mute.until.expression, goes=goes, begun=Mute.since.expression,
    )  # fmt: skip


def _index(end: datetime) -> Rule:
    """Shingles, by which no copy is looked for any more."""
    return Rule(
        table=Shingle, name="index", end=end, source=join(Shingle, ArticleRow, ArticleRow.id == Shingle.article_id),
        keys=(Shingle.article_id,), portal=ArticleRow.portal.expression, age=ArticleRow.first_seen_at.expression,
        goes=ArticleRow.first_seen_at < end, begun=ArticleRow.first_seen_at.expression,
    )  # fmt: skip


def _sqlite_pages(end: datetime) -> Rule:
    return _pages(end, func.json_each(Source.names).table_valued("value"))


def _postgres_pages(end: datetime) -> Rule:
    names = case((func.jsonb_typeof(Source.names) == "array", Source.names), else_=cast(literal("[]"), JSONB))
    return _pages(end, func.jsonb_array_elements_text(names).table_valued("value"))


def _pages(end: datetime, lately: Any) -> Rule:
    """Identities whose article is gone, or never was; not those that a listing still names, nor the tombstones, nor what is due."""
    named = select(Source.portal, lately.c.value).select_from(join(Source, lately, lately.c.value.is_not(None)))
    goes = (
        (PageRow.looked_at < end)
        & (PageRow.outcome != Outcome.DENIED.value)
        & PageRow.due_at.is_(None)
        & ~exists().where(ArticleRow.page_id == PageRow.id)
        & tuple_(PageRow.portal, PageRow.identity).not_in(named)
    )
    return Rule(
        table=PageRow, name="pages", end=end, source=PageRow, keys=(PageRow.id,), portal=PageRow.portal.expression,
        age=PageRow.looked_at.expression, goes=goes, begun=PageRow.first_seen_at.expression,
    )  # fmt: skip


def _runs(end: datetime) -> Rule:
    """But each portal's newest, the newest that looked, and those that tell which days of the past were read."""
    present = Run.history.is_(None)
    looked = present & Run.finish_reason.not_in(("not_started", "killed"))
    newest = [select(func.max(Run.id)).where(which).group_by(Run.portal) for which in (present, looked)]
    read = Run.history.is_not(None) & Run.succeeded.is_(True)
    return Rule(
        table=Run, name="runs", end=end, source=Run, keys=(Run.id,), portal=Run.portal.expression, age=Run.started_at.expression,
        goes=(Run.finished_at < end) & ~Run.id.in_(newest[0]) & ~Run.id.in_(newest[1]) & ~read, begun=Run.started_at.expression,
    )  # fmt: skip


def _host_days(end: datetime) -> Rule:
    return Rule(
        table=HostDay, name="host_days", end=end, source=HostDay, keys=(HostDay.host, HostDay.day), portal=HostDay.host.expression,
        age=HostDay.day.expression, goes=HostDay.day < end.date(),
    )  # fmt: skip


def _retractions(end: datetime) -> Rule:
    return Rule(
        table=Retraction, name="retractions", end=end, source=Retraction, keys=(Retraction.id,), portal=literal(""),
        age=Retraction.sent_at.expression, goes=(Retraction.state == "sent") & (Retraction.sent_at < end),
        begun=Retraction.owed_at.expression,
    )  # fmt: skip


def _notices(end: datetime) -> Rule:
    """But those of an incident that is not over."""
    over = Notice.incident_id.is_(None) | Notice.incident_id.in_(select(Incident.id).where(Incident.mended_at < end))
    return Rule(
        table=Notice, name="notices", end=end, source=Notice, keys=(Notice.id,), portal=literal(""),
        age=Notice.sent_at.expression, goes=(Notice.state == "sent") & (Notice.sent_at < end) & over,
    )  # fmt: skip


def _incidents(end: datetime) -> Rule:
    """Once they were mended, and nothing is owed or kept of them."""
    return Rule(
        table=Incident, name="incidents", end=end, source=Incident, keys=(Incident.id,), portal=Incident.name.expression,
        age=Incident.mended_at.expression,
        goes=(Incident.mended_at < end) & ~exists().where(Notice.incident_id == Incident.id),
    )  # fmt: skip


def _watchlists(end: datetime) -> Rule:
    """But the one that runs, and those by which a match or a run is explained."""
    running = select(WatchlistRow.version).order_by(WatchlistRow.activated_at.desc()).limit(1).scalar_subquery()
    named = exists().where(Match.watchlist == WatchlistRow.version) | exists().where(Run.watchlist == WatchlistRow.version)
    return Rule(
        table=WatchlistRow, name="watchlists", end=end, source=WatchlistRow, keys=(WatchlistRow.version,), portal=literal(""),
        age=WatchlistRow.activated_at.expression,
        goes=(WatchlistRow.activated_at < end) & (WatchlistRow.version != running) & ~named,
    )  # fmt: skip
