"""udn (聯合新聞網) as its public markup is documented: a JSON API, a sitemap index, feeds, two layouts, and pages for subscribers."""

import json
import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap, rss
from demo.portals.reply import XML, Asked, Reply, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("udn.com",)
TAIPEI = ZoneInfo("Asia/Taipei")
OUTLET = Outlet(name="聯合新聞網", home="https://udn.com/news/index", language="zh-TW", zone=TAIPEI)
CATEGORIES = {"6638": None, "6640": "兩岸", "7225": "全球"}
PAGE_SIZE = 2
FOR_SUBSCRIBERS = 8990001
"""The number of a page that nobody lists and only subscribers may read."""
_FEED = re.compile(r"^/rssfeed/news/2/(6638|6640|7225)$")
_ARTICLE = re.compile(r"^/news/(?:amp/)?story/\d{1,7}/(\d{1,9})/?$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if made := _LISTS.get(asked.path):
        return made(asked, scene)
    if found := _FEED.match(asked.path):
        section = CATEGORIES[found[1]]
        return rss(OUTLET, [(piece, f"{piece.urls[0]}?from=udn-rss") for piece in scene.listed("udn") if section in (None, piece.section)])
    found = _ARTICLE.match(asked.path)
    if found and int(found[1]) == FOR_SUBSCRIBERS:
        return Reply(body=rendered("udn_vip.html", number=FOR_SUBSCRIBERS))
    piece = scene.find("udn", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _api(asked: Asked, scene: Scene) -> Reply:
    page = int(asked.query["page"]) if asked.query.get("page", "").isdigit() else 1
    shown = numbered(scene.listed("udn"), page, PAGE_SIZE) if asked.query.get("type") == "breaknews" else []
    lists = [
        {
            "titleLink": f"{piece.urls[0].removeprefix('https://udn.com')}?from=udn-ch1_breaknews-1-99-news",
            "title": piece.title,
            "paragraph": piece.paragraphs[0][:40],
            "time": {"date": f"{piece.published_at.astimezone(TAIPEI):%Y-%m-%d %H:%M}"},
            "view": piece.number % 997,
        }
        for piece in shown
    ]
    body = json.dumps({"state": True, "page": page, "end": not lists, "lists": lists}, ensure_ascii=False)
    return Reply(body=body.encode(), content_type="application/json; charset=utf-8")


def _index(_asked: Asked, _scene: Scene) -> Reply:
    return Reply(body=rendered("udn_sitemaps.xml"), content_type=XML)


def _map(_asked: Asked, scene: Scene) -> Reply:
    return newsmap(OUTLET, [(piece, piece.urls[0]) for piece in scene.listed("udn")])


def _listing(_asked: Asked, scene: Scene) -> Reply:
    return Reply(body=rendered("udn_listing.html", pieces=scene.listed("udn"), zone=TAIPEI), tagged=True)


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(TAIPEI)
    return Reply(body=rendered(f"udn_article_{piece.layout}.html", piece=piece, local=local, others=scene.others(piece, 3)))


_LISTS: dict[str, Callable[[Asked, Scene], Reply]] = {
    "/api/more": _api,
    "/sitemap/gnews/2": _index,
    "/sitemap/gnews_contents/2/1": _map,
    "/news/breaknews/1/99": _listing,
}
