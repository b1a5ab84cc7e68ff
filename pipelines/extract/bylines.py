"""Who wrote and who published an article, and under which section: sheet, credit lines, JSON-LD, meta, by-lines."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from lxml import html

from pipelines.extract import css
from pipelines.extract.head import Head
from pipelines.extract.lines import Line, tidy
from pipelines.extract.rules import Rules
from pipelines.models import Credit

Nearby = Callable[[], Sequence[Line]]
"""The lines in which credits stand, on demand: a page whose sheet names everybody need not be walked through."""
_SOURCE = re.compile(
    r"(?:^|[\s\d）)】|｜>:：])(?:新闻|新聞|文章|稿件|信息|本文|資料|资料)?(?:来源|來源|出处|出處|稿源|来源于|转自|轉自|媒体)\s*[:：]\s*"
    r"(?P<publisher>[^\s:：|｜]{2,24}?)(?=\s|$|[|｜]|作者|责任|責任|编辑|編輯|记者|記者|时间|時間|发布|發布|字号|字體|举报|舉報|收藏|分享|订阅|訂閱|关注|關注"
    r"|点击|點擊|浏览|瀏覽|评论|評論|于(?=\d))"
)
_AUTHOR = re.compile(
    r"(?:^|[\s）)】|｜])(?:作者|撰文|撰稿|文字?|採訪|采访)\s*[:：／/|｜]\s*(?P<author>[^\s:："
    r"|｜/／，,。（）()]{2,12}(?:[、 ][^\s:：|｜/／，,。（）()]{2,4}){0,3})(?=\s|$|[|｜/／（(])"
)
_REPORTER = re.compile(
    r"^[〔（(【\[]?\s?(?:(?P<agency>[\u4e00-\u9fff]{2,5}社)?\s?(?:即時)?(?:記者|记者|特派員|特派记者|編譯"
    r"|编译)\s?)(?P<author>[\u4e00-\u9fff·]{2,4}(?:[、\s][\u4e00-\u9fff·]{2,4}){0,3}?)\s?(?:[/／]"
    r"|(?:[\u4e00-\u9fff]{2,3})?\d{1,2}日|[〕）)】\]])"
)
_DATELINE = re.compile(
    r"^[（(【〔\[]?\s*(?P<agency>新华社|新華社|中新社|中央社|中新网|法新社|路透社|美联社|美聯社|彭博社|共同社|德新社|塔斯社|韩联社"
    r"|韓聯社)"
    r"(?:记者|記者|[\u4e00-\u9fff、，,\s]{0,14}\d{1,2}[月日])"
)
_OUTLET = re.compile(
    r"(?:之聲|之声|通訊社|通讯社|電台|电台|電視台|电视台|日報|日报|時報|时报|晚報|晚报|新聞網|新闻网|中文網|中文网|週刊|周刊|雜誌"
    r"|杂志)$|^BBC|^(?:DW|VOA|RFI|RFA|CNN)\b|^[\u4e00-\u9fff]{2,4}社$"
)
_SEPARATORS = re.compile(r"[/／、,，;；]")
_NOT_A_NAME = re.compile(
    r"^(?:https?:|www\.|@)|@\S+\.|\d{5,}|^(?:admin|editor|未知|佚名|网络|網路|本站|本网|原创|原創|综合|綜合|n/?a|null|undefined)$",
    re.IGNORECASE,
)
_SHORT = 120
"""A credit stands in a line no longer than this."""
_NEAR = 30
"""Lines around the head of a page in which its credits stand."""


def author_of(tree: html.HtmlElement, head: Head, rules: Rules, around: Nearby) -> str | None:
    """The writer, several joined by 、; a name only, never an address."""
    told = _said_author(tree, head, rules) or _meta_author(head)
    return told or (None if _names_authors(rules) else _by_line(around()))


def _names_authors(rules: Rules) -> bool:
    """Whether the sheet says where a writer stands: then one that is not there is nowhere."""
    return bool(rules.author) or any("author" in re.compile(line.pattern).groupindex for line in rules.source_lines)


def _said_author(tree: html.HtmlElement, head: Head, rules: Rules) -> str | None:
    """The writer by the sheet's rules, else by JSON-LD."""
    if named := _name(css.value(tree, rules.author) or _from_line(tree, rules, "author")):
        return named
    linked = [name for name in (*head.all_said("author", "name"), *head.all_said("author")) if _name(name)]
    return "、".join(dict.fromkeys(linked)) or None


def _meta_author(head: Head) -> str | None:
    return _name(head.meta("author", "article:author", "dable:author", "byl", "parsely-author", "cxenseparse:author", "sailthru.author"))


