"""The local mail inbox: an SMTP server on the loopback that keeps every mail and delivers none."""

import asyncio
import base64
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from demo.failures import Failures
from demo.journal import Journal

MAX_MAIL = 2 * 2**20  # bytes


class Inbox:
    """The mails that arrived, oldest first."""

    def __init__(self, journal: Journal, failures: Failures) -> None:
        self.journal, self._failures = journal, failures

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd looks for this name
        """Keep the mail, or fail as ordered."""
        order = self._failures.take("smtp")
        if order is not None:
            return f"{order['code']} failing as ordered"
        content = envelope.original_content or b""
        kept = self.journal.add(_parsed(content, envelope.rcpt_tos))
        return f"250 kept as number {kept['n']}"

    def summaries(self) -> list[dict[str, Any]]:
        """The mails without their raw form and HTML part, oldest first."""
        return [{key: value for key, value in mail.items() if key not in ("raw_base64", "html")} for mail in self.journal.entries]

    def mail(self, number: int) -> dict[str, Any] | None:
        """The mail of that number (from 1), None where there is none."""
        mails = self.journal.entries
        return mails[number - 1] if 1 <= number <= len(mails) else None


def _parsed(content: bytes, recipients: list[str]) -> dict[str, Any]:
    message = message_from_bytes(content, policy=default)
    headers = _headers(message)
    return {
        "to": recipients,
        "subject": headers.get("Subject", ""),
        "message_id": headers.get("Message-ID", ""),
        "references": headers.get("References", "").split(),
        "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "text": _part(message, "plain"),
        "html": _part(message, "html"),
        "headers": headers,
        "raw_base64": base64.b64encode(content).decode(),
    }


def _headers(message: EmailMessage) -> dict[str, str]:
    """Name to value, the names in the usual spelling of those we read; a repeated header keeps every value, a line each."""
    usual = {name.lower(): name for name in ("Subject", "Message-ID", "References")}
    headers: dict[str, str] = {}
    for name, value in message.items():
        key = usual.get(name.lower(), name)
        headers[key] = f"{headers[key]}\n{value}" if key in headers else str(value)
    return headers


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    payload = part.get_payload(decode=True)
    try:
        return payload.decode(part.get_content_charset("utf-8"), errors="replace") if isinstance(payload, bytes) else ""
    except LookupError:  # a charset that nobody knows
        return payload.decode("utf-8", errors="replace") if isinstance(payload, bytes) else ""


async def listening(inbox: Inbox, port: int) -> asyncio.Server:
    """A mail server for `inbox` on 127.0.0.1; port 0 takes any free one."""
    loop = asyncio.get_running_loop()
    return await loop.create_server(
        lambda: SMTP(inbox, data_size_limit=MAX_MAIL, enable_SMTPUTF8=True, ident="portalwatch demo"), "127.0.0.1", port
    )
