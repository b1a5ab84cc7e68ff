"""Mistakes that a sheet can hold though it reads: identities that swallow or lose articles, patterns that never end, portals read twice."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any
from urllib.parse import urlsplit

from pipelines.identity import Identity
from pipelines.sheet import Sheet
from pipelines.yamlfile import Document, Path_, read_yaml
from spiders.lint.example import example, is_explosive

_PATTERNS = frozenset(
    "pattern end title_suffixes drop trim rights caption_lines publisher_from_author drop_lines".split()  # noqa: SIM905 - a list of keys
)
"""Keys of a sheet whose values are regular expressions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence with its place, `file:line:column`. `is_problem`: it must be mended; else it should be looked at."""

    place: str
    says: str
    is_problem: bool = True

    def __str__(self) -> str:
        return f"{self.place}: {'' if self.is_problem else 'warning: '}{self.says}"


def of_sheet(sheet: Sheet, path: Path) -> Iterator[Finding]:
    """What is wrong with one sheet, read from `path`."""
    document = read_yaml(path)
    for number, identity in enumerate(sheet.articles):
        place = document.where(("articles", number))
        yield from (Finding(place=place, says=says) for says in _of_identity(sheet, identity))
    yield from _explosive(document, sheet.model_dump(mode="json"), ())
    yield from _unserved(sheet, document)


def between(sheets: Mapping[str, Sheet], paths: Mapping[str, Path], about: Collection[str]) -> Iterator[Finding]:
    """Portals that one of the sheets `about` and another one read: the same listing is a mistake, the same host may be one."""
    by_address, by_host = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for slug, sheet in sheets.items():
        for source in sheet.discovery:
            by_address[source.key].append(slug)
        for host in sheet.hosts:
            by_host[host].append(slug)
    twice = {tuple(slugs): url for url, slugs in reversed(by_address.items()) if len(slugs) > 1}
    for slugs, url in twice.items():
        if not set(about) & set(slugs):
            continue
        says = f"{_names(slugs)} both read {url}: one portal would be read, and its news told, twice. {_remedy(slugs, paths)}"
        yield Finding(place=read_yaml(paths[slugs[-1]]).where(("discovery",)), says=says)
    for host, serving in by_host.items():
        if len(serving) > 1 and tuple(serving) not in twice and set(about) & set(serving):
            says = f"{_names(serving)} serve {host}: make sure that no article is one of both"
            yield Finding(place=read_yaml(paths[serving[-1]]).where(("hosts",)), says=says, is_problem=False)


def _names(slugs: tuple[str, ...] | list[str]) -> str:
    return " and ".join(f"`{slug}`" for slug in slugs)


def _remedy(slugs: tuple[str, ...], paths: Mapping[str, Path]) -> str:
    """A sheet of the operator's that extends another one under another name does not take its place."""
    for slug in slugs:
        parent = read_yaml(paths[slug]).data.get("extends")
        if parent in slugs and parent != slug:
            return f"`{slug}` extends `{parent}`: call its file {parent}.yaml, and it takes that one's place"
    return "Keep one: delete the other's file, or leave it out of PORTALWATCH_PORTALS"


def _of_identity(sheet: Sheet, identity: Identity) -> Iterator[str]:
    """Tried on addresses that are made up from the pattern; a pattern from which none can be made up is not tried."""
    if not _fields(identity.key):
        yield f"every address that `{identity.pattern}` matches gets the key `{identity.key}`: all articles would be one. Use a named group"
        return
    one, other = example(identity.pattern), example(identity.pattern, 1)
    if one is None or other is None:
        return
    groups = _groups(identity, one)
    missing = next((name for name in _fields(identity.key) | _fields(identity.url or "") if groups[name] is None), None)
    if missing:
        yield f"the group `{missing}` may be absent, as in {one}: the key would say `None`; let it match nothing instead, (?P<{missing}>…|)"
    elif one != other and identity.key.format(**groups) == identity.key.format(**_groups(identity, other)):
        yield f"{one} and {other} get one key, `{identity.key.format(**groups)}`: one article would hide the other"
    yield from _lost(sheet, identity, one)


def _lost(sheet: Sheet, identity: Identity, url: str) -> Iterator[str]:
    known = sheet.identify(url)
    if known is None or not identity.url:
        return
    again = sheet.identify(known[1])
    if again is None:
        yield f"`url` turns {url} into {known[1]}, which no pattern matches: such a page could not be told from a page that is no article"
    elif again[0] != known[0]:
        yield f"`url` turns {url} (key `{known[0]}`) into {known[1]}, which has another key, `{again[0]}`"
    elif not sheet.serves(known[1]):
        yield f"`url` turns {url} into {known[1]}, which is on none of `hosts`: it would never be fetched"


def _groups(identity: Identity, url: str) -> dict[str, str | None]:
    found = re.search(identity.pattern, url)
    return found.groupdict() if found else {}


def _fields(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name}


def _explosive(document: Document, value: Any, path: Path_) -> Iterator[Finding]:
    """Every regular expression below `value` that a page could make run for ever."""
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _explosive(document, below, (*path, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _explosive(document, below, (*path, number))
    elif isinstance(value, str) and _PATTERNS & set(path[-2:]) and is_explosive(value):
        says = f"`{value}` repeats what repeats already, as (a+)+ does: a page can make it run for ever. Take one of the repeats out"
        yield Finding(place=document.where(path), says=says)


def _unserved(sheet: Sheet, document: Document) -> Iterator[Finding]:
    for number, source in enumerate(sheet.discovery):
        if not sheet.serves(source.url):
            says = f"{urlsplit(source.url).hostname} is none of `hosts`: this listing would never be fetched"
            yield Finding(place=document.where(("discovery", number, "url")), says=says)
