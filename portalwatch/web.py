"""What portalwatch answers over HTTP: a feed a topic, metrics, health. By `portalwatch serve`, or mounted in another ASGI application."""

import hashlib
import logging
import re
from functools import partial

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.alerts import feed, tokens
from pipelines.alerts.redaction import HIDDEN
from pipelines.alerts.sending import sender_in
from pipelines.config import Settings
from pipelines.store import feeds
from pipelines.store.database import open_store, reading, store_id
from pipelines.store.watchlists import running, standing
from portalwatch import watched
from spiders.loader import names

HEADERS = {
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def app(settings: Settings) -> Starlette:
    """All of it, for one installation. It asks for nothing when it is made; a request opens the store."""
    return Starlette(routes=routes(settings))


def routes(settings: Settings) -> list[BaseRoute]:
    """The paths below wherever it is mounted. An endpoint is a plain function, so that Starlette runs it in a thread of its own."""
    keep_tokens_out_of_logs()
    return [Route("/feeds/{topic}.atom", partial(_feed, settings), methods=["GET"]), *watched.routes(settings)]


def written(settings: Settings, topic: str) -> bytes | None:
    """The topic's feed; None where the watchlist has no such topic. ConfigError where it is refused and none ever ran."""
    engine = open_store(settings)
    watchlist = running(engine, settings.compiled) or standing(engine, settings.watchlist, settings.aliases, settings.compiled).watchlist
    if topic not in watchlist.topics:
        return None
    called = (topic, watchlist.topics[topic].title or topic)
    with reading(engine) as session:
        return feed.atom(called, store_id(session), feeds.entries(session, called, names(settings)), sender_in(settings))


def keep_tokens_out_of_logs() -> None:
    """uvicorn writes the whole address of every request, also where we are only mounted."""
    access = logging.getLogger("uvicorn.access")
    if not any(isinstance(each, _Tokenless) for each in access.filters):
        access.addFilter(_Tokenless())


class _Tokenless(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(_hidden(each) if isinstance(each, str) else each for each in record.args)
        return True


def _hidden(text: str) -> str:
    return re.sub(r"(?i)(token=)[^&\s]*", rf"\1{HIDDEN}", text)


def _feed(settings: Settings, request: Request) -> Response:
    """200 with an ETag, 304 where the reader has it; 404 for a wrong token as for a topic that is not there."""
    topic = request.path_params["topic"]
    body = written(settings, topic) if tokens.opens(settings, topic, request.query_params.get("token", "")) else None
    if body is None:
        return PlainTextResponse("not found", status_code=404, headers=HEADERS)
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    return Response(body, media_type=feed.MEDIA_TYPE, headers={**HEADERS, "ETag": tag})


def _has(asked: str, tag: str) -> bool:
    """RFC 9110, 13.1.2, by weak comparison."""
    return asked.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in asked.split(","))
