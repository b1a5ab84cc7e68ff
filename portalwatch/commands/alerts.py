"""alerts: what is owed, what was sent, what is dead."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.policy.plan import Policy
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from pipelines.store.tables import AlertRow, ArticleRow, Retraction
from pipelines.store.verdicts import alerts_named
from pipelines.store.watchlists import running, standing
from pipelines.watch.watchlist import Watchlist
from pipelines.why.waiting import waits
from pipelines.yamlfile import suggestion
from portalwatch import moments, show
from portalwatch.commands import preview
from portalwatch.signals import stopping
from spiders.loader import names


class State(StrEnum):
    """The states of an alert."""

    HELD = "held"
    OWED = "owed"
    SENDING = "sending"
    RETRYING = "retrying"
    SENT = "sent"
    DEAD = "dead"


alerts = typer.Typer(no_args_is_help=True, help="Alerts: what is owed to whom, and what became of it.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    preview.add_to(alerts)
    app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(  # noqa: PLR0913, PLR0917 -- one parameter an option
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    message: Annotated[str | None, typer.Option(help="Only those of one message, which a late one may have many of.")] = None,
    topic: Annotated[str | None, typer.Option(help="Only those of one topic.")] = None,
    channel: Annotated[str | None, typer.Option(help="Only those by one channel.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those owed since that day or time.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Alerts, newest first, with the channel's last answer.

    Example: `portalwatch alerts list --state dead`
    """
    query = (
        select(AlertRow, ArticleRow.title).join(ArticleRow, ArticleRow.id == AlertRow.article_id).order_by(AlertRow.id.desc()).limit(limit)
    )
    wanted = ((AlertRow.state, state), (AlertRow.message, message), (AlertRow.topic, topic), (AlertRow.channel, channel))
    query = query.where(*(column == value for column, value in wanted if value))
    query = query.where(AlertRow.owed_at >= moments.beginning(since, "--since")) if since else query
    engine, zone = open_store(settings()), settings().zone
    watchlist = running(engine, settings().compiled)
    with reading(engine) as session:
        _refuse_unknown(session, topic, watchlist)
        _refuse_unknown_message(session, message)
        lines = [
            _line(row, title, watchlist.policy(row.topic, row.channel, zone) if watchlist else Policy(zone=zone))
            for row, title in session.execute(query)
        ]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [
            (a["alert"], a["owed_at"], a["state"], a["topic"], f"{a['channel']} {a['recipient']}", a["title"], a["waits"] or a["answer"])
            for a in lines
        ]
        show.rows(
            ("alert", "owed", "state", "topic", "to", "title", "answer"),
            cells,
            empty="no alerts" + (" of that kind" if any(each for _, each in wanted) or since else " yet"),
        )


def _refuse_unknown(session: Session, topic: str | None, watchlist: Watchlist | None) -> None:
    """WrongUseError for a topic that the watchlist does not have and of which nothing was ever owed."""
    if topic and session.scalar(select(AlertRow.id).where(AlertRow.topic == topic).limit(1)) is None:
        read = watchlist or standing(open_store(settings()), settings().watchlist, settings().aliases, settings().compiled).watchlist
        if topic not in read.topics:
            near = suggestion(topic, list(read.topics))
            raise WrongUseError(f"no topic is called `{topic}`{near} (`portalwatch topics list` shows them)")


def _refuse_unknown_message(session: Session, message: str | None) -> None:
    """WrongUseError for a message that there is not, with what there is."""
    alert = alerts_named(session, message)[0] if message else None
    if alert and alert.message != message:
        raise WrongUseError(f"no message is called `{message}`; alert {message} is told by the message {alert.message}")


def _line(row: AlertRow, title: str, policy: Policy) -> dict[str, Any]:
    return {
        "alert": row.id,
        "message": row.message,
        "state": row.state,
        "topic": row.topic,
        "channel": row.channel,
        "recipient": row.recipient,
        "story": row.story_id,
        "development": row.development,
        "revision": row.revision,
        "title": title,
        "owed_at": row.owed_at,
        "sent_at": row.sent_at,
        "attempts": row.attempts,
        "answer": row.answer,
        "late": row.late,
        "bundle": row.bundle,
        "next_try_at": row.next_try_at,
        "waits": waits(row, policy, datetime.now(UTC)),
    }


@alerts.command("retractions")
def list_retractions(
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Messages that ask a webhook to forget what it was told, newest first, with its last answer.

    Example: `portalwatch alerts retractions --state dead`
    """
    query = select(Retraction).order_by(Retraction.id.desc()).limit(limit)
    shown = ("message", "state", "channel", "retracts", "owed_at", "sent_at", "attempts", "answer")
    with reading(open_store(settings())) as session:
        rows = session.scalars(query.where(Retraction.state == state) if state else query)
        lines = [{name: getattr(row, name) for name in shown} for row in rows]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [(*(line[name] for name in shown[:3]), ", ".join(line["retracts"]), line["answer"]) for line in lines]
        show.rows((*shown[:4], "answer"), cells, empty="no retractions" + (f" that are {state}" if state else " yet"))


@alerts.command("deliver")
def deliver_now() -> None:
    """Send what is owed and due, now. Ctrl-C ends with the messages that are in flight.

    Example: `portalwatch alerts deliver`
    """
    from pipelines import rounds

    try:
        with stopping():
            done = rounds.deliver_round(settings(), names(settings()))
    except KeyboardInterrupt:
        typer.echo("stopped: what was in flight is recorded, the rest stays owed", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"{show.counted(done.sent, 'message')} sent, {done.retrying:,} will be tried again, {done.dead:,} dead")
    if done.dead:
        raise typer.Exit(1)


@alerts.command("replay")
def replay(message: Annotated[str | None, typer.Argument(help="One message; all dead ones where it is left out.")] = None) -> None:
    """Owe dead alerts again, once what was wrong is mended, and ask channels that are left alone at the next delivery.

    Example: `portalwatch alerts replay`
    """
    from pipelines import rounds

    count = rounds.replay(settings(), message)
    typer.echo(f"{show.counted(count, 'alert')} {'is' if count == 1 else 'are'} owed again")
