"""Articles from word lists, seeded: as many as a benchmark wants, no two of them alike, the same ones every time."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from random import Random
from string import Formatter
from typing import Any

from demo.world.piece import Piece
from demo.world.rights import rights_line
from demo.world.scripts import piece_in_hant
from pipelines.yamlfile import read_yaml

WORDS = Path(__file__).with_name("words.yaml")
TOPIC_EVERY = 8  # one generated piece in eight tells of a watched topic
CAST = {"place": 2, "person": 2, "body": 3, "thing": 3, "cause": 2}  # of whom and what one piece tells
_NUMBERS = {"storm_mg": 5400000, "park6": 710000, "dw_zh": 79200000, "bbc_zh": 400000}
_LAYOUT_B = 11300000  # storm's newer ids have eight digits

_Part = tuple[str, str | None]


def generated(count: int, *, first: int, phase: int, at: datetime) -> list[Piece]:
    """`count` pieces numbered from `first` on, spread evenly over the portals, published within the minutes before `at`."""
    return [_piece(index, phase, at - timedelta(minutes=1 + (first + count - 1 - index) // 4)) for index in range(first, first + count)]


def _piece(index: int, phase: int, at: datetime) -> Piece:
    dice, words = Random(index), _words()
    cast = {name: _different(name, count, dice) for name, count in CAST.items()}
    portal = tuple(_NUMBERS)[index % len(_NUMBERS)]
    house = words["portals"][portal]
    topics = (
        (tuple(words["topics"])[index // TOPIC_EVERY % len(words["topics"])],)
        if index % TOPIC_EVERY == index // TOPIC_EVERY % TOPIC_EVERY
        else ()
    )
    publisher = (dice.choice(house["publisher"]),)
    layout_b = portal == "storm_mg" and index % 3 == 0
    piece = Piece(
        name=f"generated-{index}",
        portal=portal,
        number=(_LAYOUT_B if layout_b else _NUMBERS[portal]) + index,
        phase=phase,
        title=_filled(dice.choice(words["titles"]), cast, dice),
        paragraphs=_paragraphs([words["topics"][topic] for topic in topics], cast, dice),
        publisher=publisher,
        published_at=at,
        updated_at=at,
        section=dice.choice(house["sections"]),
        stories=(f"generated-{index}",),
        topics=topics,
        layout="b" if layout_b else "a",
        encoding="gb18030" if portal == "park6" and index % 8 < 4 else "utf-8",
        author=house["author"],
        editor="阿岚" if portal == "park6" else "",
        rights=rights_line(portal, publisher, at),
        comment_count=dice.randrange(40) if portal == "park6" else 0,
    )
    return piece_in_hant(piece, "s2tw") if portal == "storm_mg" else piece


def _different(slot: str, count: int, dice: Random) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found[_slots()[slot](dice)] = None
    return list(found)


def _paragraphs(told: list[list[_Part]], cast: dict[str, list[str]], dice: Random) -> tuple[str, ...]:
    sentences = [_filled(parts, cast, dice) for parts in (*told, *dice.choices(_words()["sentences"], k=dice.randrange(13, 22)))]
    return tuple("".join(sentences[start : start + 3]) for start in range(0, len(sentences), 3))


def _filled(parts: list[_Part], cast: dict[str, list[str]], dice: Random) -> str:
    """The pattern with words in its slots, none of the cast twice."""
    left = {name: dice.sample(words, len(words)) for name, words in cast.items()}
    slots = _slots()
    return "".join(literal + (_word(slot, left, slots, dice) if slot else "") for literal, slot in parts)


def _word(slot: str, left: dict[str, list[str]], slots: dict[str, Callable[[Random], str]], dice: Random) -> str:
    return left[slot].pop() if left.get(slot) else slots[slot](dice)


@lru_cache(maxsize=1)
def _words() -> dict[str, Any]:
    data: dict[str, Any] = read_yaml(WORDS).data
    parsed = {key: [_parts(pattern) for pattern in data[key]] for key in ("sentences", "titles")}
    return data | parsed | {"topics": {topic: _parts(pattern) for topic, pattern in data["topics"].items()}}


def _parts(pattern: str) -> list[_Part]:
    return [(literal, slot) for literal, slot, _, _ in Formatter().parse(pattern)]


def _one_of(words: list[str], dice: Random) -> str:
    return words[int(dice.random() * len(words))]


@lru_cache(maxsize=1)
def _slots() -> dict[str, Callable[[Random], str]]:
    lists: dict[str, list[str]] = _words()["slots"]
    slots: dict[str, Callable[[Random], str]] = {name: partial(_one_of, words) for name, words in lists.items()}
    slots["place"] = lambda dice: slots["head"](dice) + slots["head"](dice) + slots["tail"](dice)
    slots["person"] = lambda dice: slots["family"](dice) + slots["given"](dice)
    slots["number"] = lambda dice: str(int(dice.random() * 9989) + 11)
    slots["years"] = lambda dice: str(int(dice.random() * 37) + 3)
    slots["percent"] = lambda dice: f"{dice.random() * 89 + 3:.1f}"
    return slots
