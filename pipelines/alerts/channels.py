"""The last arrow, Alert -> sent: from a channel's type to the one function that sends there."""

import logging
import math
import re
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.alerts import chat, mail, own, webhook
from pipelines.alerts.excerpt import clipped
from pipelines.alerts.exchange import LONGEST_WAIT
from pipelines.alerts.lines import Lines
from pipelines.alerts.mail import Sender, Smtp
from pipelines.alerts.redaction import redacted, redacted_cut
from pipelines.errors import PortalwatchError
from pipelines.models import Answer, Message
from pipelines.yamlfile import suggestion

__all__ = ["CHANNELS", "Sender", "Sending", "Sends", "Smtp", "send"]

TOKEN_LENGTH, HEADER_LENGTH = 12, 6
"""Characters; a shorter part of a URL or header is a word such as `hook` or `true`, not a secret."""

DETAIL_CAP = 500
"""Characters of an answer that are kept."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What the settings say about sending. `zone` is the readers'; `secrets` environment variables by name; `allow` the
    hosts (`host` or `host:port`) that a webhook may reach although they are not on the open Internet; `folder` holds channels of
    one's own; `lines` are sessions with `smtp` that may be kept from mail to mail."""

    smtp: Smtp
    sender: Sender
    zone: ZoneInfo
    secrets: Mapping[str, str] = field(repr=False)
    allow: frozenset[str] = frozenset()
    folder: Path | None = None
    lines: Lines | None = None


CHANNELS: Mapping[str, Callable[[Any, Message, Sending], Answer]] = MappingProxyType(
    {"mail": mail.send, "webhook": webhook.send, "chat": chat.send, "own": own.send}
)
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
    return _kept(answer, hidden)


def _kept(answer: Answer, hidden: set[str]) -> Answer:
    """The answer as the store can keep it, whatever a channel of one's own gave: else a message that was taken goes again and again."""
    wait = answer.retry_after
    is_wait = isinstance(wait, int | float) and not math.isnan(wait)
    return Answer(
        ok=bool(answer.ok), detail=clipped(redacted_cut(str(answer.detail), hidden), DETAIL_CAP), permanent=bool(answer.permanent),
        retry_after=min(max(float(wait), 0.0), LONGEST_WAIT) if wait is not None and is_wait else None, only_this=bool(answer.only_this),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sends:
    """`send(channel, message)` as an installation does it; inside `keeping()` the mail server's sessions serve many mails."""

    sending: Sending

    def __call__(self, channel: object, message: Message) -> Answer:
        return send(channel, message, self.sending)

    def keeping(self) -> AbstractContextManager[None]:
        """A block at whose end nothing is open."""
        return self.sending.lines.keeping() if self.sending.lines else nullcontext()


def _sender(kind: str) -> Callable[[Any, Message, Sending], Answer]:
    if kind not in CHANNELS:
        raise PortalwatchError(f"no channel is of type `{kind}`{suggestion(kind, sorted(CHANNELS))}")
    return CHANNELS[kind]


def _secrets(channel: object, context: Sending) -> set[str]:
    value = context.secrets.get(getattr(channel, "secret_env", None) or "", "")
    found = {context.smtp.password or "", value, *(part.removeprefix("whsec_") for part in re.split(r"[\s,]+", value))}
    for name, variable in (getattr(channel, "options", None) or {}).items():
        option = context.secrets.get(variable, "") if name.endswith("_env") else ""
        found |= {option} | _tokens(option)
    for header in (getattr(channel, "headers", None) or {}).values():
        found |= {part for part in (header, header.rpartition(" ")[2]) if len(part) >= HEADER_LENGTH}
    addresses = _tokens(getattr(channel, "url", None) or "") | chat.tokens(context.secrets.get(getattr(channel, "url_env", None) or "", ""))
    return {secret for secret in found if secret} | addresses


def _tokens(url: str) -> set[str]:
    """The parts of a webhook's URL that are long enough to be a token."""
    return {part for part in re.split(r"[/?&=#@]", url.partition("://")[2].partition("/")[2]) if len(part) >= TOKEN_LENGTH}
