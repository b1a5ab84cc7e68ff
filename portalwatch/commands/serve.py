"""serve: what portalwatch answers over HTTP, without Airflow."""

import errno
import socket
from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store.database import open_store

HOST, PORT = "127.0.0.1", 8780


def add_to(app: typer.Typer) -> None:
    """Hang in serve."""
    app.command()(serve)


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; put a server with TLS in front before this is anything else.")] = HOST,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = PORT,
) -> None:
    """Answer over HTTP until Ctrl-C: a feed a topic.

    Example: `portalwatch serve --port 8780`
    """
    import uvicorn

    from portalwatch.web import app

    open_store(settings())  # a schema that does not fit is told now, not to the first reader
    _refuse_taken(host, port)
    uvicorn.run(app(settings()), host=host, port=port, server_header=False, date_header=True, access_log=False)


def _refuse_taken(host: str, port: int) -> None:
    """PortalwatchError where nobody can listen there; uvicorn would end with its own words and code."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortalwatchError(f"port {port} is taken: stop what listens there or use --port") from None
        raise PortalwatchError(f"nobody can listen on {host}, port {port}: {error.strerror}") from None
