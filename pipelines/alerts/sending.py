"""How this installation sends: its mail server, sender, zone, secrets and the private hosts that it may reach."""

import os
from zoneinfo import ZoneInfo

from pipelines.alerts.channels import Sending, Sends
from pipelines.alerts.connection import MailServer, mail_server
from pipelines.alerts.lines import Lines
from pipelines.alerts.mail import Sender, Smtp
from pipelines.config import Settings


def sender_of(settings: Settings) -> Sends:
    """`send(channel, message)` with everything that the settings say."""
    server = _server(settings)
    sending = Sending(
        smtp=server.smtp,
        sender=sender_in(settings, server.sender),
        zone=ZoneInfo(settings.timezone),
        secrets=os.environ,
        allow=settings.allow_hosts,
        folder=settings.config / "channels",
        lines=Lines(server.smtp),
    )
    return Sends(sending)


def sender_in(settings: Settings, address: str | None = None) -> Sender:
    """Who alerts are from: `address`, else that of the settings."""
    return Sender(address=address or settings.mail_from, site=settings.public_url or None)


def _server(settings: Settings) -> MailServer:
    """The connection that the settings name, else their own server."""
    if settings.smtp_conn:
        return mail_server(settings.smtp_conn, os.environ)
    smtp = Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
        security=settings.smtp_security,
    )
    return MailServer(smtp=smtp)
