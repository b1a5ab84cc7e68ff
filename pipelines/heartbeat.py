"""The dead man: after each round we tell somebody outside that we live, since who is dead cannot tell it.

`PORTALWATCH_HEARTBEAT_URL` is a ping address in the manner of healthchecks.io: a POST to it after a round that went well, to it with
`/fail` after one that did not. The address is a secret: whoever knows it can keep us alive when we are not.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import httpx
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from pipelines.alerts.guard import GuardedTransport
from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.hiding import hidden
from pipelines.store import beats
from pipelines.store.database import in_one_transaction, open_store, said_of

log = logging.getLogger(__name__)
SECONDS = 10.0
"""What a ping may take in all."""
REASON_CAP = 500
HEARTBEAT = "heartbeat"


@contextmanager
def alive(settings: Settings, part: str) -> Iterator[None]:
    """Around one round of `part`: keeps its beat, and pings with how it went. What the round raises goes on."""
    try:
        yield
    except Exception as error:
        _told(settings, part, why=hidden(str(error), settings)[:REASON_CAP] or type(error).__name__)
        raise
    _told(settings, part, why=None)


def ping(settings: Settings, part: str, why: str | None) -> str | None:
    """Tell the address outside that a round of `part` is over, and `why` it went wrong; gives why nobody heard it, None where somebody
    did. Never raises."""
    if settings.heartbeat_url is None:
        return None
    try:
        url = httpx.URL(settings.heartbeat_url.get_secret_value())
        url = url.copy_with(path=url.path.rstrip("/") + "/fail") if why else url
        request = httpx.Request("POST", url, content=f"{part}: {why or 'ok'}".encode())
        with GuardedTransport(settings.allow_hosts, SECONDS) as transport:
            # Not a Client: that one logs the URL, which is a secret, at INFO, and unpacks whatever the answer holds.
            status = transport.handle_request(request).status_code
    except (httpx.HTTPError, httpx.InvalidURL, PortalwatchError, ValueError, OSError) as error:
        return hidden(f"{type(error).__name__}: {error}", settings)
    return None if status < 300 else f"answered {status}"


def _told(settings: Settings, part: str, why: str | None) -> None:
    unheard = ping(settings, part, why)
    if unheard:
        log.warning("the heartbeat was not heard: %s", unheard)
    now = datetime.now(UTC)

    def keep(session: Session) -> None:
        beats.beat(session, part, now, ok=why is None, told={"why": why} if why else {})
        if settings.heartbeat_url is not None:
            beats.beat(session, HEARTBEAT, now, ok=unheard is None, told={"why": unheard} if unheard else {})

    try:
        in_one_transaction(open_store(settings), keep)
    except (PortalwatchError, SQLAlchemyError) as error:
        log.warning("the beat of %s could not be kept: %s", part, hidden(said_of(error), settings))
