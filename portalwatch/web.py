"""What portalwatch answers over HTTP: a feed a topic, metrics, health. By `portalwatch serve`, or mounted in another ASGI application."""

from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.config import Settings
from portalwatch import watched


def app(settings: Settings) -> Starlette:
    """All of it, for one installation. It asks for nothing when it is made; a request opens the store."""
    return Starlette(routes=routes(settings))


def routes(settings: Settings) -> list[BaseRoute]:
    """The paths below wherever it is mounted. An endpoint is a plain function, so that Starlette runs it in a thread of its own."""
    return [Route("/feeds/{topic}.atom", partial(_feed, settings), methods=["GET"]), *watched.routes(settings)]


def _feed(settings: Settings, request: Request) -> Response:
    return PlainTextResponse("not found", status_code=404)
