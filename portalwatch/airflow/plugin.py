"""The plugin that hangs our pages into Airflow's: /portalwatch/…, for whoever is logged in there, and for programs by their tokens."""

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from portalwatch.airflow import WEB


def application() -> Any:
    """Our pages behind Airflow's login. Feeds carry a token of their own; /metrics and /health ask for PORTALWATCH_METRICS_TOKEN."""
    from airflow.api_fastapi.core_api.security import GetUserDep
    from fastapi import FastAPI, Request
    from starlette.responses import Response

    from pipelines.config import settings
    from portalwatch.watched import LOGIN
    from portalwatch.web import app

    inner = app(settings())

    class Through(Response):
        """Answers with what our own application says."""

        def __init__(self, *, login: bool) -> None:
            super().__init__()
            self._login = login

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await inner({**scope, LOGIN: self._login}, receive, send)

    outer = FastAPI(title="portalwatch", docs_url=None, redoc_url=None, openapi_url=None)

    async def by_token(_request: Request) -> Response:
        return Through(login=False)

    async def by_login(_request: Request, _user: GetUserDep) -> Response:
        return Through(login=True)

    outer.add_api_route("/feeds/{rest:path}", by_token, methods=["GET"], response_class=Response)
    if settings().metrics_token is not None:
        for path in ("/metrics", "/health"):
            outer.add_api_route(path, by_token, methods=["GET"], response_class=Response)
    outer.add_api_route("/{rest:path}", by_login, methods=["GET", "POST"], response_class=Response)
    return outer


class Portalwatch(AirflowPlugin):
    """Our pages, and a word in the navigation that leads there. Only Airflow's api-server makes the application."""

    name = "portalwatch"

    @property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """Our pages."""
        return [{"app": application(), "url_prefix": WEB.rstrip("/"), "name": "portalwatch"}]

    external_views = [  # noqa: RUF012 - as Airflow reads it
        {"name": "portalwatch", "href": WEB.lstrip("/"), "destination": "nav", "url_route": "portalwatch", "nav_top_level": True},
    ]
