"""serve: what portalwatch answers over HTTP, without Airflow."""

from typing import Annotated

import typer

from pipelines.config import settings
from pipelines.store.database import open_store


def add_to(app: typer.Typer) -> None:
    """Hang in serve."""
    app.command()(serve)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; put a server with TLS in front before this is anything else.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8780,
) -> None:
    """Answer over HTTP until Ctrl-C: a feed a topic.

    Example: `portalwatch serve --port 8780`
    """
    import uvicorn

    from portalwatch.web import app

    open_store(settings())  # a schema that does not fit is told now, not to the first reader
    uvicorn.run(app(settings()), host=host, port=port, server_header=False, date_header=True, access_log=False)
