"""The last arrow, Alert -> sent: from a channel's type to the one function that sends there."""

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.alerts import mail, webhook
from pipelines.alerts.guard import redacted
from pipelines.alerts.mail import Sender, Smtp
from pipelines.errors import PortalwatchError
from pipelines.models import Answer, Message
from pipelines.yamlfile import suggestion

__all__ = ["CHANNELS", "Sender", "Sending", "Smtp", "send"]

TOKEN_LENGTH, HEADER_LENGTH = 12, 6
"""Characters; a shorter part of a URL or header is a word such as `hook` or `true`, not a secret."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the settings say about sending. `zone` is the readers'; `secrets` environment variables by name; `allow` the
    hosts (`host` or `host:port`) that a webhook may reach although they are not on the open Internet."""

    smtp: Smtp
    sender: Sender
    zone: ZoneInfo
    secrets: Mapping[str, str] = field(repr=False)
    allow: frozenset[str] = frozenset()


CHANNELS: Mapping[str, Callable[[Any, Message, Sending], Answer]] = MappingProxyType({"mail": mail.send, "webhook": webhook.send})
"""A new channel is a file with `send(channel, message, context) -> Answer` and a word here."""


def send(channel: object, message: Message, context: Sending) -> Answer:
    """One attempt to deliver through `channel`, an entry of the watchlist (`type`, and what that type's sender reads).

    Never raises: one bad channel must not stop the rest. No secret is in the answer or the log."""
    hidden = _secrets(channel, context)
    try:
        answer = _sender(str(getattr(channel, "type", "")))(channel, message, context)
    except PortalwatchError as error:
        return Answer(ok=False, detail=redacted(str(error), hidden))
    except Exception as error:  # noqa: BLE001 -- the border at which one channel's fault stays its own
        told = redacted(traceback.format_exc(), hidden)  # log.exception would print it as it is
        log.error("channel %s: message %s was not sent\n%s", message.channel, message.id, told)  # noqa: TRY400
        return Answer(ok=False, detail=f"{type(error).__name__} inside portalwatch; the log has the traceback")
    return replace(answer, detail=redacted(answer.detail, hidden))


def _sender(kind: str) -> Callable[[Any, Message, Sending], Answer]:
    if kind not in CHANNELS:
        raise PortalwatchError(f"no channel is of type `{kind}`{suggestion(kind, sorted(CHANNELS))}")
    return CHANNELS[kind]


def _secrets(channel: object, context: Sending) -> set[str]:
    value = context.secrets.get(getattr(channel, "secret_env", None) or "", "")
    found = {context.smtp.password or "", value, *(part.removeprefix("whsec_") for part in re.split(r"[\s,]+", value))}
    for header in (getattr(channel, "headers", None) or {}).values():
        found |= {part for part in (header, header.rpartition(" ")[2]) if len(part) >= HEADER_LENGTH}
    return {secret for secret in found if secret} | _tokens(getattr(channel, "url", None) or "")


def _tokens(url: str) -> set[str]:
    """The parts of a webhook's URL that are long enough to be a token."""
    return {part for part in re.split(r"[/?&=#@]", url.partition("://")[2].partition("/")[2]) if len(part) >= TOKEN_LENGTH}
