"""What machines ask us over HTTP: /metrics for Prometheus, /health for load balancers and uptime monitors."""

import hmac
import ipaddress
from datetime import UTC, datetime
from functools import partial

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.hiding import hidden
from pipelines.metrics import exposition
from pipelines.pulse import silences
from pipelines.store import tallies
from pipelines.store.database import open_store, reading, said_of
from spiders import loader

LOGIN = "portalwatch_login"
"""Set in a request's scope by whoever mounts us and has seen that somebody is logged in."""
UNKNOWN = {"WWW-Authenticate": "Bearer"}


def routes(settings: Settings) -> list[BaseRoute]:
    """/metrics and /health, where whoever asks for none of them is led."""
    front = Route("/", lambda _request: RedirectResponse("health"))
    return [front, Route("/metrics", partial(_metrics, settings)), Route("/health", partial(_health, settings))]


def may(settings: Settings, request: Request) -> bool:
    """Whether the request may see figures and reasons: by the token, logged in, or on loopback where neither a token
    nor PUBLIC_URL is set."""
    if request.scope.get(LOGIN):
        return True
    if settings.metrics_token is None:
        # Where a server stands before us, every reader comes from its address.
        return not settings.public_url and _is_local(request)
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.encode(), settings.metrics_token.get_secret_value().encode())


def _is_local(request: Request) -> bool:
    try:
        return request.client is None or ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _metrics(settings: Settings, request: Request) -> Response:
    if not may(settings, request):
        return PlainTextResponse("PORTALWATCH_METRICS_TOKEN is asked for, as a bearer token\n", status_code=401, headers=UNKNOWN)
    try:
        return Response(exposition(settings, list(loader.paths(settings))), media_type=CONTENT_TYPE_PLAIN_0_0_4)
    except (PortalwatchError, SQLAlchemyError) as error:
        return PlainTextResponse(_said(error, settings), status_code=503)


def _health(settings: Settings, request: Request) -> Response:
    """200 where we see, 503 where we are blind; why, for whoever may know it."""
    told = health(settings)
    brief = {"status": told["status"]}
    return JSONResponse(told if may(settings, request) else brief, status_code=200 if told["status"] == "ok" else 503)


def health(settings: Settings) -> dict[str, object]:
    """{"status": ok or blind, "silent": {part: how}, "failing": portals whose last run failed}: blind where a part of the house is
    silent or broken, the database does not answer, or no portal at all could be seen."""
    sheets = loader.shelf(settings).sheets
    try:
        with reading(open_store(settings)) as session:
            quiet = {each.part: hidden(each.how, settings) for each in silences(session, sheets, datetime.now(UTC))}
            rows = [row for row in tallies.read(session) if row.metric == tallies.RUNS and row.subject in sheets]
    except (PortalwatchError, SQLAlchemyError) as error:
        return {"status": "blind", "silent": {"database": _said(error, settings)}, "failing": []}
    last = {row.subject: row.label for row in sorted(rows, key=lambda row: row.at)}
    failing = sorted(portal for portal, label in last.items() if label == "failed")
    is_blind = bool(quiet) or (bool(last) and len(failing) == len(last))
    return {"status": "blind" if is_blind else "ok", "silent": quiet, "failing": failing}


def _said(error: Exception, settings: Settings) -> str:
    return hidden(said_of(error), settings)
