"""alerts mute, mutes, unmute and digest: who hears nothing until when, and hearing before the digest's moment."""

import getpass
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.digests import Wanted, send, waiting
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.store import mutes
from pipelines.store.columns import LARGEST
from pipelines.store.database import in_one_transaction, open_store, reading
from pipelines.store.mutes import Muted
from pipelines.yamlfile import suggestion
from portalwatch import moments, show
from portalwatch.commands.alerts import alerts

UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = 366  # days

Topic = Annotated[str | None, typer.Argument(metavar="TOPIC", help="A topic, by its slug.")]
Story = Annotated[int | None, typer.Option(min=1, max=LARGEST, help="A story, by its number.")]
Recipient = Annotated[str | None, typer.Option(help="A recipient: a mail address, or a webhook's channel.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON lines.")]


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `alerts`."""
    alerts.command("mute")(mute)
    alerts.command("mutes")(list_mutes)
    alerts.command("unmute")(unmute)
    alerts.command("digest")(digest)


def mute(
    topic: Topic = None,
    story: Story = None,
    recipient: Recipient = None,
    until: Annotated[str | None, typer.Option(metavar="DATE", help="Its end: a time, or a day, which is muted too.")] = None,
    for_: Annotated[str | None, typer.Option("--for", metavar="SPAN", help="How long: `90 min`, `8h`, `3 d`.")] = None,
    who: Annotated[str | None, typer.Option(help="Who wants that; you, where it is left out.")] = None,
) -> None:
    """Tell nothing of a topic, a story or to a recipient until an end; what matches meanwhile is kept, counted, and never told.

    Example: `portalwatch alerts mute dprk-russia --for 8h`
    """
    what, present = _what(topic, story, recipient), datetime.now(UTC)
    if (until is None) == (for_ is None):
        raise typer.BadParameter("a mute needs its end: --until 2026-12-01, or --for 8h")
    end = moments.end(until, "--until") or present + _span(for_ or "")
    end = end.astimezone(settings().zone)
    _known(what)
    number = in_one_transaction(open_store(settings()), lambda session: mutes.mute(session, what, end, who or getpass.getuser(), present))
    typer.echo(f"mute {number}: {what} until {show.plain(end)}")
    typer.echo(f"end it before with `portalwatch alerts unmute {number}`")


def list_mutes(
    past: Annotated[bool, typer.Option("--past", help="Those too that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Mutes, who set them, until when they hold and how many alerts each has silenced.

    Example: `portalwatch alerts mutes --past`
    """
    with reading(open_store(settings())) as session:
        found = mutes.standing(session, datetime.now(UTC), past=past)
    lines = [
        {
            "mute": each.number, "topic": each.what.topic, "story": each.what.story, "recipient": each.what.recipient,
            "since": each.since, "until": each.until, "who": each.who, "silenced": each.silenced,
        }
        for each in found
    ]  # fmt: skip
    if as_json:
        show.jsonl(lines)
        return
    cells = [(each.number, each.what, each.since, each.until, each.who, each.silenced) for each in found]
    show.rows(("mute", "of", "since", "until", "who", "silenced"), cells, empty="nothing is muted")


def unmute(
    named: Annotated[str | None, typer.Argument(metavar="MUTE|TOPIC", help="A mute's number, or a topic.")] = None,
    story: Story = None,
    recipient: Recipient = None,
) -> None:
    """End a mute now. What it silenced stays untold.

    Example: `portalwatch alerts unmute dprk-russia`
    """
    number = int(named) if named and named.isascii() and named.isdigit() and len(named) < len(str(LARGEST)) else None
    what = Muted() if number is not None else _what(named, story, recipient)
    ended = in_one_transaction(open_store(settings()), lambda session: mutes.unmute(session, number, what, datetime.now(UTC)))
    if not ended:
        raise PortalwatchError("no such mute holds; `portalwatch alerts mutes` lists them")
    for each in ended:
        stays = "stays" if each.silenced == 1 else "stay"
        typer.echo(f"mute {each.number} ended: {each.what}; {show.counted(each.silenced, 'alert')} {stays} untold")


def digest(
    now: Annotated[bool, typer.Option("--now", help="All that is collected, before its moment.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go, and to whom.")] = False,
    recipient: Recipient = None,
    channel: Annotated[str | None, typer.Option(help="Only what goes by this channel.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send the digests that are due; with `--now` all that is collected.

    Example: `portalwatch alerts digest --now --dry-run`
    """
    wanted = Wanted(recipient=recipient, channel=channel, early=now)
    found = waiting(settings(), wanted)
    if as_json:
        show.jsonl(
            {"recipient": each.recipient, "channel": each.channel, "stories": each.stories, "topics": list(each.topics), "due": each.due}
            for each in found
        )
    else:
        cells = [(each.recipient, each.channel, each.stories, ", ".join(each.topics), each.due) for each in found]
        show.rows(("to", "channel", "stories", "topics", "due"), cells, empty="nothing is collected" if now else "no digest is due")
    if dry_run or not found:
        return
    from spiders import loader

    done = send(settings(), wanted, loader.names(settings()))
    typer.echo(f"{show.counted(done.sent, 'message')} sent, {done.retrying:,} will be tried again, {done.dead:,} dead", err=as_json)
    if done.dead:
        raise typer.Exit(1)


def _what(topic: str | None, story: int | None, recipient: str | None) -> Muted:
    if topic is None and story is None and recipient is None:
        raise typer.BadParameter("name a TOPIC, --story N or --recipient R")
    return Muted(topic=topic, story=story, recipient=recipient)


def _known(what: Muted) -> None:
    """WrongUseError for a topic or recipient that the watchlist does not have: its mute would be silent in vain."""
    from pipelines.store.watchlists import standing

    watchlist = standing(open_store(settings()), settings().watchlist, settings().aliases, settings().compiled).watchlist
    if what.topic is not None and what.topic not in watchlist.topics:
        raise WrongUseError(f"no topic is called `{what.topic}`{suggestion(what.topic, list(watchlist.topics))}")
    heard = {name for channel, entry in watchlist.channels.items() for name in getattr(entry, "to", (channel,))}
    if what.recipient is not None and what.recipient not in heard:
        raise WrongUseError(f"nobody is called `{what.recipient}`{suggestion(what.recipient, sorted(heard))}")


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"(\d{1,5}) ?(min|h|d)", text)
    span = int(found[1]) * UNITS[found[2]] if found else timedelta()
    if not timedelta() < span <= timedelta(days=LONGEST):
        raise typer.BadParameter(f"--for: `{text}` is no span; write one such as `90 min`, `8h` or `3 d`, {LONGEST} days at most")
    return span
