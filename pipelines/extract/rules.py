"""What a sheet says about reading a portal's article pages: CSS selectors and regular expressions, no code."""

import re
from functools import lru_cache
from typing import Annotated, Self

import jmespath
from cssselect import SelectorError
from lxml.cssselect import CSSSelector
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from pipelines.template import names_of


@lru_cache(maxsize=1024)
def _selector(value: str) -> str:
    if ":contains(" in value:  # lxml frees what a compiled one needs: its second use reads someone else's memory
        raise ValueError(f"`{value}`: :contains() is not safe here; select the element without it and say its words in `pattern`")
    try:
        CSSSelector(value, translator="html")
    except SelectorError as error:
        raise ValueError(f"`{value}` is no CSS selector: {error}") from None
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"`{value}` is not a regular expression: {error}") from None
    return value


def _jmespath(value: str) -> str:
    try:
        jmespath.compile(value)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(f"`{value}` is no JMESPath: {str(error).splitlines()[0]}") from None
    return value


Css = Annotated[str, AfterValidator(_selector)]
JmesPath = Annotated[str, AfterValidator(_jmespath)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]*$")]
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Strict):
    """Where one value stands: the text of the first element that `css` finds, or its attribute `attr`.

    Of `pattern` the first group counts, the whole match where it has none; a text that does not match is no value."""

    css: Css
    attr: str | None = None
    pattern: Pattern | None = None


class SourceLine(_Strict):
    """A line such as 新闻来源: A/B 于2024-06-18 1:44:59. `pattern` names the groups publisher, time or author;
    `separators` are the characters between two publishers."""

    css: Css
    pattern: Pattern
    separators: str = "/／、,，"

    @model_validator(mode="after")
    def _names_known_groups(self) -> "SourceLine":
        groups = set(re.compile(self.pattern).groupindex)
        if not groups or groups - {"publisher", "time", "author"}:
            raise ValueError(f"`{self.pattern}` must name its groups publisher, time or author, for example (?P<time>…)")
        return self


class Paged(_Strict):
    """Either `url`, the address of page {n} out of the groups of the article's own, absolute or relative to it; or `link`, CSS."""

    url: str | None = None
    link: Css | None = None

    @field_validator("url")
    @classmethod
    def _url_counts(cls, value: str | None) -> str | None:
        if value is not None and "n" not in names_of(value):
            raise ValueError(f"`{value}` is no address of a further page: it needs {{n}}, the page's number")
        return value

    @model_validator(mode="after")
    def _one_way_to_go_on(self) -> Self:
        if (self.url is None) == (self.link is None):
            raise ValueError("say either `url`, with {n} in it, or `link`")
        return self


class CommentPages(Paged):
    """Where an article's comments stand on pages of their own. `link` leads to the first, and there to the next.

    Read up to `most` pages, or to the first that says nothing new.
    """

    most: int = Field(default=10, ge=1, le=100)


class ArticlePages(Paged):
    """How an article goes on over several pages: `link` leads to the next one, or `url` to each of `count`. `most` are read."""

    count: Value | None = None
    most: int = Field(default=20, ge=2, le=50)

    @model_validator(mode="after")
    def _an_address_needs_a_count(self) -> Self:
        if (self.url is None) != (self.count is None):
            raise ValueError("`url` and `count`, where the page says how many pages there are, belong together")
        return self


class Comments(_Strict):
    """Readers' comments on the page, every value read inside `item`. `drop` are elements inside the comment's text.

    `pages`: where there are more of them than the article's page shows."""

    item: Css
    text: Css
    author: Value | None = None
    badges: Css | None = None
    at: Value | None = None
    up: Value | None = None
    down: Value | None = None
    floor: Value | None = None
    quotes: Value | None = None
    key: Value | None = None
    drop: tuple[Css, ...] = ()
    drop_lines: tuple[Pattern, ...] = ()
    pages: CommentPages | None = None


class Reactions(_Strict):
    """Counters such as 鲜花(0): `pattern`, searched in every element that `css` finds, names the groups name and count."""

    css: Css
    pattern: Pattern

    @model_validator(mode="after")
    def _names_both_groups(self) -> "Reactions":
        if not {"name", "count"} <= set(re.compile(self.pattern).groupindex):
            raise ValueError(f"`{self.pattern}` must name the groups (?P<name>…) and (?P<count>…)")
        return self


class Rules(_Strict):
    """The `extract:` part of a sheet. Lists go from the newest layout of the site to the oldest; the first that answers wins.

    state: values of the state that the page's own script starts from, as name and JMESPath. The other rules find each as an
    element `[data-state=name]`: a text or a number in it, the elements of a text that is HTML, of a list one element a value
    article: a page with none of these is no article (a portal may answer 200 for a missing page)
    paywall: elements that a page has whose text is for subscribers
    zones: the element that holds the text · end: a comment in the HTML, or a line, from which on the zone holds no text
    remove: elements without text · drop, rights, caption_lines: lines (or a line's matching end, for `trim`) that are no text
    publisher_from_author: an author that matches is the syndicated source, a person otherwise
    own_publisher: who publishes where the page names nobody
    pages: how an article goes on; where it is left out, by a link 下一页 whose address differs from the article's in a page number only
    """

    state: dict[Name, JmesPath] = {}
    article: tuple[Css, ...] = ()
    paywall: tuple[Css, ...] = ()
    zones: tuple[Css, ...] = ()
    end: Pattern | None = None
    title: tuple[Value, ...] = ()
    title_suffixes: tuple[Pattern, ...] = ()
    author: tuple[Value, ...] = ()
    section: tuple[Value, ...] = ()
    publisher: tuple[Value, ...] = ()
    publisher_from_author: Pattern | None = None
    own_publisher: str | None = None
    published: tuple[Value, ...] = ()
    modified: tuple[Value, ...] = ()
    source_lines: tuple[SourceLine, ...] = ()
    remove: tuple[Css, ...] = ()
    drop: tuple[Pattern, ...] = ()
    trim: tuple[Pattern, ...] = ()
    rights: tuple[Pattern, ...] = ()
    captions: tuple[Css, ...] = ()
    caption_lines: tuple[Pattern, ...] = ()
    comments: Comments | None = None
    comment_count: tuple[Value, ...] = ()
    reactions: tuple[Reactions, ...] = Field(default=())
    pages: ArticlePages | None = None
