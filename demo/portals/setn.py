"""setn (三立) as its public markup is documented: a news sitemap, the list of everything, two generations of article pages."""

import re
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap
from demo.portals.reply import Asked, Reply, number, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.setn.com", "star.setn.com")
TAIPEI = ZoneInfo("Asia/Taipei")
OUTLET = Outlet(name="三立新聞網", home="https://www.setn.com/", language="zh-tw", zone=TAIPEI)
PAGE_SIZE = 20
SITEMAP_SIZE = 1000
_ARTICLE = re.compile(r"^/news/(\d{1,12})$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path == "/sitemapGoogleNews.xml":
        return newsmap(OUTLET, [(piece, piece.urls[0]) for piece in scene.listed("setn")[:SITEMAP_SIZE]])
    if asked.path.lower() == "/viewall.aspx":
        return _listing(scene, asked.page)
    found = _ARTICLE.match(asked.path)
    wanted = int(found[1]) if found else number(asked.query.get("NewsID", "")) if asked.path == "/News.aspx" else None
    piece = scene.find("setn", wanted) if wanted else None
    return _article(scene, piece) if piece is not None else None


def _listing(scene: Scene, page: int) -> Reply:
    pieces = numbered(scene.listed("setn"), page, PAGE_SIZE)
    return Reply(body=rendered("setn_listing.html", pieces=pieces, zone=TAIPEI, page=page), tagged=True)


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(TAIPEI)
    body = rendered(f"setn_article_{piece.layout}.html", piece=piece, local=local, others=scene.others(piece, 6))
    return Reply(body=body)
