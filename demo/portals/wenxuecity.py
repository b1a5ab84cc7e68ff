"""wenxuecity (文学城) as its public markup is documented: the news front with its rankings, the list of all news, two article layouts."""

import re
from zoneinfo import ZoneInfo

from demo.portals.reply import Asked, Reply, number, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.wenxuecity.com",)
SHANGHAI = ZoneInfo("Asia/Shanghai")
PAGE_SIZE = 40
RANKED = 15
_ARTICLE = re.compile(r"^/news/\d{4}/\d\d/\d\d/(?:[a-z]+-)?(\d{1,12})\.html$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path == "/news/":
        pieces = scene.listed("wenxuecity")
        return Reply(body=rendered("wenxuecity_front.html", pieces=pieces[:PAGE_SIZE], ranked=pieces[:RANKED]), tagged=True)
    if asked.path == "/news/morenews/":
        return _listing(asked, scene)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("wenxuecity", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _listing(asked: Asked, scene: Scene) -> Reply:
    page = number(asked.query.get("page", "1")) or 1
    pieces = numbered(scene.listed("wenxuecity"), page, PAGE_SIZE)
    return Reply(body=rendered("wenxuecity_listing.html", pieces=pieces, zone=SHANGHAI, page=page), tagged=True)


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(SHANGHAI)
    body = rendered(f"wenxuecity_article_{piece.layout}.html", piece=piece, local=local, others=scene.others(piece, 6))
    return Reply(body=body)
