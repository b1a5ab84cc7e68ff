"""bbc_zh (BBC 中文) as its public markup is documented: one feed, front page and article address for each of the two scripts."""

import re
from datetime import UTC

from demo.portals.reply import Asked, Reply, newest, rendered
from demo.world.addresses import addresses, bbc_number
from demo.world.piece import Piece
from demo.world.scene import Scene
from demo.world.scripts import piece_in_hant

HOSTS = ("www.bbc.com", "feeds.bbci.co.uk")

FEED_SIZE = 1000
FRONT_SIZE = 40
_FEED = re.compile(r"^/zhongwen/(simp|trad)/rss\.xml$")
_FRONT = re.compile(r"^/zhongwen/(simp|trad)/?$")
_ARTICLE = re.compile(r"^/zhongwen/articles/(c[a-z0-9]{11})/(simp|trad)$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.host == "feeds.bbci.co.uk":
        found = _FEED.match(asked.path)
        return _feed(scene, found[1]) if found else None
    if found := _FRONT.match(asked.path):
        return _front(scene, found[1])
    found = _ARTICLE.match(asked.path)
    piece = scene.find("bbc_zh", bbc_number(found[1])) if found else None
    return _article(scene, piece, found[2]) if found and piece is not None else None


def in_script(piece: Piece, script: str) -> Piece:
    """The piece as the `simp` or `trad` edition prints it."""
    return piece if script == "simp" else piece_in_hant(piece)


def _feed(scene: Scene, script: str) -> Reply:
    pieces = scene.listed("bbc_zh")[:FEED_SIZE]
    items = [(in_script(piece, script), addresses(piece, script)[0]) for piece in pieces]
    body = rendered("bbc_feed.xml", items=items, script=script, utc=UTC)
    return Reply(body=body, content_type="text/xml; charset=utf-8", tagged=False, modified=newest(pieces))


def _front(scene: Scene, script: str) -> Reply:
    items = [(in_script(piece, script), addresses(piece, script)[0]) for piece in scene.listed("bbc_zh")[:FRONT_SIZE]]
    return Reply(body=rendered("bbc_front.html", items=items, script=script), tagged=True)


def _article(scene: Scene, piece: Piece, script: str) -> Reply:
    shown = in_script(piece, script)
    others = [(in_script(other, script), addresses(other, script)[0]) for other in scene.others(piece, 4)]
    values = {
        "piece": shown,
        "script": script,
        "lang": "zh-Hans" if script == "simp" else "zh-Hant",
        "url": addresses(piece, script)[0],
        "published": piece.published_at.astimezone(UTC),
        "modified": piece.updated_at.astimezone(UTC),
        "others": others,
    }
    return Reply(body=rendered("bbc_article.html", **values))
