"""The mail server as an Airflow connection writes it, read without Airflow: a URI or JSON, as in AIRFLOW_CONN_NAME."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pipelines.alerts.smtp import Smtp
from pipelines.errors import ConfigError

PORTS: Mapping[str, int] = {"tls": 465, "starttls": 587, "none": 25}
Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """What a connection says: the server, and the sender where it names one (`from_email`)."""

    smtp: Smtp
    sender: str | None = None


def variable_of(name: str) -> str:
    """The environment variable in which Airflow looks for the connection `name`."""
    return f"AIRFLOW_CONN_{name.upper()}"


def mail_server(name: str, environment: Mapping[str, str]) -> MailServer:
    """The connection `name` of the environment; ConfigError where there is none, or where it is no mail server.

    TLS as Airflow's SMTP provider has it: `disable_ssl` and `disable_tls` in the extra, both false where they are left out, and
    then TLS from the first byte."""
    text = environment.get(variable_of(name), "").strip()
    if not text:
        raise ConfigError(
            f"the environment variable {variable_of(name)} is not set; it holds the connection that PORTALWATCH_SMTP_CONN names"
        )
    try:
        said = _of_json(text) if text.startswith("{") else _of_uri(text)
        return _server(said)
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
