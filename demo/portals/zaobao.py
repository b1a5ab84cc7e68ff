"""zaobao (联合早报) as its public markup is documented: the global site's cards and pages, Singapore's JSON and script state."""

import json
import re
from zoneinfo import ZoneInfo

from markupsafe import escape

from demo.portals.reply import Asked, Reply, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene

HOSTS = ("www.zaobao.com", "www.zaobao.com.sg")
SINGAPORE = ZoneInfo("Asia/Singapore")
SECTIONS = {"china": "中国", "world": "国际", "singapore": "新加坡"}
PAGE_SIZE = 2
_API = re.compile(r"^/_plat/api/v2/page-content/realtime/(china|world|singapore)$")
_LISTING = re.compile(r"^/realtime/(china|world|singapore)/?$")
_ARTICLE = re.compile(r"^/(?:[a-z-]+/){1,4}story\d{8}-(\d{1,12})$")


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path or article."""
    if asked.host == "www.zaobao.com.sg" and (found := _API.match(asked.path)):
        return _api(asked, scene, found[1])
    if asked.host == "www.zaobao.com" and (found := _LISTING.match(asked.path)):
        body = rendered("zaobao_listing.html", title=SECTIONS[found[1]], pieces=_of(scene, found[1]), zone=SINGAPORE)
        return Reply(body=body, tagged=True)
    found = _ARTICLE.match(asked.path)
    piece = scene.find("zaobao", int(found[1])) if found else None
    return _article(asked, scene, piece) if piece is not None else None


def _of(scene: Scene, section: str) -> list[Piece]:
    return [piece for piece in scene.listed("zaobao") if piece.section == SECTIONS[section]]


def _api(asked: Asked, scene: Scene, section: str) -> Reply:
    """Pages count from 0. One section tells its articles flat, the others in blocks, as the real API does."""
    page = int(asked.query["page"]) if asked.query.get("page", "").isdigit() else 0
    articles = [_listed(piece) for piece in numbered(_of(scene, section), page + 1, PAGE_SIZE)]
    blocks = {"pageContentList": [{"key": "ads", "articles": None}, {"key": f"news_{section}", "articles": articles}]}
    body = json.dumps({"response": {"articles": articles} if section == "china" else blocks}, ensure_ascii=False)
    return Reply(body=body.encode(), content_type="application/json; charset=utf-8")


def _listed(piece: Piece) -> dict[str, object]:
    path = piece.urls[0].partition("/news/")[2]
    return {"title": piece.title, "href": f"/news/{path}?ref=realtime-card", "timestamp": int(piece.published_at.timestamp())}


def _article(asked: Asked, scene: Scene, piece: Piece) -> Reply:
    values = {
        "piece": piece,
        "local": piece.published_at.astimezone(SINGAPORE),
        "others": scene.others(piece, 3),
        "path": asked.path,
        "state": {"loaderData": {"0": None, "0-0": {"context": {"payload": {"article": _state(piece)}}}}, "errors": None},
    }
    return Reply(body=rendered(f"zaobao_article_{'sg' if asked.host.endswith('.sg') else 'global'}.html", **values))


def _state(piece: Piece) -> dict[str, object]:
    """The article as Singapore's script holds it: its body is HTML in a string."""
    ad = '<div class="bff-google-ad"><span>广告</span></div>'
    more = '<div class="bff-recommend-article"><p>延伸阅读</p><a href="/news/singapore">更多本地新闻</a></div>'
    figures = "".join(
        f'<figure class="bff-inline-image"><img src="x.jpg"><figcaption>{escape(text)}</figcaption></figure>' for text in piece.captions[1:]
    )
    first, *rest = [f"<p>{escape(paragraph)}</p>" for paragraph in piece.paragraphs]
    return {
        "headline": piece.title,
        "create_time": int(piece.published_at.timestamp()),
        "body_cn": "\n".join([first, ad, figures, *rest[:1], more, *rest[1:]]),
        "tags": [{"name": piece.section}],
        "images": [{"url": f"https://static.zaobao.com/{piece.number}.jpg", "caption": text} for text in piece.captions[:1]],
    }