def credits_of(tree: html.HtmlElement, head: Head, rules: Rules, around: Nearby) -> tuple[Credit, ...]:
    """Who first published it, with the evidence for each: the sheet's rules, a credit line, the agency of the by-line, meta, JSON-LD,
    the site itself. The first of these that names somebody decides."""
    claims = chain(_by_sheet(tree, head, rules), _by_lines(around), _by_head(head))
    found = next((claim for claim in claims if claim.names), None)
    return tuple(Credit(publisher=name, where=found.where, raw=found.raw[:_EVIDENCE]) for name in found.names) if found else ()


_EVIDENCE = 300
"""Characters of a credit line that are kept as evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What one place of the page says about who published the article."""

    where: str
    raw: str
    names: tuple[str, ...]


def section_of(tree: html.HtmlElement, head: Head, rules: Rules) -> str | None:
    """The rubric as the page names it."""
    return (
        css.value(tree, rules.section)
        or head.said("articleSection")
        or head.meta("article:section", "og:article:section", "section", "category")
    )


def _by_lines(around: Nearby) -> Iterator[_Claim]:
    for line in around():
        if len(line.text) <= _SHORT and (found := _SOURCE.search(line.text)):
            yield _Claim(where="credit line", raw=line.text, names=split_publishers(found["publisher"]))
    for line in around():
        if found := _DATELINE.match(line.text):
            yield _Claim(where="by-line", raw=found[0], names=split_publishers(found["agency"]))


def _by_head(head: Head) -> Iterator[_Claim]:
    outlets = [(name, writer) for name in ("dable:author", "author") if (writer := head.meta(name)) and _OUTLET.search(writer)]
    said = [(f"meta {name}", head.meta(name)) for name in ("source", "mediaid", "dable:author_source", "article:publisher:name")]
    named = [(f"meta {name}", writer) for name, writer in outlets]
    for where, text in (
        *named,
        *said,
        ("JSON-LD publisher", head.said("publisher", "name")),
        ("meta og:site_name", head.meta("og:site_name")),
    ):
        if text:
            yield _Claim(where=where, raw=text, names=split_publishers(text))


def split_publishers(text: str, separators: re.Pattern[str] = _SEPARATORS) -> tuple[str, ...]:
    """The names in a credit such as 德国之声/BBC中文网, each once."""
    return tuple(dict.fromkeys(name for part in separators.split(text) if (name := _name(part))))


def _by_sheet(tree: html.HtmlElement, head: Head, rules: Rules) -> Iterator[_Claim]:
    for line in rules.source_lines:
        if found := _credited(tree, line.css, line.pattern, "publisher"):
            separators = re.compile(rf"[{re.escape(line.separators)}]")
            yield _Claim(where=f"credit line {line.css}", raw=found.string, names=split_publishers(found["publisher"], separators))
    for rule in rules.publisher:
        for text in css.values(tree, rule):
            yield _Claim(where=f"sheet rule {rule.css}", raw=text, names=split_publishers(text))
    writer = _said_author(tree, head, rules) if rules.publisher_from_author else None
    if writer and rules.publisher_from_author and re.search(rules.publisher_from_author, writer):
        yield _Claim(where="author, by the sheet's publisher_from_author", raw=writer, names=split_publishers(writer))
    if own := rules.own_publisher:
        yield _Claim(where="own_publisher of the sheet", raw=own, names=(own,))


def _from_line(tree: html.HtmlElement, rules: Rules, group: str) -> str | None:
    return next((found[group] for line in rules.source_lines if (found := _credited(tree, line.css, line.pattern, group))), None)


def _credited(tree: html.HtmlElement, selector: str, pattern: str, group: str) -> re.Match[str] | None:
    """The first match of the pattern that has something in its group."""
    compiled = re.compile(pattern)
    if group not in compiled.groupindex:
        return None
    texts = (tidy(css.text_of(element)) for element in css.select(tree, selector))
    return next((found for text in texts if (found := compiled.search(text)) and found[group]), None)


def _by_line(around: Sequence[Line]) -> str | None:
    for line in around:
        found = _REPORTER.match(line.text) or (_AUTHOR.search(line.text) if len(line.text) <= _SHORT else None)
        if found and (name := _name(found["author"])):
            return name
    return None


def _name(text: str | None) -> str | None:
    name = tidy(text or "").strip(" :：|｜/／,，;；").removesuffix("等")
    return name if name and len(name) <= _SHORT and not _NOT_A_NAME.search(name) else None
