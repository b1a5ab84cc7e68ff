"""dw_zh (DW 中文) as its public markup is documented: an RDF feed, a listing, articles with JSON-LD, and a captcha on a bad day."""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

from demo.portals.reply import Asked, Reply, newest, rendered
from demo.world.addresses import addresses, dw_slug
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.dw.com", "rss.dw.com")
BERLIN = ZoneInfo("Europe/Berlin")
LISTING_PATH = "/zh/在线报导/s-9058"
FEED_SIZE = 1000
LISTING_SIZE = 60
_FEEDS = ("/rdf/rss-chi-all", "/xml/rss-chi-all")
_ARTICLE = re.compile(r"^/zh/[^/]+/a-(\d{1,12})$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.host == "rss.dw.com":
        return _feed(scene) if asked.path in _FEEDS else None
    if asked.path == LISTING_PATH:
        return _listing(scene)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("dw_zh", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _feed(scene: Scene) -> Reply:
    pieces = scene.listed("dw_zh")[:FEED_SIZE]
    items = [(piece, addresses(piece)[0]) for piece in pieces]
    body = rendered("dw_feed.xml", items=items, utc=UTC)
    return Reply(body=body, content_type="application/rdf+xml; charset=utf-8", tagged=True, modified=newest(pieces))


def _listing(scene: Scene) -> Reply:
    items = [(piece, f"/zh/{dw_slug(piece)}/a-{piece.number}") for piece in scene.listed("dw_zh")[:LISTING_SIZE]]
    return Reply(body=rendered("dw_listing.html", items=items), tagged=True)


def _article(scene: Scene, piece: Piece) -> Reply:
    if piece.challenged == scene.phase:
        return Reply(body=rendered("challenge.html", host="www.dw.com", ray=f"{piece.number:x}"))
    values = {
        "piece": piece,
        "url": addresses(piece)[0],
        "local": piece.published_at.astimezone(BERLIN),
        "published": piece.published_at.astimezone(UTC),
        "modified": piece.updated_at.astimezone(UTC),
        "others": [(other, addresses(other)[0]) for other in scene.others(piece, 5)],
    }
    return Reply(body=rendered("dw_article.html", **values))
