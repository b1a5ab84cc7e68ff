"""creaders (万维读者网) as its public markup is documented: GBK pages, two paged listings, two generations of the article page."""

import re
from zoneinfo import ZoneInfo

from demo.portals.reply import Asked, Reply, number, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("news.creaders.net", "ent.creaders.net")
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE_SIZE = 40
_ARTICLE = re.compile(r"^/(?:[a-z]+/)?\d{4}/\d\d/\d\d/(\d{1,12})\.html$")
_LISTINGS = {"/headline/": "creaders_headline.html", "/breaking/": "creaders_breaking.html"}


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path in _LISTINGS and asked.host == "news.creaders.net":
        return _listing(asked, scene)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("creaders", int(found[1])) if found else None
    return _encoded(_article(scene, piece)) if piece is not None else None


def _listing(asked: Asked, scene: Scene) -> Reply:
    page = number(asked.query.get("page", "1")) or 1
    pieces = numbered(scene.listed("creaders"), page, PAGE_SIZE)
    return _encoded(rendered(_LISTINGS[asked.path], pieces=pieces, zone=SHANGHAI, page=page), tagged=True)


def _article(scene: Scene, piece: Piece) -> bytes:
    local = piece.published_at.astimezone(SHANGHAI)
    return rendered("creaders_article.html", piece=piece, local=local, others=scene.others(piece, 6))


def _encoded(page: bytes, *, tagged: bool = False) -> Reply:
    """The pages say gbk in their head and nothing in the header; a rare name needs gb18030."""
    return Reply(body=page.decode().encode("gb18030"), content_type="text/html", tagged=tagged)
