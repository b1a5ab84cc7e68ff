"""ltn (自由時報) as its public markup is documented: AJAX lists that change their shape, a news sitemap, a feed, two layouts."""

import codecs
import json
import re
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, newsmap, rss
from demo.portals.reply import Asked, Reply, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("news.ltn.com.tw",)
TAIPEI = ZoneInfo("Asia/Taipei")
OUTLET = Outlet(name="自由時報電子報", home="https://news.ltn.com.tw/", language="zh-tw", zone=TAIPEI)
PAGE_SIZE = 2
_AJAX = re.compile(r"^/ajax/breakingnews/all/(\d{1,3})$")
_ARTICLE = re.compile(r"^/news/[\w-]+/(?:breakingnews|paper)/(\d{1,9})$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    items = [(piece, piece.urls[0]) for piece in scene.listed("ltn")]
    if asked.path == "/sitemap.xml":
        return newsmap(OUTLET, items)
    if asked.path == "/rss/all.xml":
        return rss(OUTLET, items)
    if found := _AJAX.match(asked.path):
        return _ajax(scene, int(found[1]))
    found = _ARTICLE.match(asked.path)
    piece = scene.find("ltn", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _ajax(scene: Scene, page: int) -> Reply:
    """A list on the first page, an object keyed by position on the others, behind a byte order mark."""
    start = (page - 1) * PAGE_SIZE
    rows = [_row(piece) for piece in numbered(scene.listed("ltn"), page, PAGE_SIZE)]
    data = rows if page == 1 or not rows else {str(start + at): row for at, row in enumerate(rows)}
    body = json.dumps({"code": 200, "data": data}, ensure_ascii=False)
    return Reply(body=codecs.BOM_UTF8 + body.encode(), content_type="text/html; charset=UTF-8")


def _row(piece: Piece) -> dict[str, str]:
    local = piece.published_at.astimezone(TAIPEI)
    return {"no": str(piece.number), "title": piece.title, "time": f"{local:%H:%M}", "type_cn": piece.section, "url": piece.urls[0]}


def _article(scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(TAIPEI)
    return Reply(body=rendered(f"ltn_article_{piece.layout}.html", piece=piece, local=local, others=scene.others(piece, 3)))
