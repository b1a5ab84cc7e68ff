"""Whose address is it? What a page or a redirect says of an article's own address is believed only where the sheet agrees."""

import re
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

if TYPE_CHECKING:
    from pipelines.sheet import Sheet

LONGEST = 2000  # characters
_PLAIN_HOST = re.compile(r"[\w.-]+(?::\d{1,5})?|\[[0-9a-f:.]+\](?::\d{1,5})?", re.IGNORECASE)
_UNSEEN = re.compile(r"[\x00-\x20\x7f\\]")


def host_of(url: str) -> str | None:
    """The host of a web address, in lower case; None for one with credentials, or of which readers disagree whose it is."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    is_plain = parts.scheme in ("http", "https") and _PLAIN_HOST.fullmatch(parts.netloc)
    return host.lower() if is_plain and host else None


def own_address(fetched: str, canonical: str | None, base: str | None, sheet: "Sheet | None") -> str:
    """The address that a page calls its canonical one, where the sheet knows it as the same article; else the one that was fetched.

    Refused is what points to the front page, to a section, to another article, to another site, or holds credentials.
    """
    named = _absolute(fetched, canonical, base) if sheet and canonical else None
    if named == fetched:
        return fetched
    own = sheet.identify(fetched) if sheet and named else None
    known = sheet.identify(named) if sheet and named and sheet.serves(named) else None
    return named if named and own and known and known[0] == own[0] else fetched


def astray(identity: str, asked: str, answered: str, sheet: "Sheet") -> str | None:
    """Why a redirect did not lead to the article that was asked for: it ended at another one, at the front page or at a listing."""
    if answered == asked:
        return None
    known = sheet.identify(answered)
    if known is not None:
        return None if known[0] in (identity, (sheet.identify(asked) or ("",))[0]) else f"redirected to another article, {known[0][:200]}"
    parts = urlsplit(answered)
    if parts.path in ("", "/") and not parts.query:
        return "redirected to the front page"
    return "redirected to a listing" if answered in {source.url for source in sheet.discovery} else None


def _absolute(fetched: str, canonical: str, base: str | None) -> str | None:
    trimmed = canonical.strip()
    if _UNSEEN.search(trimmed) or len(trimmed) > LONGEST:
        return None
    try:
        return urldefrag(urljoin(urljoin(fetched, base or ""), trimmed)).url
    except ValueError:
        return None
