"""An installation whose ops have a webhook on loopback, and whose every secret is planted."""

import asyncio
import base64
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.config import Settings
from tests.alerts.conftest import Receiver, no_name_server, receiver

__all__ = ["no_name_server", "receiver"]

os.environ.setdefault("AIRFLOW_HOME", str(Path(tempfile.gettempdir()) / "portalwatch-tests-airflow"))  # not in somebody's home
HOOK_SECRET = "whsec_" + base64.b64encode(b"pl4nted-hook-secret-0001").decode()
OPS = """topics: {{}}
channels:
  watchmen: {{type: webhook, url: "{url}", secret_env: OPS_HOOK_SECRET}}
ops: [watchmen]
"""


@pytest.fixture
def installed(tmp_path: Path, configured: Callable[..., Settings], receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings under which `tell_ops` reaches `receiver`."""
    config = tmp_path / "config"
    config.mkdir()
    (config / "watchlist.yaml").write_text(OPS.format(url=receiver.url), encoding="utf-8")
    monkeypatch.setenv("OPS_HOOK_SECRET", HOOK_SECRET)
    return configured(config=config, allow_hosts="127.0.0.1")


def told(receiver: Receiver) -> list[dict[str, Any]]:
    """What arrived: the data of each event."""
    return [json.loads(each.body)["data"] for each in receiver.seen]


def ask(app: Any, path: str, token: str | None = None, client: str = "10.0.0.9") -> httpx.Response:
    """One GET of an ASGI application, from the address `client`."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=app, client=(client, 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://portalwatch.test") as session:
            return await session.get(path, headers={"Authorization": f"Bearer {token}"} if token else {})

    return asyncio.run(asked())
