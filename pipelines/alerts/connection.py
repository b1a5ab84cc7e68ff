"""Airflow's connections, read without Airflow: a URI or JSON, as in AIRFLOW_CONN_NAME. A mail server, or the password of another."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pipelines.alerts.smtp import Smtp
from pipelines.errors import ConfigError

PORTS: Mapping[str, int] = {"tls": 465, "starttls": 587, "none": 25}
PREFIX = "AIRFLOW_CONN_"
Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """What a connection says: the server, and the sender where it names one (`from_email`)."""

    smtp: Smtp
    sender: str | None = None


def variable_of(name: str) -> str:
    """The environment variable in which Airflow looks for the connection `name`."""
    return f"{PREFIX}{name.upper()}"


def missing(variable: str) -> str:
    """The sentence about a variable that a channel or a setting names and that holds nothing."""
    if not variable.startswith(PREFIX):
        return f"the environment variable {variable} is not set"
    name = variable.removeprefix(PREFIX).lower()
    return f"{variable} is not set, and no connection `{name}` of Airflow's serves in its place (Airflow is asked in its own tasks only)"


def password_of(text: str) -> str:
    """The password in a connection, empty where there is none or where the text is no connection."""
    try:
        return str(_read(text)["password"] or "")
    except (ValueError, TypeError, AttributeError):
        return ""


class Passwords(Mapping[str, str]):
    """Secrets by the variables that channels name: what a variable holds, of a connection its password."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        held = self._variables[name]
        return password_of(held) if name.startswith(PREFIX) else held

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)


def mail_server(name: str, environment: Mapping[str, str]) -> MailServer:
    """The connection `name` of the environment; ConfigError where there is none, or where it is no mail server.

    TLS as Airflow's SMTP provider has it: `disable_ssl` and `disable_tls` in the extra, both false where they are left out, and
    then TLS from the first byte."""
    text = environment.get(variable_of(name), "").strip()
    if not text:
        raise ConfigError(f"{missing(variable_of(name))}; PORTALWATCH_SMTP_CONN names it")
    try:
        return _server(_read(text))
    except (ValueError, TypeError, AttributeError):
        raise ConfigError(f"{variable_of(name)} is no connection of Airflow's to a mail server (a URI smtp://…, or JSON)") from None


def _server(said: Mapping[str, Any]) -> MailServer:
    extra = {key: value for key, value in said["extra"].items() if value is not None}
    security: Security = "tls" if not _is_on(extra.get("disable_ssl")) else "none" if _is_on(extra.get("disable_tls")) else "starttls"
    if not said["host"]:
        raise ValueError("no host")
    smtp = Smtp(
        host=str(said["host"]),
        port=int(said["port"] or PORTS[security]),
        user=said["login"] or None,
        password=said["password"] or None,
        security=security,
        timeout=float(extra.get("timeout", 30)),
    )
    return MailServer(smtp=smtp, sender=str(extra["from_email"]) if extra.get("from_email") else None)


def _read(text: str) -> dict[str, Any]:
    return _of_json(text) if text.lstrip().startswith("{") else _of_uri(text)


def _of_json(text: str) -> dict[str, Any]:
    said = json.loads(text)
    extra = said.get("extra") or {}
    found = {name: said.get(name) for name in ("host", "port", "login", "password")}
    return {**found, "extra": json.loads(extra) if isinstance(extra, str) else extra}


def _of_uri(text: str) -> dict[str, Any]:
    parts = urlsplit(text)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    extra = json.loads(query["__extra__"]) if "__extra__" in query else query
    login, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return {"host": unquote(parts.hostname or ""), "port": parts.port, "login": login, "password": password, "extra": extra}


def _is_on(value: object) -> bool:
    return str(value).strip().lower() in ("1", "true", "yes", "on")
