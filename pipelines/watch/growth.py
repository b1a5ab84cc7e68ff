"""How far a name reaches: what two tellings have in different characters (京, 丁) is often only a part of it (普京, 普丁)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from pipelines.text import is_han
from pipelines.watch.alignment import Alphabet

LONGEST = 6  # Han characters of a name
SAME = 0.9  # of a replaced part's places that must go on alike for a name to be longer
# Characters that stand around names and seldom inside: a name is not grown over them.
_OUTSIDE = frozenset(
    "的了在是也等将就都着过个们和与对向由被把及或从到于为令使称示说表指会已要又并而其这那统理长席相员市州县国军府省新前后时年月日"
)

Pair: TypeAlias = tuple[str, str]


class Place(NamedTuple):
    """Where something was replaced: the story, the token in the one text, and the tokens before and behind."""

    story: int
    at: int
    left: str
    right: str


def grown(pair: Pair, places: list[Place], least: int, alphabet: Alphabet) -> Iterator[tuple[Pair, list[Place]]]:
    """The pair with as much around it as nearly always goes with it; one that is too short alone for each of its neighbours."""
    pair, places = _widened(pair, places, least, alphabet)
    if all(len(text_of(part, alphabet)) > 1 for part in pair):
        if len({(place.left[-2:], place.right[:2]) for place in places}) > 1:
            yield pair, places
        return
    seen: set[tuple[int, int]] = set()
    for is_left, code, going in _directions(places):
        if _extends(code, pair, alphabet) and stories(going) >= least and not seen.issuperset(place[:2] for place in going):
            for longer, there in grown(_extended(pair, code, is_left), _moved(going, is_left), least, alphabet):
                seen.update(place[:2] for place in there)
                yield longer, there


def text_of(part: str, alphabet: Alphabet) -> str:
    """The folded text of some tokens."""
    return "".join(alphabet.word(code) for code in part)


def stories(places: Iterable[Place]) -> int:
    """In how many stories the places are."""
    return len({place.story for place in places})


def is_all_han(word: str) -> bool:
    """Whether a token is of Han characters only."""
    return all(map(is_han, word))


def _widened(pair: Pair, places: list[Place], least: int, alphabet: Alphabet) -> tuple[Pair, list[Place]]:
    for is_left in (True, False):
        pair, places = _along(pair, places, is_left, least, alphabet)
    return pair, places


def _along(pair: Pair, places: list[Place], is_left: bool, least: int, alphabet: Alphabet) -> tuple[Pair, list[Place]]:
    """The pair as far as its neighbours stay the same, up to where they vary or a character stands that names seldom have;
    not at all where neither comes: then it is a phrase that the stories share."""
    longer, there = pair, places
    while True:
        code, going = next((code, going) for side, code, going in _directions(there) if side is is_left)
        if len(going) < SAME * len(there) or stories(going) < least or alphabet.word(code) in _OUTSIDE:
            return longer, there
        if not _extends(code, longer, alphabet):
            return pair, places
        longer, there = _extended(longer, code, is_left), _moved(going, is_left)


def _directions(places: list[Place]) -> list[tuple[bool, str, list[Place]]]:
    """The neighbours on both sides, with the places that have them, the most frequent first."""
    found: dict[tuple[bool, str], list[Place]] = defaultdict(list)
    for place in places:
        found[True, place.left[-1:]].append(place)
        found[False, place.right[:1]].append(place)
    return sorted(((*key, going) for key, going in found.items()), key=lambda each: -len(each[2]))


def _extends(code: str, pair: Pair, alphabet: Alphabet) -> bool:
    word = alphabet.word(code)
    is_part = bool(code) and is_all_han(word) and word not in _OUTSIDE
    return is_part and max(len(text_of(part, alphabet)) for part in pair) < LONGEST


def _extended(pair: Pair, code: str, is_left: bool) -> Pair:
    one, other = ((code + part if is_left else part + code) for part in pair)
    return one, other


def _moved(places: list[Place], is_left: bool) -> list[Place]:
    if is_left:
        return [place._replace(left=place.left[:-1]) for place in places]
    return [place._replace(right=place.right[1:]) for place in places]
