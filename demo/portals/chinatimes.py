"""chinatimes (中時) as its public markup is documented: a news sitemap, the list of real-time news, two generations of article pages."""

import re
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap
from demo.portals.reply import Asked, Reply, number, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.chinatimes.com",)
TAIPEI = ZoneInfo("Asia/Taipei")
OUTLET = Outlet(name="中時新聞網", home="https://www.chinatimes.com/", language="zh-tw", zone=TAIPEI)
PAGE_SIZE = 20
SITEMAP_SIZE = 1000
_ARTICLE = re.compile(r"^/(?:realtimenews|newspapers|opinion)/\d{8}(\d{6})-\d{6}$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path == "/sitemaps/sitemap_todaynews.xml":
        return newsmap(OUTLET, [(piece, piece.urls[0]) for piece in scene.listed("chinatimes")[:SITEMAP_SIZE]])
    if asked.path == "/realtimenews/":
        return _listing(asked, scene)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("chinatimes", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _listing(asked: Asked, scene: Scene) -> Reply:
    page = number(asked.query.get("page", "1")) or 1
    pieces = numbered(scene.listed("chinatimes"), page, PAGE_SIZE)
    return Reply(body=rendered("chinatimes_listing.html", pieces=pieces, zone=TAIPEI, page=page))


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(TAIPEI)
    body = rendered(f"chinatimes_article_{piece.layout}.html", piece=piece, local=local, others=scene.others(piece, 6))
    return Reply(body=body)
