"""What the channels of a watchlist still need from the environment before they can deliver."""

from collections.abc import Iterable, Iterator

from pipelines.alerts.connection import PREFIX, variable_of
from pipelines.config import Settings
from pipelines.watch.file import Channel, MailChannel, OwnChannel
from pipelines.watch.watchlist import Watchlist


def needs(watchlist: Watchlist, settings: Settings, channels: Iterable[str] = ()) -> Iterator[str]:
    """A sentence for each thing that one of the channels, or else of those in use, lacks: a secret's variable, or a mail server."""
    used = dict.fromkeys((*(name for topic in watchlist.topics.values() for name in topic.channels), *watchlist.ops))
    for name in channels or used:
        channel = watchlist.channels[name]
        for variable in _variables(channel, settings):
            if not settings.secrets.get(variable):
                yield f"channel `{name}` needs the environment variable {variable}, which is not set{_elsewhere(variable)}"
        if isinstance(channel, MailChannel) and not (settings.smtp_conn or settings.model_fields_set & {"smtp_host", "smtp_port"}):
            yield f"channel `{name}` sends mail by {settings.smtp_host}:{settings.smtp_port}; PORTALWATCH_SMTP_HOST names another server"


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
