"""A drafted sheet as YAML that reads as if written by hand, with a comment wherever a person should look."""

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from pipelines.errors import PortalwatchError
from pipelines.identity import Identity
from pipelines.sheet import Sheet
from pipelines.sources import Feed, Listing, Sitemap, Source
from pipelines.yamlfile import Document, validated
from spiders.prospect.zones import NONE, Zones

_IN_FLOW, _IN_BLOCK = re.compile(r"^[\w.][\w./ +·-]*$"), re.compile(r"^[\w.](?:[\w./ +·~,;=?&%()-]|:(?! |$))*$")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is known of a portal. `notes` are comments by key (`timezone`, or a discovery address); `gaps` what to check by hand."""

    slug: str
    name: str
    origin: str
    language: str
    timezone: str
    hosts: Sequence[str]
    discovery: Sequence[Source]
    articles: Sequence[Identity]
    charset: str | None = None
    delay: float = 3.0
    gateway: str | None = None
    a_day: int | None = None
    article: Sequence[str] = ()
    zones: Zones = NONE
    suffixes: Sequence[str] = ()
    published: tuple[str, str | None] | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    more_feeds: Sequence[str] = ()
    gaps: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The sheet's YAML."""
        return "\n".join(self._lines()) + "\n"

    def sheet(self) -> Sheet:
        """The sheet that the text gives; whatever a site calls itself, the text reads back as meant."""
        document = Document(f"{self.slug}.yaml", self.text)
        document.data.setdefault("slug", self.slug)
        return validated(Sheet, document)

    def _lines(self) -> Iterator[str]:
        yield from (f"# {_line(text)}" for text in (f"{self.name}: drafted by `portalwatch portals` from {self.origin}", *self._checks()))
        yield f"name: {scalar(self.name, block=True)}"
        yield f"language: {scalar(self.language)}{self._note('language')}"
        yield f"timezone: {scalar(self.timezone)}{self._note('timezone')}"
        yield f"hosts: [{', '.join(map(scalar, self.hosts))}]{self._note('hosts')}"
        if self.charset:
            yield f"charset: {scalar(self.charset)}"
        yield 'schedule: "*/20 * * * *"'
        yield f"pace: {{delay: {self.delay:g}, concurrency: 1, budget: 1000}}{self._note('pace')}"
        if self.gateway:
            yield f"gateway: {scalar(self.gateway, block=True)}"
        yield "discovery:"
        for source in self.discovery:
            yield from _source(source, self._note(source.url))
        yield from (f"  # - {{type: feed, url: {scalar(url)}}}" for url in self.more_feeds)
        yield "articles:"
        for identity in self.articles:
            yield from self._identity(identity)
        if self.a_day:
            yield f"expect: {{articles_a_day: {self.a_day}}}{self._note('expect')}"
        yield from self._extract()

    def _checks(self) -> Iterator[str]:
        if self.gaps:
            yield "Check by hand:"
            yield from (f"- {gap}" for gap in self.gaps)

    def _identity(self, identity: Identity) -> Iterator[str]:
        if note := self.notes.get(identity.pattern):
            yield f"  # {_line(note)}"
        yield f"  - pattern: {_single(identity.pattern)}"
        yield f"    key: {_double(identity.key)}"
        if identity.url:
            yield f"    url: {_double(identity.url)}"

    def _extract(self) -> Iterator[str]:
        rules = [
            *([f"  article: [{_list(self.article)}]"] if self.article else []),
            *([f"  zones: [{_list(self.zones.zones)}]{self._note('zones')}"] if self.zones.zones else []),
            *([f"  title_suffixes: [{', '.join(map(_single, self.suffixes))}]"] if self.suffixes else []),
            *([f"  remove: [{_list(self.zones.remove)}]"] if self.zones.remove else []),
            *(["  published:", f"    - {_value(*self.published)}"] if self.published else []),
        ]
        if rules:
            yield "extract:"
            yield from rules

    def _note(self, key: str) -> str:
        note = self.notes.get(key)
        return f"  # {_line(note)}" if note else ""


def _source(source: Source, note: str) -> Iterator[str]:
    if isinstance(source, Feed | Sitemap):
        yield f"  - {{type: {source.type}, url: {scalar(source.url)}}}{note}"
    elif isinstance(source, Listing):
        yield f"  - type: listing{note}"
        yield f"    url: {scalar(source.url, block=True)}"
        yield f"    item: {scalar(source.item, block=True)}"
        yield f"    link: {scalar(source.link, block=True)}"
        if source.next:
            yield f"    next: {scalar(source.next, block=True)}"
            yield f"    pages: {source.pages}"


def _value(css: str, attribute: str | None) -> str:
    return f"{{css: {scalar(css)}, attr: {attribute}}}" if attribute else f"{{css: {scalar(css)}}}"


def _list(values: Iterable[str]) -> str:
    return ", ".join(map(scalar, values))


def scalar(text: str, *, block: bool = False) -> str:
    """A string as a YAML value: plain where that is sure to read back (`block`: alone on its line), else quoted."""
    if _UNPRINTABLE.search(text):
        return _double(text)
    plain = (_IN_BLOCK if block else _IN_FLOW).match(text) and text.strip() == text
    if plain and yaml.safe_load(f"- {text}" if block else f"[{text}]") == [text]:
        return text
    return _double(text) if '"' not in text and "\\" not in text else _single(text)


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'" if not _UNPRINTABLE.search(text) else _double(text)


def _double(text: str) -> str:
    return json.dumps(_UNPRINTABLE.sub(" ", text), ensure_ascii=False)


def _line(text: str) -> str:
    """One line of a comment: nothing of a hostile page may end it."""
    return _UNPRINTABLE.sub(" ", text)[:300]


def refuse_taken(path: Path, *, force: bool) -> None:
    """PortalwatchError where the file is there already and `force` does not say otherwise."""
    if path.exists() and not force:
        raise PortalwatchError(f"{path}: is there already; --force writes over it, --name takes another name")


def write_new(path: Path, text: str, *, force: bool = False) -> None:
    """Write the file whole or not at all; never over another one, but with `force`."""
    refuse_taken(path, force=force)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=".part")
    made = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        made.chmod(0o644)
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)
