"""How this installation sends: its mail server, sender, zone, secrets and the private hosts that it may reach."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.alerts.channels import Sending, Sends
from pipelines.alerts.connection import MailServer, Passwords, mail_server
from pipelines.alerts.lines import Lines
from pipelines.alerts.mail import Sender, Smtp
from pipelines.config import Settings
from pipelines.errors import ConfigError
from pipelines.models import Answer, Message


def sender_of(settings: Settings) -> Callable[[Any, Message], Answer]:
    """`send(channel, message)` with everything that the settings say. A mail server that nobody knows is each mail's own failure."""
    try:
        server = server_of(settings)
    except ConfigError as error:
        unknown, others = Answer(ok=False, detail=str(error)), sender_of(settings.model_copy(update={"smtp_conn": ""}))
        return lambda channel, message: unknown if channel.type == "mail" else others(channel, message)
    sending = Sending(
        smtp=server.smtp,
        sender=sender_in(settings, server.sender),
        zone=ZoneInfo(settings.timezone),
        secrets=Passwords(settings.secrets),
        allow=settings.allow_hosts,
        folder=settings.config / "channels",
        lines=Lines(server.smtp),
    )
    return Sends(sending)


def sender_in(settings: Settings, address: str | None = None) -> Sender:
    """Who alerts are from: `address`, else that of the settings."""
    return Sender(address=address or settings.mail_from, site=settings.public_url or None)


def server_of(settings: Settings) -> MailServer:
    """The connection that the settings name, else their own server; ConfigError where that connection is none."""
    if settings.smtp_conn:
        return mail_server(settings.smtp_conn, settings.secrets)
    smtp = Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        security=settings.smtp_security,
    )
    return MailServer(smtp=smtp)
