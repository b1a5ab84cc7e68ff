"""Whose page is this? For files that come without an address: the page names its own, or its title names the portal."""

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.extract.decode import decode

if TYPE_CHECKING:
    from pipelines.sheet import Sheet

HEAD = 200_000  # characters that are looked at
_CANONICAL = re.compile(r"""<link\b(?=[^>]*\brel=["']?canonical)[^>]*\bhref=["']?([^"'>\s]+)""", re.I)
_TITLE = re.compile(r"<title\b[^>]*>([^<]*)</title>", re.I)


def whose(body: bytes, content_type: str, sheets: Sequence["Sheet"]) -> tuple["Sheet | None", str]:
    """(the sheet, the address) of a page; an empty address where it does not name one that the sheet knows as an article."""
    head = decode(body[: 4 * HEAD], content_type).text[:HEAD]
    named = _CANONICAL.search(head)
    for sheet in sheets if named else ():
        address = html.unescape(named[1]) if named else ""
        if sheet.serves(address) and sheet.identify(address):
            return sheet, address
    title = _TITLE.search(head)
    return next((sheet for sheet in sheets if title and _signs(sheet, html.unescape(title[1]).strip())), None), ""


def _signs(sheet: "Sheet", title: str) -> bool:
    return any(re.search(f"(?:{pattern})$", title) for pattern in sheet.extract.title_suffixes)
