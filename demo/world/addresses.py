"""Under which addresses a portal serves a piece."""

from collections.abc import Callable
from urllib.parse import quote

from demo.world.piece import Piece

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BBC_STEP, _BBC_SPACE = 1_299_709_000_019, 36**11  # a step coprime to the space scatters neighbours over it
_BBC_BACK = pow(_BBC_STEP, -1, _BBC_SPACE)


def addresses(piece: Piece, script: str = "simp") -> tuple[str, ...]:
    """Every URL of the piece, the canonical one first; `script` picks one of the BBC's two."""
    return piece.urls or _FORMS[piece.portal](piece, script)


def bbc_id(number: int) -> str:
    """A BBC article id: `c` and eleven letters or digits, one for each number."""
    rest, digits = number * _BBC_STEP % _BBC_SPACE, ""
    for _ in range(11):
        rest, digit = divmod(rest, 36)
        digits += _DIGITS[digit]
    return f"c{digits[::-1]}"


def bbc_number(identity: str) -> int:
    """The number whose `bbc_id` is `identity`."""
    return int(identity[1:], 36) * _BBC_BACK % _BBC_SPACE


def dw_slug(piece: Piece) -> str:
    """The percent-encoded words before DW's article number."""
    return quote(piece.slug or piece.title.split(" ")[0])


def _park6(piece: Piece, _script: str) -> tuple[str, ...]:
    base = "https://www.6parknews.com/newspark"
    local = f"https://local.6parknews.com/index.php?app=news&act=view&nid={piece.number}"
    forms = (
        f"{base}/view.php?app=news&act=view&nid={piece.number}",
        f"{base}/index.php?act=view&nid={piece.number}",
        f"{base}/index.php?app=news&act=view&nid={piece.number}",
    )
    return (local, *forms) if piece.local else (*forms, local)


_FORMS: dict[str, Callable[[Piece, str], tuple[str, ...]]] = {
    "storm_mg": lambda piece, _script: (f"https://www.storm.mg/article/{piece.number}",),
    "park6": _park6,
    "dw_zh": lambda piece, _script: (f"https://www.dw.com/zh/{dw_slug(piece)}/a-{piece.number}",),
    "bbc_zh": lambda piece, script: (f"https://www.bbc.com/zhongwen/articles/{bbc_id(piece.number)}/{script}",),
}
