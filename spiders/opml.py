"""A reader's feed list (OPML 1 and 2): its feeds by site, each site a draft that reads feeds only, made without looking."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from lxml import etree

from pipelines.alerts.guard import why_refused
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.extract.script import script_of
from pipelines.sources import Feed
from pipelines.storable import storable
from spiders.prospect import guesses
from spiders.prospect.draft import Draft
from spiders.prospect.identity import whole_identity

MAX_BYTES = 5 * 1024 * 1024
EXPORT = "export the list from the reader as OPML"
MOST = 5_000
"""Outlines of a list; the longest that a reader would keep has some hundreds."""
_FEEDS_OF_OTHERS = re.compile(
    r"(?:^|\.)(?:feedburner\.com|feedproxy\.google\.com|rsshub\.\w+|feedx\.\w+|politepol\.com|rss\.app|fetchrss\.com)$"
)
"""Hosts that carry feeds for others: their address does not say where the articles are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """One feed of the list. `site` is empty where the list does not say where it belongs."""

    title: str
    feed: str
    site: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The feeds of one host."""

    host: str
    title: str
    home: str
    feeds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What is not taken over, and why. `is_read`: a sheet reads it already, which is as it should be."""

    title: str
    feed: str
    why: str
    is_read: bool = False


def outlines(path: Path) -> list[Outline]:
    """Every feed of the list, nested folders included.

    PortalwatchError for what is no OPML, or too large; WrongUseError for a file that cannot be read.
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise WrongUseError(f"{path}: cannot be read: {error.strerror}") from None
    if len(body) > MAX_BYTES:
        raise PortalwatchError(f"{path}: larger than {MAX_BYTES // 2**20} MB; a feed list is not")
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise PortalwatchError(f"{path}: not an OPML file ({error}); {EXPORT}") from None
    if etree.QName(root).localname.lower() != "opml":
        name = etree.QName(root).localname
        raise PortalwatchError(f"{path}: not an OPML file (its first element is <{name}>); {EXPORT}")
    found = [element for element in root.iter("{*}outline") if _of(element, "xmlurl")]
    if len(found) > MOST:
        raise PortalwatchError(f"{path}: {len(found)} feeds; {MOST} are the most that one list may hold")
    return [
        Outline(
            title=_of(element, "title") or _of(element, "text"),
            feed=re.sub(r"^feed:(?://)?(?=https?://)", "", _of(element, "xmlurl")).replace("feed://", "http://"),
            site=_of(element, "htmlurl"),
            kind=_of(element, "type").lower(),
        )
        for element in found
    ]


def _of(element: etree._Element, name: str) -> str:
    """An attribute, whatever its case: readers write xmlUrl, xmlurl and XMLURL."""
    value = next((value for key, value in element.attrib.items() if str(key).lower() == name), "")
    return storable(" ".join(str(value).split()))[:2000]


def sites(found: Iterable[Outline], taken: Callable[[str], str | None], *, looking: bool = False) -> tuple[list[Site], list[Skipped]]:
    """(the feeds by site, in the list's order; what is skipped). `taken` names the sheet that serves an address; who goes on
    `looking` at the sites may be given feeds that do not say where they belong."""
    kept: dict[str, list[Outline]] = {}
    skipped, met = list[Skipped](), set[str]()
    for each in found:
        why = _unfit(each, looking) or ("stands in the list before" if each.feed in met else None)
        sheet = None if why else taken(each.feed) or (taken(each.site) if each.site else None)
        met.add(each.feed)
        if why or sheet:
            why = why or f"the sheet `{sheet}` reads this site"
            skipped.append(Skipped(title=each.title, feed=each.feed, why=why, is_read=sheet is not None))
        else:
            kept.setdefault(_host(each), []).append(each)
    return [_site(host, feeds) for host, feeds in kept.items()], skipped


def _unfit(each: Outline, looking: bool) -> str | None:
    if each.kind not in ("", "rss", "atom", "feed"):
        return f"of type `{each.kind[:20]}`, not a feed"
    host = _hostname(each.feed)
    if not host or "." not in host:
        return "no address of a feed on the open Internet"
    for name in filter(None, (host, _hostname(each.site))):
        if _is_private(name):
            return f"{name} is a private address"
    if not looking and not _hostname(each.site) and _FEEDS_OF_OTHERS.search(host):
        return "its host carries feeds for others, and the list does not say which site it is of: --look finds out"
    return None


def _hostname(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode() if parts.scheme in ("http", "https") else ""
    except (ValueError, UnicodeError):
        return ""
    return host if re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) else ""


def _is_private(host: str) -> bool:
    try:
        return why_refused(host) is not None
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))


def _host(each: Outline) -> str:
    """The site's host: what the list says, else the feed's."""
    return guesses.house(_hostname(each.site) or _hostname(each.feed))


def _site(host: str, feeds: Sequence[Outline]) -> Site:
    home = next((each.site for each in feeds if each.site), "")
    titles = [each.title for each in feeds if each.title]
    return Site(host=host, title=_common(titles) or host, home=home, feeds=tuple(each.feed for each in feeds))


def _common(titles: Sequence[str]) -> str:
    """The name that the titles of a site's feeds share: 自由時報 of 自由時報 - 政治 and 自由時報 - 國際; else the first."""
    if len(titles) < 2:
        return titles[0] if titles else ""
    name = re.sub(r"[\s\-–—|｜:：·»›(（]+$", "", _prefix(titles))
    return name if len(name) > 1 else titles[0]


def _prefix(titles: Sequence[str]) -> str:
    first, last = min(titles), max(titles)
    at = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), min(len(first), len(last)))
    return first[:at]


def draft(site: Site, origin: str, taken: Iterable[str]) -> Draft:
    """A sheet that reads the site's feeds, and takes everything they link on the site for an article."""
    hosts = guesses.hosts([f"https://{site.host}/", *site.feeds])
    script = script_of(site.title)
    language, why_language = guesses.language([], [script] if script else [])
    timezone, why_timezone = guesses.timezone(site.host, language, [], [])
    return Draft(
        slug=slug_of(site, taken),
        name=site.title[:60],
        origin=origin,
        language=language,
        timezone=timezone,
        hosts=hosts,
        discovery=[Feed(type="feed", url=feed) for feed in site.feeds],
        articles=whole_identity([site.host], site.feeds),
        notes={"language": why_language or "a guess from the feed's name", "timezone": why_timezone},
        gaps=(
            "made from a feed list without looking: `portalwatch portals check SLUG --dry-run` looks, `portals add` drafts a closer one",
        ),
    )


def slug_of(site: Site, taken: Iterable[str]) -> str:
    """A slug from the title where it is Latin, else from the host; none twice."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", site.title).strip("_")
    is_latin = bool(plain) and all(letter.isascii() for letter in site.title if letter.isalpha())
    return guesses.free(guesses.safe(plain), taken) if is_latin and len(plain) > 1 else guesses.slug(site.host, taken)
