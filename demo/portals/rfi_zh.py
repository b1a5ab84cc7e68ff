"""rfi_zh (RFI 中文) as its public markup is documented: news sitemap, feeds and front pages in two scripts, articles in two layouts."""

import re
from datetime import UTC
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap, rss
from demo.portals.reply import Asked, Reply, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene
from demo.world.scripts import piece_in_hant

HOSTS = ("www.rfi.fr",)
PARIS = ZoneInfo("Europe/Paris")
SIZE = 40
NAMES = {"cn": "法广 - RFI", "tw": "法廣 - RFI"}
_FEED = re.compile(r"^/(cn|tw)/(?:general/)?rss$")
_FRONT = re.compile(r"^/(cn|tw)/?$")
_ARTICLE = re.compile(r"^/(cn|tw)/.+/\d{8}-[^/]+$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path == "/sitemaps/cn/news.xml":
        return newsmap(_outlet("cn"), _items(scene, "cn"))
    if found := _FEED.match(asked.path):
        return rss(_outlet(found[1]), _items(scene, found[1]))
    if found := _FRONT.match(asked.path):
        body = rendered("rfi_front.html", edition=found[1], items=_items(scene, found[1]), name=NAMES[found[1]])
        return Reply(body=body, tagged=True)
    return _article(asked, scene) if _ARTICLE.match(asked.path) else None


def _outlet(edition: str) -> Outlet:
    return Outlet(name=NAMES[edition], home=f"https://www.rfi.fr/{edition}/", language=f"zh-{edition}", zone=PARIS)


def _items(scene: Scene, edition: str) -> list[tuple[Piece, str]]:
    return [(_in_edition(piece, edition), quote(_address(piece, edition), safe=":/")) for piece in scene.listed("rfi_zh")[:SIZE]]


def _address(piece: Piece, edition: str) -> str:
    return next(url for url in piece.urls if f"/{edition}/" in url)


def _in_edition(piece: Piece, edition: str) -> Piece:
    return piece if edition == "cn" else piece_in_hant(piece, "s2tw")


def _article(asked: Asked, scene: Scene) -> Reply | None:
    piece = next((each for each in scene.listed("rfi_zh") if asked.path in [urlsplit(url).path for url in each.urls]), None)
    if piece is None:
        return None
    edition = asked.path[1:3]
    values = {
        "piece": _in_edition(piece, edition),
        "edition": edition,
        "name": NAMES[edition],
        "url": quote(_address(piece, edition), safe=":/"),
        "published": piece.published_at.astimezone(UTC),
        "modified": piece.updated_at.astimezone(UTC),
        "local": piece.published_at.astimezone(PARIS),
        "others": [(_in_edition(other, edition), quote(_address(other, edition), safe=":/")) for other in scene.others(piece, 3)],
    }
    return Reply(body=rendered(f"rfi_article_{piece.layout}.html", **values))
