"""What readers left under an article: comments with their votes, and counters such as flowers and eggs. By sheet only."""

import re
from collections.abc import Iterator

from lxml import html

from pipelines.extract import css
from pipelines.extract.dates import Clock
from pipelines.extract.lines import lines, tidy
from pipelines.extract.rules import Comments, Rules, Value
from pipelines.models import Comment

MOST = 1000
"""Comments that are read of one page."""
LONGEST = 10_000
"""Characters that are read of one comment."""
_NUMBER = re.compile(r"(?<!\d)-?\d{1,9}(?!\d)")
"""A number with more digits counts nothing, and no column holds it."""


def comments_of(tree: html.HtmlElement, rules: Rules, clock: Clock) -> tuple[Comment, ...]:
    """The comments that the page shows, in its order, MOST at most. One without text (deleted), author and floor is none."""
    rule = rules.comments
    if rule is None:
        return ()
    found = (_comment(item, rule, clock) for item in css.select(tree, rule.item)[:MOST])
    return tuple(comment for comment in found if comment.text or comment.author or comment.floor is not None)


def comment_count_of(tree: html.HtmlElement, rules: Rules) -> int | None:
    """How many comments the page says there are."""
    return _number(css.value(tree, rules.comment_count))


def reactions_of(tree: html.HtmlElement, rules: Rules) -> dict[str, int]:
    """Counters by the name that the page gives them."""
    counted: dict[str, int] = {}
    for rule in rules.reactions:
        for element in css.select(tree, rule.css):
            for found in re.finditer(rule.pattern, tidy(css.text_of(element))):
                if (count := _number(found["count"])) is not None:
                    counted.setdefault(found["name"].strip(), count)
    return counted


def _comment(item: html.HtmlElement, rule: Comments, clock: Clock) -> Comment:
    stamp = clock.read(_value(item, rule.at), "comment")
    return Comment(
        author=_value(item, rule.author) or "",
        text="\n".join(_text(item, rule))[:LONGEST].rstrip(),
        badges=tuple(_badges(item, rule)),
        at=stamp.at if stamp else None,
        up=_votes(item, rule.up),
        down=_votes(item, rule.down),
        floor=_number(_value(item, rule.floor)),
        quotes=_number(_value(item, rule.quotes)),
        key=_value(item, rule.key),
    )


def _text(item: html.HtmlElement, rule: Comments) -> Iterator[str]:
    dropped = [element for selector in rule.drop for element in css.select(item, selector)]
    for body in css.select(item, rule.text)[:1]:
        for line in lines(body, dropped):
            if not any(re.search(pattern, line.text) for pattern in rule.drop_lines):
                yield line.text


def _badges(item: html.HtmlElement, rule: Comments) -> Iterator[str]:
    for element in css.select(item, rule.badges) if rule.badges else []:
        if text := tidy(css.text_of(element)):
            yield text


def _value(item: html.HtmlElement, rule: Value | None) -> str | None:
    return css.value(item, [rule]) if rule else None


def _votes(item: html.HtmlElement, rule: Value | None) -> int | None:
    """None where the page shows no such counter; a counter that shows a word or nothing stands at 0."""
    told = _value(item, rule)
    return _number(told) or 0 if told or (rule and css.select(item, rule.css)) else None


def _number(text: str | None) -> int | None:
    found = _NUMBER.search(text.replace(",", "")) if text else None
    return int(found[0]) if found else None
