"""What a replica portal is asked and what it answers, apart from any web framework."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from demo.world.piece import Piece

HTML, XML = "text/html; charset=utf-8", "application/xml; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as the real portal would see it: `path` is decoded and begins with a slash, `posted` is the JSON of a POST."""

    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    posted: Mapping[str, Any] = field(default_factory=dict)

    @property
    def page(self) -> int:
        """The listing's page number from `p`, 1 where there is none or nonsense."""
        return number(self.query.get("p", "1")) or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. `tagged` sends an ETag, `modified` a Last-Modified; either lets a client ask conditionally."""

    body: bytes
    content_type: str = HTML
    status: int = 200
    tagged: bool = False
    modified: datetime | None = None

    def validators(self) -> dict[str, str]:
        """The ETag and Last-Modified headers that this answer sends."""
        headers = {"ETag": f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'} if self.tagged else {}
        if self.modified is not None:
            headers["Last-Modified"] = format_datetime(self.modified.astimezone(UTC), usegmt=True)
        return headers

    def is_known_to(self, asked: Mapping[str, str]) -> bool:
        """Whether the client holds this state already; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
        if (tags := asked.get("if-none-match")) is not None:
            tag = self.validators().get("ETag")
            return tag is not None and (tags.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in tags.split(",")])
        since = _http_date(asked.get("if-modified-since", ""))
        return since is not None and self.modified is not None and self.modified.replace(microsecond=0) <= since


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("demo.portals"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def rendered(template: str, **values: Any) -> bytes:
    """The template as UTF-8; every value is escaped."""
    return _templates().get_template(template).render(**values).encode()


def newest(pieces: list[Piece]) -> datetime | None:
    """When the newest change among `pieces` was made, None where there are none."""
    return max((piece.updated_at for piece in pieces), default=None)


def number(text: str) -> int | None:
    """A plain decimal of at most twelve digits, None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def numbered(pieces: list[Piece], page: int, size: int) -> list[Piece]:
    """Page `page` (from 1) of a listing with `size` pieces a page."""
    return pieces[(page - 1) * size : page * size]
