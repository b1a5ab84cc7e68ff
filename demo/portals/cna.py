"""cna (中央社) as its public markup is documented: an API that answers a POST, a news sitemap, feeds at a third party's, a list."""

import json
import re
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap, rss
from demo.portals.reply import Asked, Reply, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.cna.com.tw", "feeds.feedburner.com")
TAIPEI = ZoneInfo("Asia/Taipei")
OUTLET = Outlet(name="中央社", home="https://www.cna.com.tw/", language="zh-TW", zone=TAIPEI)
FEEDS = {"/rsscna/politics": "政治", "/rsscna/intworld": "國際", "/rsscna/mainland": "兩岸"}
CATEGORIES = {"aall": None, "aipl": "政治", "aopl": "國際", "acn": "兩岸"}
AT_MOST = 2  # the real API gives what `pagesize` asks for; here a crawl has to turn pages
_ARTICLE = re.compile(r"^/news/\w+/(\d{12})\.aspx$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.host == "feeds.feedburner.com":
        section = FEEDS.get(asked.path)
        return rss(OUTLET, _items(scene, section)) if section else None
    if asked.path == "/cna2018api/api/WNewsList":
        return _api(asked, scene) if asked.posted else None
    if asked.path == "/GoogleNewsSitemap_fromRemote_cfp.xml":
        return newsmap(OUTLET, _items(scene))
    if asked.path == "/list/aall.aspx":
        return Reply(body=rendered("cna_listing.html", pieces=scene.listed("cna"), zone=TAIPEI), tagged=True)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("cna", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _items(scene: Scene, section: str | None = None) -> list[tuple[Piece, str]]:
    return [(piece, piece.urls[0]) for piece in scene.listed("cna") if section in (None, piece.section)]


def _api(asked: Asked, scene: Scene) -> Reply:
    page, size = int(asked.posted.get("pageidx", 1)), int(asked.posted.get("pagesize", 20))
    pieces = [piece for piece, _ in _items(scene, CATEGORIES.get(str(asked.posted.get("category"))))]
    items = [
        {
            "Id": str(piece.number),
            "HeadLine": piece.title,
            "PageUrl": piece.urls[0],
            "CreateTime": f"{piece.published_at.astimezone(TAIPEI):%Y/%m/%d %H:%M}",
            "ClassName": piece.section,
        }
        for piece in numbered(pieces, page, min(size, AT_MOST))
    ]
    body = json.dumps({"Result": "Y", "ResultData": {"Items": items}}, ensure_ascii=False)
    return Reply(body=body.encode(), content_type="application/json; charset=utf-8")


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(TAIPEI)
    republic = f"{local.year - 1911}{local:%m%d}"
    return Reply(body=rendered("cna_article.html", piece=piece, local=local, republic=republic, others=scene.others(piece, 3)))
