"""A piece's whole comment thread: the written remarks, filled up to the promised count with small talk."""

from datetime import timedelta
from random import Random

from demo.world.piece import Piece, Said

_NAMES = ("木瓜", "夜航船", "三两", "paperplane", "竹蜻蜓", "二楼后座", "盐汽水", "northstar", "豆花", "小巷深处")
_LINES = (
    "看完了，细节写得很足。",
    "这个数字前几天好像不一样？",
    "等后续。",
    "原來如此，長知識了。",
    "标题比内容长系列。",
    "同意楼上，换个角度想也说得通。",
    "Interesting read, thanks.",
    "当地人路过，基本属实。",
    "希望不是三分钟热度。",
    "",  # deleted by its author: an empty remark is part of the markup
)
_BADGES = ((), ("[☆品衔R4☆]", "[个人频道]"), ("[★品衔R5★]",))


def thread(piece: Piece) -> tuple[Said, ...]:
    """All remarks, newest first, floors counted from one at the oldest; as many as `comment_count` says."""
    newest = sorted((*piece.comments, *_small_talk(piece)), key=lambda said: said.at, reverse=True)
    count = len(newest)
    return tuple(_floored(said, count - place) for place, said in enumerate(newest))


def _small_talk(piece: Piece) -> list[Said]:
    dice = Random(piece.number)
    return [_remark(piece, dice, place) for place in range(piece.comment_count - len(piece.comments))]


def _remark(piece: Piece, dice: Random, place: int) -> Said:
    return Said(
        author=dice.choice(_NAMES),
        text=dice.choice(_LINES),
        at=(piece.published_at + timedelta(minutes=2 * place + 1)).replace(second=place % 60),
        badges=dice.choice(_BADGES),
        up=dice.randrange(12),
        down=dice.randrange(3),
    )


def _floored(said: Said, floor: int) -> Said:
    quotes = floor - 2 if floor % 5 == 0 else None
    return Said(author=said.author, text=said.text, at=said.at, badges=said.badges, up=said.up, down=said.down, floor=floor, quotes=quotes)
