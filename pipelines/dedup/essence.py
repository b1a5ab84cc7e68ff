"""A text without what moves by itself: counters, times ago, update stamps, editors' lines, advertising, links to other articles.

Only for weighing a change. What a page shows stays as it is; most of this never enters a text, see extract/sift.py.
"""

import re
from collections.abc import Iterable

from pipelines.extract import phrases
from pipelines.text import fold, letters

LINK = 60
"""Letters of the longest headline; what is longer is prose whatever it ends with."""
STAMP = 80
"""Letters of the longest stamp or counter: what is longer says something, and is not searched by a pattern that takes quadratic time."""
TITLE = 300
"""Letters of a title that are compared without marks and portal names."""

_CLOCK = r"\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]m)?|\d{1,2}[时点]\d{1,2}分?"
_DATE = r"(?:(?:19|20)\d\d\s*[-年/.]\s*)?\d{1,2}\s*[-月/.]\s*\d{1,2}\s*日?|[a-z]{3,9}\.? \d{1,2},? (?:19|20)\d\d"
_AGO = (
    r"(?:约|大约|about )?\s*(?:\d+|半|一|两|几|an?|one)\s*个?半?\s*"
    r"(?:秒|分|小时|钟头|天|日|周|星期|礼拜|月|年|(?:second|min(?:ute)?|hour|hr|day|week|month|year)s?)钟?\s*(?:之?前|以前|ago)"
    r"|刚刚|刚才|昨天|今天|前天|just now|yesterday"
)
_STAMP = (
    r"(?:(?:本文|文章|最后|最近|最新|首次|last|first)?\s*"
    r"(?:更新|发布|发表|发佈|修改|修订|编辑|刊出|刊登|出版|上稿|上架|发稿|updated?|published|posted|modified)"
    r"|时间|日期)?(?:时间|日期|于|在| on| at)?\s*:?\s*"
)
_WHEN = rf"{_STAMP}(?:(?:{_AGO}|{_DATE}|{_CLOCK})\s*,?\s*)+(?:更新|发布|发表)?|{_STAMP}"
_COUNTED = (
    r"(?:总|累计|文章)?(?:阅读|阅览|浏览|点击|点阅|观看|播放|人气|热度|评论|留言|跟帖|回复|回应|讨论|分享|转发|转载|点赞|按赞|赞|收藏|推荐"
    r"|鲜花|鸡蛋|参与|(?:view|read|comment|share|like|hit)s?)"
)
_NUMBER = r"\d[\d,.]*\s*[万亿kmw]?\+?"
_COUNTER = (
    rf"{_COUNTED}(?:数|次数|量|人数|人次)?\s*[:(]?\s*{_NUMBER}\s*(?:次|人|人次|条|则|个|篇|楼)?\)?"
    rf"|(?:已有|共有|共)?\s*{_NUMBER}\s*(?:次|人次?|条|则|个|篇)?\s*{_COUNTED}(?:数|过)?"
)
_AD = r"广告|推广|赞助|赞助内容|合作推广|advertisement|sponsored|promoted|ad"
_UPDATED = (
    r"(?:不断|持续|滚动|即时|最新)?更新(?:中|版|\d+)?|最新|快讯|独家|影音?|有片|多?图|组图|附图|视频|视讯|影片|直播"
    r"|live|update[ds]?|breaking|video|photos?"
)

_FURNITURE = re.compile(rf"[\[(【<〈「]?\s*(?:{_WHEN}|{_COUNTER}|{_AD}|记者.{{0,12}}更新|\W*)\s*[\])】>〉」]?\W*")
_PARTS = re.compile(r"[|｜丨•·\t　]|\s{2,}|\s+[-–—/]\s+")
_EDITORIAL = (phrases.EDITOR, phrases.CREDIT, phrases.STAMP, phrases.LABEL, phrases.POINTER, phrases.RIGHTS, phrases.CREDITED)
_PROSE = re.compile(r"[。！？!?；;：:]|[.!?][\s\"”’)]|\.$")
_TAG = re.compile(rf"[\[(【<〈]\s*(?:{_UPDATED})\s*[\])】>〉]\s*[:/|]?|^(?:{_UPDATED})\s*[:/|丨]|[:/|丨](?:{_UPDATED})$")
_SUFFIX = re.compile(r"\s*[|_丨]\s*[^|_丨]{1,24}$|\s+[-–—]\s*[^-–—]{1,24}$|(?<=\S)\s*[-–—]\s*[^-–—]{0,12}(?:网|报|社|新闻|台|news)$")


def essence(text: str) -> tuple[str, str]:
    """(its prose, the headlines below it), both without what moves by itself; the headlines in an order of their own."""
    lines = list(_kept(text.splitlines()))
    links: list[str] = []
    while lines and _is_link(lines[-1]):
        links.append(lines.pop())
    if _size(lines) < _size(links):
        return "\n".join((*lines, *reversed(links))), ""
    return "\n".join(lines), "\n".join(sorted(links, key=_letters))


def same_headline(one: str, other: str) -> bool:
    """Whether two titles say the same but for punctuation, a mark such as 【更新】, and a portal's name behind one of them."""
    (first, *firsts), (second, *seconds) = _headlines(one), _headlines(other)
    return first == second or first in seconds or second in firsts


def _headlines(title: str) -> list[str]:
    """The letters of the title without marks, then of its beginnings before each possible portal's name."""
    if len(title) > TITLE:
        return [_letters(title)]
    bare = _TAG.sub("", _TAG.sub("", fold(title).text)).strip()
    found = [bare]
    while (shorter := _SUFFIX.sub("", found[-1])) not in ("", found[-1]):
        found.append(shorter)
    return [_letters(each) for each in found]


def _kept(lines: Iterable[str]) -> Iterable[str]:
    below = False
    for line in map(str.strip, lines):
        below = bool(phrases.ENDING.match(line)) or (below and _is_link(line))
        if line and not below and not any(pattern.search(line) for pattern in _EDITORIAL):
            parts = [part for part in _PARTS.split(line) if not _is_furniture(part)]
            yield from ["·".join(parts)] if parts else []


def _is_furniture(part: str) -> bool:
    return len(part) <= STAMP and bool(_FURNITURE.fullmatch(fold(part).text.strip()))


def _is_link(line: str) -> bool:
    return len(line) <= LINK and not _PROSE.search(line)


def _letters(text: str) -> str:
    return letters(fold(text))


def _size(lines: Iterable[str]) -> int:
    return sum(map(len, lines))
