"""Whether there is a network at all, said once in the place of a failure for each portal."""

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from urllib.request import getproxies

from pipelines.extract.address import host_of
from pipelines.sheet import Sheet

AWAY = "no portal's name resolves, so this machine seems to have no network, or no name server: nothing can be read until it has"
UNRESOLVED = "name not resolved"
"""What a run says of a portal whose name leads nowhere."""
SECONDS = 10.0
AT_ONCE = 8


def is_away(sheets: Iterable[Sheet], seconds: float = SECONDS) -> bool:
    """Whether no name that these portals are asked by resolves in time. False where a proxy resolves in our place."""
    hosts = {host_of(sheet.gateway or source.url) for sheet in sheets for source in sheet.discovery}
    if not hosts or getproxies():
        return False
    pool = ThreadPoolExecutor(AT_ONCE)
    try:
        return not any(each.result() for each in as_completed([pool.submit(_resolves, host) for host in hosts], seconds))
    except TimeoutError:
        return True
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _resolves(host: str | None) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except (OSError, UnicodeError):
        return False
