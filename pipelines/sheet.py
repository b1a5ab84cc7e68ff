"""The sheet: everything that portalwatch knows about one portal, as data."""

import re
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipelines.errors import ConfigError
from pipelines.extract.address import host_of
from pipelines.extract.paging import first_page
from pipelines.extract.rules import Name, Rules
from pipelines.fields import Address, Charset, Duration, Host, Owner, Schedule, Strict, Zone, seconds_between
from pipelines.history import history_trouble
from pipelines.identity import Identity
from pipelines.sources import LONGEST_KEY, OneSource
from pipelines.template import names_of
from pipelines.yamlfile import Document, Path_, PlacedError, read_yaml, suggestion, validated

LONGEST_HOST = 253  # characters of a name, RFC 1035


class Pace(Strict):
    """Good manners toward one host. Seconds between requests, requests in flight, requests a day; gaps of a running
    number that are looked up in a run, 0 for none."""

    delay: float = Field(default=3.0, ge=0, le=3600)
    concurrency: int = Field(default=1, ge=1, le=8)
    budget: int = Field(default=2000, ge=1)
    gaps: int = Field(default=5, ge=0, le=100)


class Expect(Strict):
    """What is usual of a portal, so that less of it is told."""

    articles_a_day: int | None = Field(default=None, ge=1)


class Override(Strict):
    """Reading on in spite of what a portal says needs a written reason, which is shown wherever the portal is."""

    reason: str = Field(min_length=10)


class Sheet(Strict):
    """One portal. `slug` is the file's stem and names spider, DAG, Redis prefix and counters.

    `owner`: whose its DAGs are in Airflow; None: those of ops.
    `history`: where the past is listed, for a backfill: entries as of `discovery`, whose addresses hold {year}, {month} and {day}, or
    that go back page by page.
    `looks`: how long after each look an article is looked at again, for revisions and comments; then no more.
    `editions`: further discovery addresses by name, which cost everybody requests and serve a few; `also` names those that are read.
    `tdm`: `obey` leaves alone what the portal reserves from text and data mining; it is told only otherwise, with the reason given.
    """

    slug: str = Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")
    name: str
    language: str
    timezone: Zone
    owner: Owner | None = None
    hosts: list[Host] = Field(min_length=1)
    charset: Charset = None
    schedule: Schedule = "*/20 * * * *"
    looks: list[Duration] = Field(default_factory=lambda: [timedelta(hours=hours) for hours in (1, 6, 24, 72)])
    pace: Pace = Pace()
    robots: Override | None = None
    tdm: Literal["obey"] | Override | None = None
    discovery: list[OneSource] = Field(min_length=1)
    editions: dict[Name, OneSource] = Field(default_factory=dict)
    also: list[str] = Field(default_factory=list)
    history: list[OneSource] = Field(default_factory=list)
    articles: list[Identity] = Field(min_length=1)
    expect: Expect = Expect()
    gateway: Address | None = None
    extract: Rules = Rules()

    @field_validator("also")
    @classmethod
    def _editions_exist(cls, value: list[str], info: ValidationInfo) -> list[str]:
        known = sorted(info.data.get("editions", {}))
        if unknown := next((name for name in value if name not in known), None):
            raise ValueError(f"no edition is called `{unknown}`; there are: {', '.join(known) or 'none'}{suggestion(unknown, known)}")
        return value

    @model_validator(mode="after")
    def _keys_use_named_groups(self) -> "Sheet":
        for number, identity in enumerate(self.articles):
            for name, template in (("key", identity.key), ("url", identity.url or "")):
                unknown = names_of(template) - set(identity.compiled().groupindex)
                if unknown:
                    says = f"`{template}` uses {{{unknown.pop()}}}, which `{identity.pattern}` does not name"
                    raise PlacedError(("articles", number, name), says)
        return self

    def with_editions(self) -> "Sheet":
        """The sheet whose discovery holds the editions that are on."""
        return self.model_copy(update={"discovery": [*self.discovery, *(self.editions[name] for name in dict.fromkeys(self.also))]})

    @model_validator(mode="after")
    def _pages_use_named_groups(self) -> "Sheet":
        comments = self.extract.comments
        for path, rule in ((("pages",), self.extract.pages), (("comments", "pages"), comments.pages if comments else None)):
            asked = names_of(rule.url) - {"n"} if rule is not None and rule.url else set()
            if not any(asked <= set(identity.compiled().groupindex) for identity in self.articles):
                raise PlacedError(("extract", *path, "url"), f"no pattern of `articles` names all of {{{'}, {'.join(sorted(asked))}}}")
        return self

    @model_validator(mode="after")
    def _history_knows_days(self) -> "Sheet":
        trouble = history_trouble(self.discovery, self.history, [identity.pattern for identity in self.articles])
        if trouble:
            raise PlacedError(*trouble)
        return self

    @model_validator(mode="after")
    def _addresses_differ(self) -> "Sheet":
        entries: list[tuple[Path_, str]] = [(("discovery", at, "url"), source.key) for at, source in enumerate(self.discovery)]
        entries += [(("editions", name, "url"), source.key) for name, source in self.editions.items()]
        met: set[str] = set()
        for path, key in entries:
            if key in met:
                raise PlacedError(path, f"`{key}` is there twice; one entry reads an address")
            if len(key) > LONGEST_KEY:
                raise PlacedError(path, f"`{key[:60]}…` is longer than {LONGEST_KEY} characters")
            met.add(key)
        return self

    @cached_property
    def _identities(self) -> list[tuple[re.Pattern[str], Identity]]:
        return [(identity.compiled(), identity) for identity in self.articles]

    def identify(self, url: str) -> tuple[str, str] | None:
        """(key, address to fetch) of an article's URL, None for a URL that is no article of this portal.

        Of a later page of an article it is the first one's: /a/12_2.html gives that of /a/12.html where both have one key."""
        for pattern, identity in self._identities:
            if found := pattern.search(url):
                key = identity.key_in(found)
                if identity.url:
                    return key, identity.url.format(**found.groupdict())
                first = pattern.search(first_page(url))
                return key, first.string if first and identity.key_in(first) == key else url
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
        except (KeyError, ValueError, OverflowError):
            return None

    @property
    def sequences(self) -> list[Identity]:
        """The forms whose key is a running number, each number space once."""
        return list({identity.key: identity for identity in self.articles if identity.sequence}.values())

    def serves(self, url: str) -> bool:
        """Whether the URL's host is one of this portal's; never one with credentials in it."""
        host = host_of(url)
        return host is not None and len(host) <= LONGEST_HOST and any(host == known or host.endswith("." + known) for known in self.hosts)

    def interval(self) -> float | None:
        """Seconds between runs where the schedule is `every …`, None where it is cron."""
        return seconds_between(self.schedule)


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
    document.extended = read_yaml(parent)
    return {**document.extended.data, **document.data}
