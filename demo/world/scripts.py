"""Simplified text as a portal in Traditional Chinese would print it."""

from dataclasses import replace
from functools import lru_cache

from opencc import OpenCC

from demo.world.piece import Piece


@lru_cache(maxsize=4)
def _converter(name: str) -> OpenCC:
    return OpenCC(name)


def hant(text: str, variant: str = "s2hk") -> str:
    """`text` in Traditional characters; `variant` is OpenCC's name of the conversion."""
    return str(_converter(variant).convert(text))


def piece_in_hant(piece: Piece, variant: str = "s2hk") -> Piece:
    """The piece with everything that a reader sees in Traditional characters."""
    text = hant("\x1f".join((piece.title, piece.author, *piece.captions, "\x1e", *piece.paragraphs)), variant)
    head, _, body = text.partition("\x1f\x1e\x1f")
    title, author, *captions = head.split("\x1f")
    return replace(piece, title=title, author=author, captions=tuple(captions), paragraphs=tuple(body.split("\x1f")))
