"""What a start says first: which portals are read, by which watchlist, who hears of it, and what stands in the way."""

from collections.abc import Iterator

from pipelines.alerts.sending import server_of
from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.store.watchlists import REFUSED, Active
from pipelines.watch.file import MailChannel
from pipelines.watch.watchlist import Watchlist
from portalwatch import network, show
from portalwatch.needs import few, used
from spiders.loader import Shelf


def opening(settings: Settings, shelf: Shelf, active: Active) -> Iterator[str]:
    """A few lines for the person who starts it."""
    chosen = "" if settings.portals else "; PORTALWATCH_PORTALS=slug,slug chooses fewer"
    yield f"Portals    {show.counted(len(shelf.sheets), 'portal')}: {', '.join(shelf.sheets)}{chosen}"
    for slug, trouble in shelf.broken.items():
        yield f"           {slug} is not read: {trouble}"
    topics = show.counted(len(active.watchlist.topics), "topic")
    yield f"Watchlist  {settings.watchlist.absolute()}, {topics}"
    if active.trouble:
        yield REFUSED.format(version=active.watchlist.version, trouble=active.trouble)
    yield f"Alerts     {'; '.join(_hearers(active.watchlist, settings)) or 'go to nobody: no topic names a channel'}"
    if network.is_away(shelf.sheets.values()):
        yield f"Network    {network.AWAY}"


def _hearers(watchlist: Watchlist, settings: Settings) -> Iterator[str]:
    """By what messages go, and to whom: the mails first."""
    channels = {name: watchlist.channels[name] for name in used(watchlist)}
    if mailed := [address for each in channels.values() if isinstance(each, MailChannel) for address in each.to]:
        yield f"mail to {few(list(dict.fromkeys(mailed)))} by {_server(settings)}"
    if others := [f"{name} ({each.type})" for name, each in channels.items() if not isinstance(each, MailChannel)]:
        yield few(others)


def _server(settings: Settings) -> str:
    try:
        smtp = server_of(settings).smtp
    except ConfigError:
        return f"the connection `{settings.smtp_conn}`"
    return f"{smtp.host}:{smtp.port}"
