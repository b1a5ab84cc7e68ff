"""How much a change of an article weighs: whether its readers must hear of it, and why.

A change is material where it says something else: another headline, another figure or name, a word of denial more or less, a
statement added or cut, or so much rewording that nobody can tell at a glance. The thresholds are those of the table in
tests/dedup/test_weight.py, whose cases are of the kinds that portals make: STATEMENT is the shortest news that was added alone
(警方已逮捕嫌犯), REWORDED lies between polishing (five synonyms, 20 letters) and a rewritten sentence (30 letters and more).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from pipelines.dedup.difference import Change, Difference, difference
from pipelines.dedup.essence import essence, same_headline
from pipelines.text import fold, letters
from pipelines.watch.territories import territories

STATEMENT = 6
"""Letters; a sentence so long, added or cut, says something."""
REWORDED = 24
"""Letters, cut and added together, of small changes that are material in their sum."""
LOOKED_AT = 50
"""Changes that are looked at one by one; of so many the letters are enough."""
NEAR = 6
"""Letters beside a change in which the name may stand that it changed a part of."""

_NUMERALS = "〇零一二三四五六七八九十百千万亿两廿卅"
_FIGURE = re.compile(r"\d")
_RUN = re.compile(rf"[{_NUMERALS}]+")
_DENIAL = re.compile(r"[不未没无非否勿莫]|\b(?:not?|never|none|without|cannot|den(?:y|ies|ied)|rejects?|rejected)\b|n't\b")
_NO_DENIAL = re.compile(r"不[过仅但断久同少错止]|无论|非常|未来|没错|是否|能否|不得不|非洲|南非|中非")
_NAME = re.compile(r"[A-Z][a-z]+|[A-Z]{2,}")
_ROLE = (
    "总统|总理|主席|首相|国王|女王|天皇|部长|外长|防长|财长|院长|市长|县长|省长|州长|书记|委员|议员|议长|代表|大使|特使|秘书长|发言人|将军|上将|司令|局长"
    "|主任|教授|博士|学者|专家|律师|法官|记者|编辑|导演|演员|歌手|球员|教练|董事长|总裁|执行长|创办人|先生|女士|小姐|被告|嫌犯|嫌疑人|男子|女子|死者"
)
_AFTER_ROLE, _BEFORE_ROLE = re.compile(rf"(?:{_ROLE}|·).{{0,2}}$"), re.compile(rf"^.{{0,2}}(?:{_ROLE}|·)")
_SAYING = "表示|指出|说明|说|称|强调|宣布|认为|透露|回应|批评|警告|坦言|直言|提到|谈到"
_SAYS = re.compile(rf"^.{{0,1}}(?:{_SAYING})")
_NO_NAME = re.compile(
    rf"(?:{_SAYING}|昨天|今天|昨日|今日|昨晚|今晚|日前|随后|稍早|当天|当晚|上午|下午|则|也|还|并|却|已经?|将|曾|就|都|又|再|的|地|得|在|于|是)+"
)
_OPENING, _CLOSING = " \t\n　【「『“‘（(《〈[", "。！？!?；;…」』”’.》)）】"


class Weight(StrEnum):
    """What a change is worth: nothing, being kept, being told."""

    NOISE = "noise"
    SMALL = "small"
    MATERIAL = "material"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """The weight, and a sentence on why."""

    weight: Weight
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a revision says."""

    title: str
    text: str


def weigh(before: State, after: State) -> Weighed:
    """The weight of the change from one state of an article to another; counters, stamps, advertising and script are none."""
    (old, old_links), (new, new_links) = essence(before.text), essence(after.text)
    found = difference(old, new)
    why = _headline(before, after) or is_material(found, old, new)
    if why:
        return Weighed(weight=Weight.MATERIAL, why=why)
    if found.changes:
        return Weighed(weight=Weight.SMALL, why=f"{found.cut + found.added} letters reworded or moved")
    if difference(old_links, new_links).changes:
        return Weighed(weight=Weight.SMALL, why="only headlines below the text changed")
    return Weighed(weight=Weight.NOISE, why="nothing but what moves by itself, script or punctuation changed")


def is_material(found: Difference, old: str, new: str) -> str | None:
    """Why the difference between these texts is material; None where it is not. Sentences that only moved are no news."""
    changes = _unmoved(found)
    for change in changes[:LOOKED_AT]:
        for rule in (_statement, _figure, _name, _denial):
            if why := rule(change, old, new):
                return why
    size = sum(len(_plain(change.cut)) + len(_plain(change.added)) for change in changes)
    return f"{size} letters reworded" if size >= REWORDED else None


