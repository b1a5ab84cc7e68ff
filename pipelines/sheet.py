"""The sheet: everything that portalwatch knows about one portal, as data."""

import codecs
import json
import re
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipelines.errors import ConfigError
from pipelines.extract.paging import first_page
from pipelines.extract.rules import Css, JmesPath, Name, Rules, Value
from pipelines.history import history_trouble
from pipelines.template import DATE, names_of
from pipelines.yamlfile import Document, read_yaml, suggestion, validated


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"`{value}` is no time zone; write one such as Asia/Taipei") from None
    return value


def _duration(value: object) -> object:
    found = _DURATION.match(value) if isinstance(value, str) else None
    if isinstance(value, str) and found is None:
        raise ValueError(f"`{value}` is no duration; write one such as `90 s`, `20 min` or `6 h`")
    if found is not None and int(found[1]) * _UNITS[found[2]] > LONGEST.total_seconds():
        raise ValueError(f"`{value}` is too long: {LONGEST.days} days is the longest")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]]) if found else value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{value}` is no address: write http(s)://host/…")
    return value


def _host(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", value):
        raise ValueError(f"`{value}` is no host: write it in lower case, without scheme and port")
    return value


def _codec(value: str | None) -> str | None:
    try:
        return value if value is None else codecs.lookup(value).name and value
    except LookupError:
        raise ValueError(f"`{value}` is no charset; write one such as utf-8, gb2312 or big5") from None


def _counting(value: str | None) -> str | None:
    if value is not None and names_of(value) - DATE != {"n"}:
        raise ValueError(f"`{value}` is no address of a next page: it needs {{n}}, the page's number, and nothing else in braces")
    return _address(value) if value else value


Address = Annotated[str, AfterValidator(_address)]

_UNITS = {"s": 1, "min": 60, "h": 3600}
_DURATION = re.compile(r"^(\d+) ?(s|min|h)$")
_EVERY = re.compile(r"^every (\d+) (s|min|h)$")
Duration = Annotated[
    timedelta, BeforeValidator(_duration), PlainSerializer(lambda value: f"{int(value.total_seconds())} s", when_used="json")
]
LONGEST_KEY = 2000  # characters of a discovery address with what is posted to it
VIEW = r"^[a-z][a-z0-9_]{0,39}$"
SHORTEST, LONGEST = 10, timedelta(days=366)  # seconds between the runs of a portal; of any duration
DEEPEST = 10_000  # pages of a listing
Pattern = Annotated[str, AfterValidator(_pattern)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Day(Value):
    """Where an item of a listing says its day. `format` is strptime's where the day is not printed in one of the usual ways; one
    without a year means the last such day."""

    format: str | None = None


class _Discovery(_Strict):
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

    next: str | None = None
    pages: int = Field(default=1, ge=1, le=DEEPEST)
    first: int = Field(default=1, ge=0, le=1)

    @field_validator("next")
    @classmethod
    def _next_counts(cls, value: str | None) -> str | None:
        return _counting(value)

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


class Identity(_Strict):
    """One URL form of an article: a pattern with named groups, searched in the whole URL, and the key they make.

    Every form of one article gives the same `key`; `url` is the form to fetch (the found one where it is left out).
    With `fold` the key is compared as texts are, decoded and in one script, for addresses that hold a headline.
    `sequence` names the group that is a running number: `key` and `url` are then made of it alone, and numbers that no
    listing named are gaps.
    """

    pattern: Pattern
    key: str = Field(min_length=1)
    url: str | None = None
    fold: bool = False
    sequence: str | None = None

    @model_validator(mode="after")
    def _sequence_is_all(self) -> "Identity":
        if self.sequence is not None:
            for name, template in (("key", self.key), ("url", self.url or "")):
                if names_of(template) != {self.sequence}:
                    raise ValueError(f"sequence: `{name}` must hold {{{self.sequence}}} and no other group, so that a number gives it")
        return self

    def number_of(self, key: str) -> int | None:
        """The running number in a key of this form, None for a key of another."""
        before, _, after = self.key.partition(f"{{{self.sequence}}}")
        digits = key.removeprefix(before).removesuffix(after)
        is_one = self.sequence is not None and digits.isascii() and digits.isdigit() and len(digits) <= 15
        return int(digits) if is_one and self.key_of(int(digits)) == key else None

    def key_of(self, number: int) -> str:
        """The key that the running number gives."""
        return self.key.format(**{self.sequence or "": number})

    def url_of(self, number: int) -> str:
        """The address that the running number gives."""
        return (self.url or "").format(**{self.sequence or "": number})


class Pace(_Strict):
    """Good manners toward one host. Seconds between requests, requests in flight, requests a day; gaps of a running
    number that are looked up in a run, 0 for none."""

    delay: float = Field(default=3.0, ge=0)
    concurrency: int = Field(default=1, ge=1, le=8)
    budget: int = Field(default=2000, ge=1)
    gaps: int = Field(default=5, ge=0, le=100)


class Override(_Strict):
    """Reading on in spite of what a portal says needs a written reason, which is shown wherever the portal is."""

    reason: str = Field(min_length=10)


class Sheet(_Strict):
    """One portal. `slug` is the file's stem and names spider, DAG, Redis prefix and counters.

    `history`: where the past is listed, for a backfill: entries as of `discovery`, whose addresses hold {year}, {month} and {day}, or
    that go back page by page.
    `looks`: how long after each look an article is looked at again, for revisions and comments; then no more.
    `editions`: further discovery addresses by name, which cost everybody requests and serve a few; `also` names those that are read.
    `tdm`: `obey` leaves alone what the portal reserves from text and data mining; it is told only otherwise, with the reason given.
    """

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    name: str
    language: str
    timezone: Annotated[str, AfterValidator(_zone)]
    hosts: list[Annotated[str, AfterValidator(_host)]] = Field(min_length=1)
    charset: Annotated[str | None, AfterValidator(_codec)] = None
    schedule: str = "*/20 * * * *"
    looks: list[Duration] = [timedelta(hours=hours) for hours in (1, 6, 24, 72)]
    pace: Pace = Pace()
    robots: Override | None = None
    tdm: Literal["obey"] | Override | None = None
    discovery: list[Annotated[Source, Field(discriminator="type")]] = Field(min_length=1)
    editions: dict[Name, Annotated[Source, Field(discriminator="type")]] = {}
    also: list[str] = []
    history: list[Annotated[Source, Field(discriminator="type")]] = []
    articles: list[Identity] = Field(min_length=1)
    expect: dict[str, int] = {}
    gateway: Address | None = None
    extract: Rules = Rules()

    @field_validator("schedule")
    @classmethod
    def _schedule_reads(cls, value: str) -> str:
        every = _EVERY.match(value)
        if every is None and not (len(value.split()) == 5 and croniter.is_valid(value)):
            raise ValueError(f"`{value}` is no schedule: write five cron fields such as `*/20 * * * *`, or `every 90 s`")
        if every is not None and int(every[1]) * _UNITS[every[2]] < SHORTEST:
            raise ValueError(f"`{value}` is too often: {SHORTEST} seconds is the shortest")
        if every is not None:
            _duration(value.removeprefix("every "))
        return value

    @field_validator("also")
    @classmethod
    def _editions_exist(cls, value: list[str], info: ValidationInfo) -> list[str]:
        known = sorted(info.data.get("editions", {}))
        if unknown := next((name for name in value if name not in known), None):
            raise ValueError(f"no edition is called `{unknown}`{suggestion(unknown, known)}; there are: {', '.join(known) or 'none'}")
        return value

    @model_validator(mode="after")
    def _keys_use_named_groups(self) -> "Sheet":
        for identity in self.articles:
            groups = re.compile(identity.pattern).groupindex
            for template in (identity.key, identity.url or ""):
                unknown = names_of(template) - set(groups)
                if unknown:
                    raise ValueError(f"articles: `{template}` uses {{{unknown.pop()}}}, which `{identity.pattern}` does not name")
        return self

    def with_editions(self) -> "Sheet":
        """The sheet whose discovery holds the editions that are on."""
        return self.model_copy(update={"discovery": [*self.discovery, *(self.editions[name] for name in dict.fromkeys(self.also))]})

    @model_validator(mode="after")
    def _pages_use_named_groups(self) -> "Sheet":
        comments = self.extract.comments
        for name, rule in (("pages", self.extract.pages), ("comments.pages", comments.pages if comments else None)):
            asked = names_of(rule.url) - {"n"} if rule is not None and rule.url else set()
            if not any(asked <= set(re.compile(identity.pattern).groupindex) for identity in self.articles):
                raise ValueError(f"extract.{name}: no pattern of `articles` names all of {{{'}, {'.join(sorted(asked))}}}")
        return self

    @model_validator(mode="after")
    def _history_knows_days(self) -> "Sheet":
        trouble = history_trouble(self.discovery, self.history, [identity.pattern for identity in self.articles])
        if trouble:
            raise ValueError(trouble)
        return self

    @model_validator(mode="after")
    def _addresses_differ(self) -> "Sheet":
        keys = [source.key for source in (*self.discovery, *self.editions.values())]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise ValueError(f"discovery: `{twice}` is there twice; one entry reads an address")
        if longest := next((key for key in keys if len(key) > LONGEST_KEY), None):
            raise ValueError(f"discovery: `{longest[:60]}…` is longer than {LONGEST_KEY} characters")
        return self

    @cached_property
    def _identities(self) -> list[tuple[re.Pattern[str], Identity]]:
        return [(re.compile(identity.pattern), identity) for identity in self.articles]

    def identify(self, url: str) -> tuple[str, str] | None:
        """(key, address to fetch) of an article's URL, None for a URL that is no article of this portal.

        Of a later page of an article it is the first one's: /a/12_2.html gives that of /a/12.html where both have one key."""
        for pattern, identity in self._identities:
            if found := pattern.search(url):
                key = _key(identity, found)
                if identity.url:
                    return key, identity.url.format(**found.groupdict())
                first = pattern.search(first_page(url))
                return key, first.string if first and _key(identity, first) == key else url
        return None

    def groups(self, url: str) -> dict[str, str] | None:
        """The named groups of an article's URL, None for a URL that is no article of this portal."""
        found = next(filter(None, (pattern.search(url) for pattern, _ in self._identities)), None)
        return found.groupdict(default="") if found else None

    def day_of(self, url: str) -> date | None:
        """The day in an article's address, where its pattern names the groups year, month and day."""
        groups = self.groups(url) or {}
        try:
            return date(int(groups["year"]), int(groups["month"]), int(groups["day"]))
        except (KeyError, ValueError):
            return None

    @property
    def sequences(self) -> list[Identity]:
        """The forms whose key is a running number, each number space once."""
        return list({identity.key: identity for identity in self.articles if identity.sequence}.values())

    def serves(self, url: str) -> bool:
        """Whether the URL's host is one of this portal's."""
        host = (urlsplit(url).hostname or "").lower()
        return any(host == known or host.endswith("." + known) for known in self.hosts)

    def interval(self) -> float | None:
        """Seconds between runs where the schedule is `every …`, None where it is cron."""
        found = _EVERY.match(self.schedule)
        return float(found[1]) * _UNITS[found[2]] if found else None


def _key(identity: Identity, found: re.Match[str]) -> str:
    from pipelines.text import fold  # its tables are large, and few sheets need them

    key = identity.key.format(**found.groupdict())
    return fold(unquote(key)).text if identity.fold else key


def read_sheet(path: Path, *, base: Path | None = None) -> Sheet:
    """The sheet at `path`; its stem is the slug. `extends: STEM` takes over a shipped sheet's other keys (from `base`)."""
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise ConfigError(f"{document.where(())}: a sheet is a mapping of keys")
    extended = document.data.pop("extends", None)
    if extended is not None:
        document.data = _extend(document, base, str(extended))
    if document.data.setdefault("slug", path.stem) != path.stem:
        raise ConfigError(f"{document.where(('slug',))}: a sheet is called after its file, `{path.stem}`")
    return validated(Sheet, document).with_editions()


def _extend(document: Document, base: Path | None, stem: str) -> dict[str, object]:
    parent = base / f"{stem}.yaml" if base else None
    if parent is None or not parent.is_file():
        raise ConfigError(f"{document.where(('extends',))}: no shipped sheet is called `{stem}`")
    return {**read_yaml(parent).data, **document.data}
