"""alerts: what is owed, what was sent, what is dead."""

from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy import select

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.models import Message
from pipelines.rounds import deliver_round
from pipelines.rounds import replay as replay_dead
from pipelines.store import alerts as outbox
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from pipelines.store.tables import AlertRow, ArticleRow, Retraction
from portalwatch import show
from portalwatch.signals import stopping


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
    app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_alerts(
    state: Annotated[State | None, typer.Option(help="Only these.")] = None,
    message: Annotated[str | None, typer.Option(help="Only those of one message, which a late one may have many of.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Alerts, newest first, with the channel's last answer.

    Example: `portalwatch alerts list --state dead`
    """
    query = (
        select(AlertRow, ArticleRow.title).join(ArticleRow, ArticleRow.id == AlertRow.article_id).order_by(AlertRow.id.desc()).limit(limit)
    )
    query = query.where(AlertRow.state == state) if state else query
    query = query.where(AlertRow.message == message) if message else query
    with reading(open_store(settings())) as session:
        lines = [
            {
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
            }
            for row, title in session.execute(query)
        ]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [
            (a["alert"], a["owed_at"], a["state"], a["topic"], f"{a['channel']} {a['recipient']}", a["title"], a["answer"]) for a in lines
        ]
        show.rows(
            ("alert", "owed", "state", "topic", "to", "title", "answer"),
            cells,
            empty=f"no message is called {message}" if message else "no alerts" + (f" that are {state}" if state else " yet"),
        )


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
    try:
        with stopping():
            done = deliver_round(settings())
    except KeyboardInterrupt:
        typer.echo("stopped: what was in flight is recorded, the rest stays owed", err=True)
        raise typer.Exit(130) from None
    typer.echo(f"{done.sent} sent, {done.retrying} will be tried again, {done.dead} dead")
    if done.dead:
        raise typer.Exit(1)


@alerts.command("replay")
def replay(message: Annotated[str | None, typer.Argument(help="One message; all dead ones where it is left out.")] = None) -> None:
    """Owe dead alerts again, once what was wrong is mended, and ask channels that are left alone at the next delivery.

    Example: `portalwatch alerts replay`
    """
    typer.echo(f"{replay_dead(settings(), message)} alerts are owed again")


@alerts.command("test")
def test_channel(channel: Annotated[str, typer.Argument(help="A channel of the watchlist.")]) -> None:
    """Send a sample through a channel and print its true answer.

    Example: `portalwatch alerts test desk`
    """
    from pipelines.alerts.sending import sender_of
    from pipelines.store.watchlists import activate
    from spiders.job import now

    watchlist = activate(open_store(settings()), settings().watchlist, settings().aliases, now(), settings().compiled).watchlist
    if channel not in watchlist.channels:
        raise typer.BadParameter(f"no channel is called `{channel}`; there are: {', '.join(watchlist.channels)}")
    send, failed = sender_of(settings()), False
    for recipient in getattr(watchlist.channels[channel], "to", (channel,)):
        answer = send(watchlist.channels[channel], _sample(channel, recipient, now().timestamp()))
        typer.echo(f"{recipient}: {'ok' if answer.ok else 'FAILED'}: {answer.detail}")
        failed = failed or not answer.ok
    if failed:
        raise PortalwatchError(f"channel {channel} does not work")


def _sample(channel: str, recipient: str, stamp: float) -> Message:
    return Message(
        id=outbox.message_id("test", int(stamp), 0, channel, recipient),
        kind="test",
        channel=channel,
        recipient=recipient,
        story_id=0,
        revision=0,
        topics=(("test", "測試 / test"),),
        title="這是一則測試訊息 · a test message",
        text="如果您看到這則訊息,這個頻道運作正常。If you can read this, the channel works.",
        url=settings().public_url or "https://example.org/",
        portal="portalwatch",
        portal_name="portalwatch",
    )
