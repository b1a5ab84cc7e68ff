"""Stable names of elements: the shortest CSS selectors that will still hold after the site's next release."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

_STABLE = re.compile(r"^[A-Za-z][A-Za-z]*(?:[-_]+[A-Za-z]+)*(?:[-_]?\d)?$")
_HASHED = re.compile(
    r"__[A-Za-z0-9]{5,}$|[-_](?=[A-Za-z0-9]{6,9}$)(?:[a-z0-9]*[A-Z]){2}|(?:^|[-_])(?i:css|sc|jsx|svelte|emotion|styled)[-_]"
)
_PASSING = re.compile(
    r"^(?:active|current|selected|first|last|odd|even|clearfix|clear|fix|fl|fr|fleft|fright|left|right|row|col[\w-]*|grid[\w-]*|container|wrap(?:per)?"
    r"|hidden|show|block|inline\w*|flex\w*|center|bold|small|large|new|hot|lazy\w*|loaded|js|no-js|has-\w+|is-\w+|[a-z]{1,2}|[mp][trblxy]?-?\d*"
    r"|text-\w+|bg-\w+|font-\w+|w-\w+|h-\w+)$",
    re.IGNORECASE,
)
_MEANING = ("data-testid", "data-test-comp", "data-component", "itemprop", "role")
_SPEAKING = frozenset({"article", "main", "section", "time", "li", "h2", "h3", "h4", "tr", "dd", "dt", "aside", "nav"})
LONGEST = 40


def is_stable(name: str) -> bool:
    """Whether an id or class was chosen by a person for what the element is: no hash, no number of an article, no state."""
    return len(name) <= LONGEST and bool(_STABLE.match(name)) and not _HASHED.search(name) and not _PASSING.match(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What a CSS selector could call an element by; `told` are attributes that say what it is for."""

    tag: str
    id: str = ""
    classes: tuple[str, ...] = ()
    told: tuple[tuple[str, str], ...] = ()


def element_of(element: html.HtmlElement) -> Element:
    """The names of an element of a tree."""
    return Element(
        tag=element.tag if isinstance(element.tag, str) else "",
        id=(element.get("id") or "")[:60],
        classes=tuple((element.get("class") or "").split()[:8]),
        told=tuple((name, value) for name in _MEANING if re.fullmatch(r"[A-Za-z][\w-]{2,40}", value := element.get(name) or "")),
    )


def handles(element: Element) -> Iterator[str]:
    """Selectors that find this element, the surest first: by id, by what a machine is told, by class, by a tag that says something."""
    if is_stable(element.id):
        yield f"#{element.id}"
    yield from (f'[{name}="{value}"]' for name, value in element.told)
    for name in filter(is_stable, element.classes):
        yield f"{element.tag}.{name}" if element.tag in _SPEAKING else f".{name}"
    if element.tag in _SPEAKING:
        yield element.tag
