"""Every secret that this installation knows, so that nothing which leaves it, be it a log, an error or a page, carries one."""

import logging
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from pipelines.alerts.connection import PREFIX, password_of
from pipelines.alerts.redaction import HIDDEN, redacted
from pipelines.config import Settings

SHORTEST = 6
"""Characters; a shorter password is hidden in addresses only, or the words of a sentence would go with it."""
TOKEN = 12
"""Characters from which a part of a secret address is a token, and not a word such as `hook`."""
NAMED_SECRET = re.compile(r"(?i)(secret|token|passw|api_?key|_conn$|^airflow_conn_|credential|webhook_url|apprise)")
"""Environment variables whose value is one: those that channels name, and Airflow's."""
_USER = re.compile(r"://[^/:]*:")


def hidden(text: str, settings: Settings) -> str:
    """The text without any secret of the settings or the environment, and without the password of any address in it."""
    *addressed, rest = redacted(text, known(settings)).split("@")
    return "@".join([*map(_without_password, addressed), rest])


def _without_password(text: str) -> str:
    """What stood before an @. One look at each character: a page chooses what is logged, and may repeat `://a:` for ever."""
    run = text.rsplit(maxsplit=1)[-1] if text and not text[-1].isspace() else ""
    found = _USER.search(run)
    return text[: len(text) - len(run) + found.end()] + HIDDEN if found and found.end() < len(run) else text


def known(settings: Settings) -> frozenset[str]:
    """What must not be seen: secret settings, the passwords and tokens inside of them, and variables that are called as secrets are."""
    own = tuple(value.get_secret_value() for value in settings.__dict__.values() if isinstance(value, SecretStr))
    named = {name: value for name, value in settings.secrets.items() if NAMED_SECRET.search(name) and not name.startswith("PORTALWATCH_")}
    passwords = (password_of(value) for name, value in named.items() if name.startswith(PREFIX))
    return _known(own, (*named.values(), *passwords))


@lru_cache(maxsize=8)
def _known(own: tuple[str, ...], named: tuple[str, ...]) -> frozenset[str]:
    found = {part for value in own for part in _of_address(value)} | {part for value in named for part in parts(value)}
    return frozenset(each for each in found if len(each) >= SHORTEST)


def parts(secret: str) -> frozenset[str]:
    """What of a secret must not be seen: all of it, and each of several in a row; of an address the tokens too."""
    return frozenset(each for each in _of_variable(secret) if len(each) >= SHORTEST)


def _of_address(value: str) -> Iterable[str]:
    """A setting: all of it, or where it is an address its password and tokens; its host is no secret."""
    if "://" not in value:
        return [value]
    try:
        address = urlsplit(value)
    except ValueError:
        return [value]
    tokens = [token for token in re.split(r"[/?&=#]", f"{address.path}?{address.query}") if len(token) >= TOKEN]
    return [form for each in (address.password or "", *tokens) for form in (each, unquote(each))]


def _of_variable(value: str) -> Iterable[str]:
    """A variable that is called a secret: several in a row, or an address as Apprise has them, whose host is a token."""
    pieces = [piece.removeprefix("whsec_") for piece in re.split(r"[\s,]+", value)]
    tokens = [
        token for piece in pieces if "://" in piece for token in re.split(r"[/?&=#:@]", piece.partition("://")[2]) if len(token) >= TOKEN
    ]
    return [value, *pieces, *(form for each in tokens for form in (each, unquote(each)))]


class Hiding(logging.Filter):
    """A handler's filter that leaves no secret in a record: message, arguments and traceback."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def filter(self, record: logging.LogRecord) -> bool:
        """The record, cleaned; it always passes. One whose arguments do not fit its message is told as it stands."""
        try:
            said = record.getMessage()
        except (TypeError, ValueError, KeyError):  # a handler reports that and goes on; a filter would end whoever logged
            said = f"{record.msg} {record.args}"
            record.msg, record.args = said, ()
        if (clean := hidden(said, self._settings)) != said:
            record.msg, record.args = clean, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = hidden(record.exc_text, self._settings)
        return True
