"""Where a portal names its articles: feeds, sitemaps, HTML lists, JSON APIs."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, JsonValue

from pipelines.extract.rules import Css, JmesPath, Pattern, Value
from pipelines.fields import Address, Strict
from pipelines.template import DATE, names_of

LONGEST_KEY = 2000  # characters of a discovery address with what is posted to it
DEEPEST = 10_000  # pages of a listing
VIEW = r"^[a-z][a-z0-9_]{0,39}$"


def _counting(value: str) -> str:
    if names_of(value) - DATE != {"n"}:
        raise ValueError(f"`{value}` is no address of a next page: it needs {{n}}, the page's number, and nothing else in braces")
    return value


class Day(Value):
    """Where an item of a listing says its day. `format` is strptime's where the day is not printed in one of the usual ways; one
    without a year means the last such day."""

    format: str | None = None


class _Discovery(Strict):
    """A discovery address. `view` names the view of the portal that it belongs to: two views tell what both of them miss."""

    url: Address
    view: str = Field(default="feeds", pattern=VIEW)

    @property
    def key(self) -> str:
        """What tells this address from the portal's others."""
        return self.url


class Feed(_Discovery):
    """RSS, Atom or RDF."""

    type: Literal["feed"]


class Sitemap(_Discovery):
    """A sitemap, Google-News ones included; an index is followed one level down."""

    type: Literal["sitemap"]


class _Paged(_Discovery):
    """A list in pages. `next` is the address of page {n}; pages are read up to `pages` of them, or until all is known.
    `first` is the number that the portal gives its first page."""

    next: Annotated[Address, AfterValidator(_counting)] | None = None
    pages: int = Field(default=1, ge=1, le=DEEPEST)
    first: int = Field(default=1, ge=0, le=1)

    def own(self, number: int) -> int:
        """The portal's number of the page that is our `number`, counted from 1."""
        return number - 1 + self.first


class Listing(_Paged):
    """An HTML list of links. `item` and `mark` are CSS; `mark` is a text that moves when the article does (a comment
    count), read inside the item. `script` finds addresses that the page's own script carries; its first group is one as JSON
    writes it. `day` serves `history`: where an item says its day."""

    type: Literal["listing"]
    view: str = Field(default="listings", pattern=VIEW)
    item: Css
    link: Css = "a"
    mark: Css | None = None
    script: Pattern | None = None
    day: Day | None = None

    @property
    def has_pages(self) -> bool:
        """Whether there is more than the first page."""
        return self.pages > 1 and self.next is not None


class Api(_Paged):
    """A JSON API. `items`, `link` and `mark` are JMESPath: the list in the answer, and in each item its address (absolute,
    or relative to `base`) and a value that moves when the article does. `body` is sent as JSON by POST;
    then {n} stands in one of its values and `next` is left out. `day` serves `history`: the value that says the item's day."""

    type: Literal["json"]
    items: JmesPath
    link: JmesPath
    base: Address | None = None
    mark: JmesPath | None = None
    day: JmesPath | None = None
    body: dict[str, JsonValue] | None = None

    @property
    def has_pages(self) -> bool:
        """Whether there is more than the first page."""
        return self.pages > 1 and (self.next is not None or self.body_of(1) != self.body)

    @property
    def key(self) -> str:
        """Address and what is posted to it: one address may answer many questions."""
        return f"{self.url} {json.dumps(self.body, sort_keys=True)}" if self.body else self.url

    def body_of(self, number: int) -> dict[str, Any] | None:
        """What is posted for page `number`, counted from 1."""
        return self.body and {key: _numbered(value, self.own(number)) for key, value in self.body.items()}


def _numbered(value: Any, number: int) -> Any:
    if isinstance(value, str):
        return number if value == "{n}" else value.replace("{n}", str(number))
    if isinstance(value, dict):
        return {key: _numbered(each, number) for key, each in value.items()}
    return [_numbered(each, number) for each in value] if isinstance(value, list) else value


Source = Feed | Sitemap | Listing | Api
OneSource = Annotated[Source, Field(discriminator="type")]
