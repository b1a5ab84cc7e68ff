"""RSS 2.0 and Google-News sitemaps, which are alike on most portals."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from demo.portals.reply import XML, Reply, newest, rendered
from demo.world.piece import Piece

Items = Sequence[tuple[Piece, str]]
"""Pieces with the address under which the portal names them here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Whose feed it is: `name`, `home` (its address), `language` (as the feed writes it) and the zone of its dates."""

    name: str
    home: str
    language: str
    zone: ZoneInfo


def rss(outlet: Outlet, items: Items) -> Reply:
    """The feed."""
    body = rendered("rss.xml", outlet=outlet, items=items)
    return Reply(body=body, content_type="application/rss+xml; charset=utf-8", tagged=True, modified=newest([piece for piece, _ in items]))


def newsmap(outlet: Outlet, items: Items) -> Reply:
    """The news sitemap."""
    body = rendered("newsmap.xml", outlet=outlet, items=items)
    return Reply(body=body, content_type=XML, tagged=True, modified=newest([piece for piece, _ in items]))
