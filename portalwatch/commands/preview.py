"""alerts test, show, preview, feed: what one would get, what became of it, and whether a channel works."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.alerts import feed, tokens
from pipelines.alerts.mail import compose
from pipelines.alerts.note import note
from pipelines.alerts.sending import sender_in, sender_of
from pipelines.alerts.webhook import payload
from pipelines.config import settings
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.models import Message
from pipelines.store import alerts as outbox
from pipelines.store import feeds
from pipelines.store.attempts import attempts_of
from pipelines.store.database import open_store, reading, store_id
from pipelines.store.feeds import Entry
from pipelines.store.messages import message_of
from pipelines.store.tables import AlertRow, Retraction
from pipelines.store.watchlists import standing
from pipelines.watch.topic import Titles
from pipelines.watch.watchlist import Watchlist
from pipelines.yamlfile import suggestion
from portalwatch import show
from portalwatch.commands.serve import HOST, PORT
from portalwatch.needs import needs
from spiders.loader import names

OPEN = ("held", "owed", "sending", "retrying")
Rows = Sequence[AlertRow | Retraction]


class Format(StrEnum):
    """The forms of a message."""

    MAIL = "mail"
    HTML = "html"
    WEBHOOK = "webhook"
    CHAT = "chat"
    ATOM = "atom"


def add_to(alerts: typer.Typer) -> None:
    """Hang in the group `alerts`."""
    alerts.command("show")(show_message)
    alerts.command("preview")(preview)
    alerts.command("feed")(show_feed)
    alerts.command("test")(try_channel)


def show_message(
    which: Annotated[str, typer.Argument(metavar="ID", help="A message, or the number of an alert.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """One message: what it tells, to whom, its state, when it is tried next, and every attempt.

    Example: `portalwatch alerts show 41`
    """
    with reading(open_store(settings())) as session:
        rows = _rows(session, which)
        found = {**_summary(rows), **_told(session, rows[0].message), "attempts": _attempts(session, rows)}
    if as_json:
        show.jsonl([found])
        return
    attempts = found.pop("attempts")
    for name, value in found.items():
        typer.echo(f"{name.replace('_', ' '):<10} {show.plain(', '.join(map(str, value)) if isinstance(value, list) else value)}")
    show.rows(("attempt", "at", "answer"), [(a["attempt"], a["at"], a["answer"]) for a in attempts], empty="no attempt yet")


def preview(
    which: Annotated[str, typer.Argument(metavar="[ID]", help="A message, or the number of an alert.")] = "",
    sample: Annotated[
        str, typer.Option("--sample", metavar="TOPIC", help="The topic's newest story instead, as its readers would get it.")
    ] = "",
    form: Annotated[Format, typer.Option("--format", help="As what.")] = Format.MAIL,
    out: Annotated[Path | None, typer.Option("--out", help="Into this file; to stdout where it is left out.")] = None,
) -> None:
    """Any alert as a file, sent or not: .eml, .html, .json, text or a feed.

    Example: `portalwatch alerts preview --sample dprk-russia --format html --out alert.html`
    """
    if bool(which) == bool(sample):
        raise WrongUseError("name either an alert or --sample TOPIC")
    watchlist = _watchlist()
    with reading(open_store(settings())) as session:
        message = _sampled(session, sample, watchlist) if sample else _message(session, which, watchlist)
        body = _formed(message, form, store_id(session))
    if out is None:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    else:
        out.write_bytes(body)
        typer.echo(f"{out}: {len(body)} bytes", err=True)


def show_feed(
    topic: Annotated[str, typer.Argument(help="A topic of the watchlist.")],
    url: Annotated[bool, typer.Option("--url", help="Its address, with the token that opens it.")] = False,
) -> None:
    """A topic's Atom feed, or the address under which `portalwatch serve` answers it.

    Example: `portalwatch alerts feed dprk-russia --url`
    """
    watchlist = _watchlist()
    called = _topic(topic, watchlist)
    if url:
        if not settings().public_url:
            typer.echo("this is where `portalwatch serve` answers on this machine; PORTALWATCH_PUBLIC_URL names another address", err=True)
        typer.echo(("" if settings().public_url else f"http://{HOST}:{PORT}") + tokens.address(settings(), topic))
        return
    with reading(open_store(settings())) as session:
        body = feed.atom(called, store_id(session), feeds.entries(session, called, names(settings())), sender_in(settings()))
    sys.stdout.buffer.write(body)
    sys.stdout.buffer.flush()


def try_channel(
    channel: Annotated[str, typer.Argument(help="A channel of the watchlist.")],
    recipient: Annotated[str, typer.Option("--recipient", metavar="R", help="Only this one of its recipients.")] = "",
) -> None:
    """Send a sample, marked as one, through a channel and print its true answer.

    Example: `portalwatch alerts test desk`
    """
    watchlist = _watchlist()
    if channel not in watchlist.channels:
        near = suggestion(channel, list(watchlist.channels))
        raise typer.BadParameter(f"no channel is called `{channel}`{near}; there are: {', '.join(watchlist.channels)}")
    recipients = getattr(watchlist.channels[channel], "to", (channel,))
    if recipient and recipient not in recipients:
        raise typer.BadParameter(f"{channel} has no recipient `{recipient}`; it has: {', '.join(recipients)}")
    send, failed = sender_of(settings()), False
    for each in (recipient,) if recipient else recipients:
        answer = send(watchlist.channels[channel], _test_message(channel, each, datetime.now(UTC).timestamp()))
        typer.echo(show.plain(f"{each}: {'ok' if answer.ok else 'FAILED'}: {answer.detail}"))
        failed = failed or not answer.ok
    if failed:
        raise PortalwatchError("; ".join(needs(watchlist, settings(), (channel,))) or f"channel {channel} does not work")


def _watchlist() -> Watchlist:
    given = settings()
    return standing(open_store(given), given.watchlist, given.aliases, given.compiled).watchlist


def _topic(slug: str, watchlist: Watchlist) -> tuple[str, str]:
    if slug not in watchlist.topics:
        raise WrongUseError(f"no topic is called `{slug}`{suggestion(slug, list(watchlist.topics))} (`portalwatch topics list` shows them)")
    return slug, watchlist.topics[slug].title or slug


def _rows(session: Session, which: str) -> Rows:
    """All alerts (or the retraction) of one message, by its id or the number of one alert."""
    if which.isascii() and which.isdigit() and (row := session.get(AlertRow, int(which))):
        which = row.message
    alerts = session.scalars(select(AlertRow).where(AlertRow.message == which).order_by(AlertRow.id)).all()
    rows: Rows = alerts or session.scalars(select(Retraction).where(Retraction.message == which)).all()
    if not rows:
        raise WrongUseError(f"no message or alert is called `{which}`; `portalwatch alerts list --json` shows them")
    return rows


def _summary(rows: Rows) -> dict[str, Any]:
    first = rows[0]
    return {
        "message": first.message,
        "alerts": [row.id for row in rows] if isinstance(first, AlertRow) else [],
        "state": first.state,
        "channel": first.channel,
        "recipient": first.recipient,
        "story": first.story_id,
        "owed_at": first.owed_at,
        "sent_at": first.sent_at,
        "next_try": first.next_try_at if first.state in OPEN else None,
    }


def _told(session: Session, message: str) -> dict[str, Any]:
    told = message_of(session, message, {}, names(settings()))
    return {"kind": told.kind, "topics": [slug for slug, _ in told.topics], "title": told.title, "url": told.url, "answers": told.thread}


def _attempts(session: Session, rows: Rows) -> list[dict[str, Any]]:
    """Every attempt at the message, the oldest first."""
    made = enumerate(attempts_of(session, rows[0].message), 1)
    return [{"attempt": each, "at": attempt.at, "seconds": attempt.seconds, "answer": attempt.answer} for each, attempt in made]


def _message(session: Session, which: str, watchlist: Watchlist) -> Message:
    return message_of(session, _rows(session, which)[0].message, Titles(watchlist.topics), names(settings()))


def _sampled(session: Session, topic: str, watchlist: Watchlist) -> Message:
    """The topic's newest story as a message, or an invented one where it has none yet."""
    called = _topic(topic, watchlist)
    found = feeds.entries(session, called, names(settings()))
    message = found[0].message if found else replace(_test_message("sample", topic, 0), topics=(called,))
    return replace(message, id="pw_sample", channel="sample", recipient="reader@example.org")


def _formed(message: Message, form: Format, store: str) -> bytes:
    sender, zone = sender_in(settings()), ZoneInfo(settings().timezone)
    if message.kind == "retracted" and form is not Format.WEBHOOK:
        raise WrongUseError("a retraction is told to webhooks only: --format webhook shows it")
    if form in (Format.MAIL, Format.HTML):
        addressed = message if "@" in message.recipient else replace(message, recipient="reader@example.org")
        mail = compose(addressed, sender, zone)
        page = mail.get_body(("html",))
        return mail.as_bytes() if form is Format.MAIL or page is None else str(page.get_content()).encode()
    if form is Format.WEBHOOK:
        return json.dumps(payload(message), ensure_ascii=False, indent=2).encode() + b"\n"
    if form is Format.CHAT:
        told = note(message, sender, zone)
        return f"{told.title}\n\n{told.text}\n".encode()
    since = message.first_seen_at or datetime.now(UTC)
    return feed.atom(("preview", "preview"), store, [Entry(message=message, since=since, updated=since)], sender)


def _test_message(channel: str, recipient: str, stamp: float) -> Message:
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
