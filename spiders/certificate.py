"""What is wrong with a host's certificate: Scrapy says that it does not verify, the handshake says why."""

import socket
import ssl
from urllib.parse import urlsplit

from spiders.address import through

TIMEOUT = 5.0  # seconds


def fault(url: str, gateway: str | None = None) -> str | None:
    """Why the certificate of the address' host does not verify, such as `certificate has expired`; None where it cannot be told."""
    parts = urlsplit(through(gateway, url) if gateway else url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    try:
        with (
            socket.create_connection((parts.hostname, parts.port or 443), TIMEOUT) as plain,
            ssl.create_default_context().wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return None
    except ssl.SSLCertVerificationError as error:
        return error.verify_message
    except OSError:
        return None
