"""storm_mg (風傳媒) as its public markup is documented: two generations of article pages, feeds, news sitemap, categories."""

import json
import re
from zoneinfo import ZoneInfo

from demo.portals.reply import HTML, XML, Asked, Reply, newest, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.storm.mg",)
TAIPEI = ZoneInfo("Asia/Taipei")
CATEGORIES = {118: "政治", 117: "國際", 121: "中港澳", 23083: "財經", 26644: "軍事"}
CHANNELS = {2: None, 9: "政治", 10: "國際", 11: "中港澳", 4: "財經", 5: "軍事"}
PAGE_SIZE = 20
FEED_SIZE = SITEMAP_SIZE = 1000  # a Google-News sitemap holds at most a thousand
MORE = 12  # cards under an article
_ARTICLE = re.compile(r"^/(?:article|lifestyle)/(\d{1,12})/?$")
_LISTING = re.compile(r"^/(articles|category/(\d{1,6}))(?:/(\d{1,4}))?/?$")
_FEED = re.compile(r"^/(?:feeds/(?:all|rss)|api/getRss/channel_id/(\d{1,3}))$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path."""
    if found := _ARTICLE.match(asked.path):
        return _article(scene, int(found[1]))
    if found := _LISTING.match(asked.path):
        return _listing(scene, found)
    if found := _FEED.match(asked.path):
        return _feed(asked, scene, int(found[1] or 2))
    if asked.path == "/api/getArticleList":
        return _api(asked, scene)
    return _sitemap(scene) if asked.path == "/sitemaps/1/article-news-1.xml" else None


def _article(scene: Scene, number: int) -> Reply:
    """A missing article answers 200 with a page that has no article: this portal knows no 404 there."""
    piece = scene.find("storm_mg", number)
    if piece is None:
        return Reply(body=rendered("storm_missing.html", categories=CATEGORIES))
    values = {
        "piece": piece,
        "local": piece.published_at.astimezone(TAIPEI),
        "modified": piece.updated_at.astimezone(TAIPEI),
        "categories": CATEGORIES,
        "category": next((key for key, name in CATEGORIES.items() if name == piece.section), 117),
        "popular": f"{piece.number * 7 % 9000 + scene.phase * 317:,}",
        "more": scene.others(piece, MORE),
    }
    return Reply(body=rendered(f"storm_article_{piece.layout}.html", **values))


def _listing(scene: Scene, found: re.Match[str]) -> Reply | None:
    path, category, page = found[1], found[2], int(found[3] or 1)
    if category is not None and int(category) not in CATEGORIES:
        return None
    section = CATEGORIES[int(category)] if category else None
    pieces = [] if scene.empty_listing == f"https://www.storm.mg/{path}" else _of_section(scene, section)
    shown = numbered(pieces, page, PAGE_SIZE)
    following = f"/{path}/{page + 1}" if len(pieces) > page * PAGE_SIZE else ""
    body = rendered(
        "storm_listing.html", pieces=shown, zone=TAIPEI, following=following, categories=CATEGORIES, title=section or "最新文章"
    )
    return Reply(body=body, content_type=HTML, tagged=True)


def _of_section(scene: Scene, section: str | None) -> list[Piece]:
    return [piece for piece in scene.listed("storm_mg") if section is None or piece.section == section]


def _feed(asked: Asked, scene: Scene, channel: int) -> Reply | None:
    """Links are relative unless the request names their base in `path`, as on the real portal."""
    if channel not in CHANNELS:
        return None
    pieces = _of_section(scene, CHANNELS[channel])[:FEED_SIZE]
    old = asked.path.startswith("/feeds/")
    base = "https://www.storm.mg/article" if old else asked.query.get("path", "")
    body = rendered("storm_feed.xml", pieces=pieces, base=base, zone=TAIPEI)
    return Reply(body=body, content_type="application/rss+xml; charset=utf-8", tagged=True, modified=newest(pieces))


def _api(asked: Asked, scene: Scene) -> Reply:
    """What `q`, a JSON of its own, asks for: a channel and a stretch of its list. A bad request answers 200 with nothing in it."""
    try:
        wanted = json.loads(asked.query.get("q", ""))
        (start, count), channel = map(int, wanted["limit"]), int(wanted["value"][0][0])
    except (ValueError, KeyError, IndexError, TypeError):
        return Reply(body=b'{"list": []}', content_type="application/json; charset=utf-8")
    found = _of_section(scene, CHANNELS[channel]) if channel in CHANNELS else []
    pieces = found[start : start + min(count, PAGE_SIZE)]
    body = json.dumps({"list": [_listed(piece) for piece in pieces], "total": len(pieces)}, ensure_ascii=False)
    return Reply(body=body.encode(), content_type="application/json; charset=utf-8")


def _listed(piece: Piece) -> dict[str, object]:
    return {
        "title": piece.title,
        "oldId": piece.number,
        "createdAt": piece.published_at.astimezone(TAIPEI).isoformat(),
        "articleAuthor": piece.author,
        "articleChannel": [{"channel": {"title": piece.section}}],
    }


def _sitemap(scene: Scene) -> Reply:
    """It lags: a vanished article stays in it, with the time of its removal."""
    pieces = scene.known("storm_mg")[:SITEMAP_SIZE]
    body = rendered("storm_sitemap.xml", pieces=pieces, zone=TAIPEI)
    return Reply(body=body, content_type=XML, tagged=True, modified=newest(pieces))
