"""park6 (留园网) as its public markup is documented: listing and ranking pages, three layouts, gb18030 under a gb2312 label, comments."""

from zoneinfo import ZoneInfo

from demo.portals.reply import HTML, Asked, Reply, number, numbered, rendered
from demo.world.piece import Piece
from demo.world.scene import Scene
from demo.world.thread import thread

TOUTIAO = "www.toutiaoabc.com"
HOSTS = ("www.6parknews.com", "local.6parknews.com", TOUTIAO)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TYPES = {"1": "时政", "2": "财经", "8": "历史"}
RANKINGS = ("hotreply", "hotview", "gold", "longview")
PAGE_SIZE = 50
RANKED = 30
COMMENTS_PAGE_SIZE = 20
_PATHS = {
    "www.6parknews.com": ("/newspark/", "/newspark/index.php", "/newspark/view.php"),
    "local.6parknews.com": ("/", "/index.php"),
    TOUTIAO: ("/index.php", "/newspark/view.php", "/newspark/index.php"),
}
_LINKS = (
    "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid={}",
    "view.php?app=news&act=view&nid={}",
    "index.php?app=news&act=view&nid={}",
)


def answer(asked: Asked, scene: Scene) -> Reply | None:
    """The portal's answer, None where it has no such path, action or article."""
    if asked.path not in _PATHS[asked.host]:
        return None
    act = asked.query.get("act", "")
    if act in ("view", "newsreply"):
        piece = scene.find("park6", number(asked.query.get("nid", "")) or 0)
        shown = _article if act == "view" else _comments
        return shown(asked, scene, piece) if piece is not None else None
    if act in RANKINGS:
        return _ranking(scene)
    return _listing(asked, scene) if act == "" else None


def _listing(asked: Asked, scene: Scene) -> Reply:
    on_local = asked.host == "local.6parknews.com"
    section = TYPES.get(asked.query.get("type", ""))
    pieces = [piece for piece in scene.listed("park6") if piece.local == on_local and section in (None, piece.section)]
    values = {
        "pinned": next((piece for piece in scene.listed("park6") if piece.comment_count and not piece.local), None),
        "items": [_item(piece, on_local) for piece in numbered(pieces, asked.page, PAGE_SIZE)],
        "zone": SHANGHAI,
        "page": asked.page,
        "pages": max(1, -(-len(pieces) // PAGE_SIZE)),
        "scope": "type_id=11&" if on_local else "",
    }
    return Reply(body=rendered("park6_listing.html", **values), content_type=HTML, tagged=True)


def _ranking(scene: Scene) -> Reply:
    """The most commented articles; the demo's rankings do not differ otherwise."""
    commented = [piece for piece in scene.listed("park6") if piece.comment_count and not piece.local]
    ranked = sorted(commented, key=lambda piece: -piece.comment_count)[:RANKED]
    body = rendered("park6_ranking.html", items=[_item(piece, on_local=False) for piece in ranked], zone=SHANGHAI)
    return Reply(body=body, content_type=HTML, tagged=True)


def _item(piece: Piece, on_local: bool) -> dict[str, object]:
    link = _LINKS[2] if on_local else _LINKS[piece.number % len(_LINKS)]
    size = len("".join(piece.paragraphs).encode("gb18030"))
    return {"piece": piece, "href": link.format(piece.number), "bytes": size, "reads": piece.number % 997 * 3 + 11}


def _article(asked: Asked, scene: Scene, piece: Piece) -> Reply:
    local = piece.published_at.astimezone(SHANGHAI)
    floors = {(said.author, said.text, said.at): said.floor for said in thread(piece)}
    hot = [(said, floors[said.author, said.text, said.at]) for said in piece.comments]
    values = {"piece": piece, "hot": hot, "printed": f"{local:%Y-%m-%d} {local.hour}:{local:%M:%S}", "zone": SHANGHAI, "phase": scene.phase}
    return _encoded(piece, rendered(_layout(asked), **values))


def _layout(asked: Asked) -> str:
    """The mirror has a layout of its own; the local host's of 2025 is shown to whoever asks for the page that is not mobile."""
    if asked.host == TOUTIAO:
        return "park6_article_toutiao.html"
    is_new = asked.host == "local.6parknews.com" and "nomobile" in asked.query
    return "park6_article_local.html" if is_new else "park6_article.html"


def _comments(asked: Asked, scene: Scene, piece: Piece) -> Reply:
    said = thread(piece)
    pages = max(1, -(-len(said) // COMMENTS_PAGE_SIZE))
    shown = said[(asked.page - 1) * COMMENTS_PAGE_SIZE : asked.page * COMMENTS_PAGE_SIZE]
    remarks = "park6_remark_2018.html" if asked.host == TOUTIAO else "park6_remark.html"
    values = {"piece": piece, "said": shown, "page": asked.page, "pages": pages, "zone": SHANGHAI, "remarks": remarks}
    return _encoded(piece, rendered("park6_comments.html", **values))


def _encoded(piece: Piece, page: bytes) -> Reply:
    """The older pages say gb2312 in their head, nothing in the header, and hold characters that only gb18030 has."""
    if piece.encoding == "utf-8":
        return Reply(body=page, content_type=HTML)
    return Reply(body=page.decode().encode("gb18030"), content_type="text/html")