def _headline(before: State, after: State) -> str | None:
    return None if same_headline(before.title, after.title) else "the headline changed"


def _unmoved(found: Difference) -> list[Change]:
    """The changes but for what was cut in one place and added in another."""
    cut = Counter(_plain(change.cut) for change in found.changes if change.kind == "cut")
    added = Counter(_plain(change.added) for change in found.changes if change.kind == "added")
    moved = set(cut & added)
    return [change for change in found.changes if change.kind == "changed" or _plain(change.cut or change.added) not in moved]


def _statement(change: Change, old: str, new: str) -> str | None:
    if change.kind == "changed":
        return None
    text, (start, end) = (new, change.at) if change.added else (old, change.was)
    size = len(_plain(text[start:end]))
    is_whole = _ends(text, start) and (_ends(text, end) or end == len(text))
    return f"a statement was {change.kind} ({size} letters)" if is_whole and size >= STATEMENT else None


def _ends(text: str, at: int) -> bool:
    start = max(at - 2 * NEAR, 0)
    head = text[start:at].rstrip(_OPENING)
    return (not head and not start) or head[-1:] in _CLOSING or "\n" in text[start + len(head) : at]


def _figure(change: Change, old: str, new: str) -> str | None:
    if _FIGURE.search(fold(change.cut).text) or _FIGURE.search(fold(change.added).text):
        return _became("figure", change.cut, change.added)
    was, now = _numeral(old, change.was), _numeral(new, change.at)
    return _became("figure", was, now) if was and now and was != now else None


def _numeral(text: str, span: tuple[int, int]) -> str:
    """The Chinese numeral that the span is a part of; nothing where it is more than that."""
    low, high = span
    if not all(char in _NUMERALS for char in fold(text[low:high]).text):
        return ""
    left, right = fold(text[max(low - NEAR, 0) : low]).text, fold(text[high : high + NEAR]).text
    before, after = re.search(rf"[{_NUMERALS}]*$", left), _RUN.match(right)
    return (before[0] if before else "") + fold(text[low:high]).text + (after[0] if after else "")


def _name(change: Change, old: str, new: str) -> str | None:
    sides = ((old, change.was), (new, change.at))
    if any(_capitals(text, span) for text, span in sides):
        return _became("name", change.cut, change.added)
    was, now = (frozenset(_places(text, span)) for text, span in sides)
    if was != now:
        return _became("place", "、".join(sorted(was - now)), "、".join(sorted(now - was)))
    is_person = change.kind == "changed" and all(_is_person(text, span) for text, span in sides)
    return _became("name", change.cut, change.added) if is_person else None


def _capitals(text: str, span: tuple[int, int]) -> bool:
    """Whether a Latin name stands in the span; a capital that a sentence begins with tells nothing."""
    return any(
        len(found[0]) > 1 and (found[0].isupper() or not _ends(text, span[0] + found.start()))
        for found in _NAME.finditer(text[slice(*span)])
    )


def _places(text: str, span: tuple[int, int]) -> Iterator[str]:
    window = fold(text[max(span[0] - NEAR, 0) : span[1] + NEAR]).text
    low, high = min(span[0], NEAR), len(window) - min(len(text) - span[1], NEAR)
    return (found[0] for found in _territory().finditer(window) if found.end() >= low and found.start() <= high)


@cache
def _territory() -> re.Pattern[str]:
    names = {fold(name).text for names in territories().values() for name in names if not name.isascii()}
    return re.compile("|".join(sorted((re.escape(name) for name in names if len(name) > 1), key=len, reverse=True)))


def _is_person(text: str, span: tuple[int, int]) -> bool:
    """Whether the span stands where a name does: beside an office, or before a word of saying. Longer spans are rewording."""
    low, high = span
    if high - low > NEAR or _NO_NAME.fullmatch(fold(text[low:high]).text):
        return False
    left, right = fold(text[max(low - NEAR, 0) : low]).text, fold(text[high : high + NEAR]).text
    return bool(_AFTER_ROLE.search(left) or _BEFORE_ROLE.match(right) or _SAYS.match(right))


def _denial(change: Change, _old: str, _new: str) -> str | None:
    was, now = (len(_DENIAL.findall(_NO_DENIAL.sub("", fold(side).text))) for side in (change.cut, change.added))
    return _became("denial", change.cut, change.added) if was != now else None


def _became(what: str, was: str, now: str) -> str:
    return f"a {what} changed: {was.strip()[:40] or 'nothing'} became {now.strip()[:40] or 'nothing'}"


def _plain(text: str) -> str:
    return letters(fold(text))
