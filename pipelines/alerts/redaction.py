"""No secret gets out: whatever form a text writes it in, it is replaced before the text is sent, stored or logged."""

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import quote

from pipelines.alerts.excerpt import ELLIPSIS

HIDDEN = "•••"
BEGINNING = 4
"""Characters of a secret from which on its beginning is hidden too."""


def redacted(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret, as it is or as base64, URLs, JSON and HTML write it, replaced by HIDDEN; empty secrets are none."""
    pattern = _pattern(frozenset(secret for secret in secrets if secret))
    return pattern.sub(HIDDEN, text) if pattern else text


def redacted_cut(text: str, secrets: Iterable[str]) -> str:
    """The same of words of which an ellipsis tells that they were cut: what stands before it may be a secret's beginning."""
    known = frozenset(secret for secret in secrets if secret)
    *cut, rest = redacted(text, known).split(ELLIPSIS)
    return ELLIPSIS.join([*(_without_beginning(each, _forms(known)) for each in cut), rest])


def _without_beginning(text: str, forms: Iterable[str]) -> str:
    found = max((size for form in forms for size in range(BEGINNING, len(form)) if text.endswith(form[:size])), default=0)
    return text[:-found] + HIDDEN if found else text


@lru_cache(maxsize=64)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    forms = sorted(_forms(secrets), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms))) if forms else None


@lru_cache(maxsize=64)
def _forms(secrets: frozenset[str]) -> frozenset[str]:
    return frozenset(form for secret in secrets for form in _forms_of(secret))


def _forms_of(secret: str) -> Iterator[str]:
    percent, quoted = quote(secret, safe="", errors="replace"), json.dumps(secret, ensure_ascii=False)[1:-1]
    yield from (secret, percent, re.sub("%..", lambda found: found[0].lower(), percent), _base64(secret), html.escape(secret))
    # Some write a slash, some a plus so, and base64 has both.
    yield from (quoted, quoted.replace("/", "\\/"), quoted.replace("+", "\\u002B"), quoted.replace("+", "\\u002b"))


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "replace")).decode()
