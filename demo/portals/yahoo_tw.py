"""yahoo_tw (Yahoo 奇摩新聞) as its public markup is documented: a feed, the archive's JSON, two generations of article pages."""

import json
import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from demo.portals.feeds import Outlet, rss
from demo.portals.reply import Asked, Reply, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("tw.news.yahoo.com",)
OUTLET = Outlet(name="Yahoo奇摩新聞", home="https://tw.news.yahoo.com/", language="zh-TW", zone=ZoneInfo("UTC"))
FEED_SIZE = 50
_API = "/_td-news/api/resource/NCPListService;api=archive;ncpParams="
_ARTICLE = re.compile(r"^/[^/]*-(\d{9})\.html$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.path == "/rss":
        return rss(OUTLET, [(piece, quote(piece.urls[0], safe=":/")) for piece in scene.listed("yahoo_tw")[:FEED_SIZE]])
    if asked.path.startswith(_API):
        return _archive(scene, asked.path.removeprefix(_API))
    found = _ARTICLE.match(asked.path)
    piece = scene.find("yahoo_tw", int(found[1])) if found else None
    return _article(scene, piece) if piece is not None else None


def _archive(scene: Scene, params: str) -> Reply | None:
    try:
        query = json.loads(params)["query"]
        start, count = int(query["start"]), int(query["count"])
    except (ValueError, KeyError, TypeError):
        return None
    items = [_item(piece) for piece in scene.listed("yahoo_tw")[start : start + count]]
    return Reply(body=json.dumps(items, ensure_ascii=False).encode(), content_type="application/json; charset=utf-8")


def _item(piece: Piece) -> Mapping[str, Any]:
    address = unquote(urlsplit(piece.urls[0]).path)
    return {"title": piece.title, "url": address, "summary": piece.paragraphs[0][:60], "published_at": int(piece.published_at.timestamp())}


def _article(scene: Scene, piece: Piece) -> Reply:
    published, other = piece.published_at.astimezone(UTC), next(iter(scene.others(piece, 1)), piece)
    values = {
        "piece": piece,
        "published": published,
        "linked": _script(_linked(piece, published.strftime("%Y-%m-%dT%H:%M:%S.000Z"))),
        "state": _script([1, json.dumps({"main": _told(piece), "stream": [_told(other)]}, ensure_ascii=False, separators=(",", ":"))]),
        "other": other,
    }
    return Reply(body=rendered(f"yahoo_article_{piece.layout}.html", **values))


def _linked(piece: Piece, published: str) -> Mapping[str, Any]:
    return {
        "@context": "http://schema.org",
        "@type": "NewsArticle",
        "headline": piece.title,
        "datePublished": published,
        "dateModified": published,
        "keywords": [piece.section],
        "author": {"@type": "Person", "name": piece.author},
        "provider": {"@type": "Organization", "name": "、".join(piece.publisher), "url": "https://publisher.example/"},
        "publisher": {"@type": "Organization", "name": "Yahoo News"},
    }


def _told(piece: Piece) -> Mapping[str, Any]:
    logo = {"url": "https://s.yimg.com/cv/logo.png", "width": 160}
    return {"title": piece.title, "provider": {"key": "tw_house", "logo": logo, "name": "、".join(piece.publisher)}}


def _script(value: object) -> str:
    """JSON as the portal writes it into a script: characters as they are, and no end of the script inside."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
