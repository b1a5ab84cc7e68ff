"""Was somebody told: each alert of a match with its channel's answer, and why a recipient has none."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from pipelines.policy.plan import Policy
from pipelines.store import mutes
from pipelines.store.articles import stories_of
from pipelines.store.rulings import about
from pipelines.store.tables import AlertRow, ArticleRow, Match, Telling
from pipelines.watch.topic import Topic
from pipelines.why.stage import Case, Mark, Stage
from pipelines.why.waiting import muted, waits

MARKS = {"sent": Mark.YES, "dead": Mark.NO}
NONE: dict[str, Any] = dict.fromkeys(("channel", "recipient", "message", "development", "revision")) | {"state": "none", "attempts": 0}


def alerts(case: Case, match: Match, topic: Topic | None) -> tuple[Stage, ...]:
    """What is owed by this match, to whom, and what became of it; for whom nothing is, why."""
    query = select(AlertRow).where(AlertRow.article_id == match.article_id, AlertRow.topic == match.topic).order_by(AlertRow.id)
    rows = case.session.scalars(query).all()
    owed = tuple(_alert(case, row) for row in rows)
    if not owed and match.learned:
        says = "learned: it was there before we watched, so nobody is told"
        return (Stage(name="alert", mark=Mark.NOTE, says=says, told=NONE | {"state": "learned"}),)
    heard = {row.recipient for row in rows}
    recipients = case.watchlist.recipients(topic) if topic and case.watchlist else ()
    if not recipients and not owed:
        return (Stage(name="alert", mark=Mark.NO, says="nobody hears of this topic: it has no channels", told=NONE),)
    never = _silenced(case, match)
    heard |= {stage.told["recipient"] for stage in never}
    return (*owed, *never, *(_unowed(case, match, *to) for to in recipients if to[1] not in heard))


def _silenced(case: Case, match: Match) -> tuple[Stage, ...]:
    """Whom a mute kept from hearing of it."""
    found = mutes.silenced(case.session, match.article_id, match.topic)
    return tuple(
        Stage(
            name="alert", mark=Mark.NO, at=row.silenced_at,
            says=f"never told to {_to(row.channel, row.recipient)}: {muted(mute, case.zone, case.now)}",
            told=NONE | {"state": "muted", "channel": row.channel, "recipient": row.recipient, "revision": row.revision},
        )
        for row, mute in found
    )  # fmt: skip


def _policy(case: Case, topic: str, channel: str) -> Policy:
    return case.watchlist.policy(topic, channel, case.zone) if case.watchlist else Policy(zone=case.zone)


def _alert(case: Case, row: AlertRow) -> Stage:
    says, at = _state(case, row)
    told = {"state": row.state, "channel": row.channel, "recipient": row.recipient, "message": row.message, "attempts": row.attempts}
    told |= {"development": row.development, "revision": row.revision}
    evidence = tuple(filter(None, [row.answer]))
    return Stage(name="alert", mark=MARKS.get(row.state, Mark.WAIT), says=says, at=at, evidence=evidence, told=told)


def _state(case: Case, row: AlertRow) -> tuple[str, datetime | None]:
    to = _to(row.channel, row.recipient)
    match row.state:
        case "sent":
            return f"sent to {to} on {case.when(row.sent_at or row.owed_at)}", row.sent_at
        case "retrying":
            return f"retrying at {case.when(row.next_try_at)}: {to} failed {row.attempts} times so far", row.next_try_at
        case "dead":
            return f"dead after {row.attempts} attempts to {to}; `portalwatch alerts replay {row.message}` owes it again", row.next_try_at
        case "held":
            return f"held for {to}: {waits(row, _policy(case, row.topic, row.channel), case.now)}", row.next_try_at
        case "sending":
            return f"being sent to {to}", row.next_try_at
        case _:
            return f"owed to {to} since {case.when(row.owed_at)}; the next delivery sends it", row.owed_at


def _to(channel: str, recipient: str) -> str:
    return channel if channel == recipient else f"{recipient} ({channel})"


def _unowed(case: Case, match: Match, channel: str, recipient: str) -> Stage:
    """Why a recipient of the topic is owed nothing by this match."""
    stories = list(stories_of(case.session, match.article_id))
    to, told = _to(channel, recipient), NONE | {"channel": channel, "recipient": recipient}
    query = select(AlertRow).where(about(stories), AlertRow.recipient == recipient).order_by(AlertRow.id).limit(1)
    if heard := case.session.scalar(query):
        says = f"{to} has the story already: {_state(case, heard)[0]}, by {_article(case, heard.article_id)} for {heard.topic}"
        return Stage(name="alert", mark=Mark.NOTE, says=says, at=heard.sent_at, told=told | {"message": heard.message})
    if earlier := _earlier(case, match, stories):
        says = f"not owed to {to}: {match.topic} matched the story first in {_article(case, earlier.article_id)}"
        learned = ", learned: it was there before we watched" if earlier.learned else ""
        return Stage(name="alert", mark=Mark.NOTE, says=says + learned, at=earlier.matched_at, told=told)
    says = f"not owed to {to}: the channel was not in the topic then, or a late reading that tells nobody found it"
    return Stage(name="alert", mark=Mark.NOTE, says=says, told=told)


def _earlier(case: Case, match: Match, stories: list[int]) -> Match | None:
    query = select(Match).join(Telling, Telling.article_id == Match.article_id).where(Telling.story_id.in_(stories))
    query = query.where(Match.topic == match.topic, Match.article_id != match.article_id, Match.id < match.id).order_by(Match.id).limit(1)
    return case.session.scalar(query)


def _article(case: Case, number: int) -> str:
    row = case.session.get(ArticleRow, number)
    return f"article {number} ({row.portal}, {row.url})" if row else f"article {number}"
