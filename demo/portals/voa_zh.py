"""voa_zh (美国之音中文网) as its public markup is documented: feeds behind coded names, zones counted from 0, articles in two layouts."""

import re
from datetime import UTC
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, rss
from demo.portals.reply import Asked, Reply, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.voachinese.com",)
PEKING = ZoneInfo("Asia/Shanghai")
OUTLET = Outlet(name="美国之音中文网", home="https://www.voachinese.com/", language="zh", zone=PEKING)
FEEDS = {"/api/zm_yql-vomx-tpeybti": None, "/api/zyyyoeqqvi": "中国", "/api/z__yoerrvp": "国际"}
ZONE = "/z/1739"
PAGE_SIZE = 2
_ARTICLE = re.compile(r"^/(?:a|amp)/(?:[^/]+/)?(\d{1,9})\.html$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path in FEEDS:
        section = FEEDS[asked.path]
        return rss(OUTLET, [(piece, piece.urls[0]) for piece in scene.listed("voa_zh") if section in (None, piece.section)])
    if asked.path == ZONE:
        return _zone(asked, scene)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("voa_zh", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _zone(asked: Asked, scene: Scene) -> Reply:
    """`p` counts from 0, which is the page without it."""
    page = int(asked.query["p"]) if asked.query.get("p", "").isdigit() else 0
    shown = numbered(scene.listed("voa_zh"), page + 1, PAGE_SIZE)
    return Reply(body=rendered("voa_zone.html", pieces=shown, page=page, zone=PEKING), tagged=True)


def _article(scene: Scene, piece: Piece) -> Reply:
    values = {
        "piece": piece,
        "local": piece.published_at.astimezone(PEKING),
        "published": piece.published_at.astimezone(UTC),
        "modified": piece.updated_at.astimezone(UTC),
        "others": scene.others(piece, 3),
    }
    return Reply(body=rendered(f"voa_article_{piece.layout}.html", **values))
