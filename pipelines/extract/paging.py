"""Where an article goes on: the address of its next page, and of the pages of its comments."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, urljoin, urlsplit

from lxml import html

from pipelines.extract import css
from pipelines.extract.rules import Paged, Value
from pipelines.models import Page
from pipelines.template import names_of

if TYPE_CHECKING:
    from pipelines.sheet import Sheet

LONGEST = 2000  # characters; what is longer is no address of a page
_NEXT = re.compile(
    r"^[\W_]*(?:下一?[页頁]|[后後]一[页頁]|余下全文|餘下全文|[继繼][续續][阅閱][读讀]|次へ|次の?ページ|next(?:\s+page)?)[\W_]*$",
    re.IGNORECASE,
)
_NUMBERS = frozenset(["p", "page", "pg", "pn", "pageno", "page_no", "pageindex", "pagenum", "curpage", "currentpage"])
"""Names that a page's number has in a query."""
_TRACKING = re.compile(r"^(?:utm_\w+|from|ref|src|source|spm|fbclid|gclid)$", re.IGNORECASE)
_EXTENSION = re.compile(r"(?:\.(?:[sx]?html?|php|aspx?|jsp))?$", re.IGNORECASE)
_SEPARATORS = "(?:[_-]|/|/page/|[_/-]p)"


def next_page(tree: html.HtmlElement, page: Page, sheet: "Sheet | None") -> str | None:
    """The address of the page that follows `page` in its article: by the sheet's rule, or where it has none by `is_page`."""
    rule, number = sheet.extract.pages if sheet else None, page.number + 1
    if sheet is None or rule is None:
        first = page.part_of or page.url
        return next((url for url in _pointers(tree, page.url, number) if is_page(first, url, number)), None)
    if rule.count is not None and number > _count(tree, rule.count):
        return None
    return _ruled(tree, page, rule, sheet.groups(page.part_of or page.url), number)


def thread_page(tree: html.HtmlElement, page: Page, sheet: "Sheet | None", number: int) -> str | None:
    """The address of page `number` of the article's comments; None where the sheet knows no such pages."""
    rule = sheet.extract.comments.pages if sheet and sheet.extract.comments else None
    return _ruled(tree, page, rule, sheet.groups(page.part_of or page.url), number) if sheet and rule else None


def is_page(first: str, url: str, number: int) -> bool:
    """Whether `url` is page `number` of the article at `first` by its form alone: the same address, with that number added.

    /a/12.html and /a/12_2.html are one article, /a/12.html and /a/13.html are two.
    """
    try:
        one, other = urlsplit(first), urlsplit(url)
    except ValueError:
        return False
    return one.netloc.lower() == other.netloc.lower() and (_by_path(one, other, number) or _by_query(one, other, number))


def first_page(url: str) -> str:
    """The address without a page's number at its end, `url` itself where it has none: /a/12_2.html gives /a/12.html."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(pair for pair in parts.query.split("&") if not _is_number(pair))
    stem, extension = _split(parts.path)
    path = re.sub(rf"{_SEPARATORS}\d{{1,2}}$", "", stem) + extension
    if query != parts.query:
        return parts._replace(query=query).geturl()
    return parts._replace(path=path).geturl() if len(path) < len(parts.path.rstrip("/")) else url


def _is_number(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return name.lower() in _NUMBERS and value.isdigit() and len(value) <= 2


def _by_path(one: SplitResult, other: SplitResult, number: int) -> bool:
    stem, extension = _split(one.path)
    form = rf"{re.escape(stem)}{_SEPARATORS}{number}{re.escape(extension)}/?"
    return bool(stem) and re.fullmatch(form, other.path) is not None and _asked(one) == _asked(other)


def _by_query(one: SplitResult, other: SplitResult, number: int) -> bool:
    own, its = _asked(one), _asked(other)
    name = next((name for name in its if name.lower() in _NUMBERS and its[name] == str(number)), None)
    if name is None or one.path != other.path or own.get(name, "1") != "1":
        return False
    return {**own, name: ""} == {**its, name: ""}


def _split(path: str) -> tuple[str, str]:
    extension = _EXTENSION.search(path)
    at = extension.start() if extension else len(path)
    return path[:at].rstrip("/"), path[at:]


def _asked(parts: SplitResult) -> Mapping[str, str]:
    return {name: value for name, value in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(name)}


def _pointers(tree: html.HtmlElement, base: str, number: int) -> Iterator[str]:
    """Addresses that the page calls its next one: rel=next, then by their words, then by the number alone."""
    links = [element for element in tree.iter("a", "link") if element.get("href")]
    yield from _addresses(tree, base, (element for element in links if "next" in element.get("rel", "").lower().split()))
    words = [(element, text.strip()) for element in links if element.tag == "a" and len(text := css.text_of(element)) <= _LONGEST_WORDS]
    yield from _addresses(tree, base, (element for element, text in words if _NEXT.match(text)))
    digits = str(number)
    yield from _addresses(tree, base, (element for element, text in words if text == digits))


_LONGEST_WORDS = 60
"""Characters of a link, white space and all, that may call itself the next page."""


def _ruled(tree: html.HtmlElement, page: Page, rule: Paged, groups: Mapping[str, str] | None, number: int) -> str | None:
    """By the sheet's rule: where its link leads, or its template filled with the groups of the article's address."""
    if rule.link:
        found = _addresses(tree, page.url, css.select(tree, rule.link))
        return next((url for url in found if url not in (page.url, page.part_of)), None)
    if rule.url is None or groups is None or not names_of(rule.url) <= {*groups, "n"}:
        return None
    return _joined(page.part_of or page.url, rule.url.format(**groups, n=number))


def _addresses(tree: html.HtmlElement, base: str, elements: Iterable[html.HtmlElement]) -> Iterator[str]:
    """The elements' absolute addresses, without fragments."""
    stated: str | None = None
    for element in elements:
        stated = stated or _joined(base, str(tree.xpath("string(//base/@href)"))) or base
        url = _joined(stated, (element.get("href") or "").strip().partition("#")[0])
        if url and url.startswith(("http://", "https://")) and len(url) <= LONGEST:
            yield url


def _joined(base: str, href: str) -> str | None:
    try:
        return urljoin(base, href) if href else None
    except ValueError:
        return None


def _count(tree: html.HtmlElement, rule: Value) -> int:
    found = re.search(r"\d{1,9}", css.value(tree, [rule]) or "")
    return int(found[0]) if found else 1
