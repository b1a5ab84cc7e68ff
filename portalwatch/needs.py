"""What a watchlist that holds together still lacks before somebody hears of its topics."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from pipelines.alerts.connection import PREFIX, variable_of
from pipelines.config import Settings
from pipelines.watch.file import Channel, MailChannel, OwnChannel
from pipelines.watch.watchlist import Watchlist


def needs(watchlist: Watchlist, settings: Settings, channels: Iterable[str] = ()) -> Iterator[str]:
    """A sentence for each thing that one of the channels, or else of those in use, lacks: a secret's variable, or a mail server."""
    for name in channels or used(watchlist):
        channel = watchlist.channels[name]
        for variable in unset(channel, settings):
            yield f"channel `{name}` {lacking(variable)}"
        if isinstance(channel, MailChannel) and not (settings.smtp_conn or settings.model_fields_set & {"smtp_host", "smtp_port"}):
            yield f"channel `{name}` sends mail by {settings.smtp_host}:{settings.smtp_port}; PORTALWATCH_SMTP_HOST names another server"


def used(watchlist: Watchlist) -> tuple[str, ...]:
    """The channels that a topic or ops name, once each."""
    return tuple(dict.fromkeys((*(name for topic in watchlist.topics.values() for name in topic.channels), *watchlist.ops)))


def unset(channel: Channel, settings: Settings) -> list[str]:
    """The variables that the channel wants and that hold nothing."""
    return [variable for variable in _variables(channel, settings) if not settings.secrets.get(variable)]


def lacking(variable: str) -> str:
    """What a channel lacks whose variable holds nothing."""
    return f"needs the environment variable {variable}, which is not set{_elsewhere(variable)}"


def unheard(watchlist: Watchlist, day: date) -> Iterator[str]:
    """Which topics alert nobody on that day: those without a channel, and those that have expired."""
    mute = [slug for slug, topic in watchlist.topics.items() if topic.is_active(day) and not topic.channels]
    past = [f"{slug} ({topic.expires})" for slug, topic in watchlist.topics.items() if not topic.is_active(day)]
    if mute:
        yield f"nobody hears of {few(mute)}: no `channels:`; what they match is kept"
    if past:
        yield f"past their `expires:` and alerting no more: {few(past)}"


def few(names: Sequence[str]) -> str:
    """The names, or the first five of them and how many more there are."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _variables(channel: Channel, settings: Settings) -> tuple[str, ...]:
    if isinstance(channel, MailChannel):
        return (variable_of(settings.smtp_conn),) if settings.smtp_conn else ()
    if isinstance(channel, OwnChannel):
        return tuple(variable for option, variable in channel.options.items() if option.endswith("_env"))
    return tuple(filter(None, (getattr(channel, key, None) for key in ("secret_env", "url_env"))))


def _elsewhere(variable: str) -> str:
    """Airflow shows the connections that it keeps to its tasks only, so that what a command does not see may be there."""
    unseen = " here; Airflow's tasks find a connection of that name where Airflow keeps it, which this command cannot see"
    return unseen if variable.startswith(PREFIX) else ""
