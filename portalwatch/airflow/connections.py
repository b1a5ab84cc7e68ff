"""Airflow's own connections behind the environment, for tasks: what channels and the mail server name as AIRFLOW_CONN_NAME.

Each is asked for when a message first needs it, by the Task SDK, so from wherever that Airflow keeps them: its database or a secrets
backend. It stays in this process' memory: not in the environment, which children inherit, in no log, in no XCom.
"""

import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.alerts.connection import PREFIX, variable_of
from pipelines.config import Settings


class Secrets(Mapping[str, str]):
    """Variables by name: the environment's, and behind them AIRFLOW_CONN_NAME for Airflow's connection `name`.

    `ids`: how a connection is called whose name is not in lower case."""

    def __init__(self, ids: Mapping[str, str]) -> None:
        self._ids = ids
        self._asked: dict[str, str | None] = {}

    def __getitem__(self, variable: str) -> str:
        if variable in os.environ or not variable.startswith(PREFIX):
            return os.environ[variable]
        if variable not in self._asked:
            self._asked[variable] = _kept(self._ids.get(variable, variable.removeprefix(PREFIX).lower()))
        if (found := self._asked[variable]) is None:
            raise KeyError(variable)
        return found

    def __iter__(self) -> Iterator[str]:
        """What is known so far; asks for nothing."""
        return iter({**os.environ, **{variable: text for variable, text in self._asked.items() if text is not None}})

    def __len__(self) -> int:
        return len(list(iter(self)))


def with_connections(settings: Settings) -> Settings:
    """The settings of a task, or of a callback that Airflow runs."""
    return settings.looking_in(Secrets({variable_of(settings.smtp_conn): settings.smtp_conn}))


def _kept(name: str) -> str | None:
    """The connection as JSON, None where Airflow has none; its masker is told all parts that are secret."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from airflow.sdk.log import mask_secret

    from pipelines.hiding import parts

    try:
        found = Connection.get(name)
    except (AirflowNotFoundException, PermissionError):  # Airflow 3.3 shows none to the callback of a deadline
        return None
    said = {key: getattr(found, key) for key in ("conn_type", "host", "port", "login", "password", "extra")}
    secrets: list[Any] = sorted(parts(found.password or ""))
    mask_secret(secrets)
    return json.dumps(said)
