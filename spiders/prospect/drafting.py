"""From what a look found to the draft: every value with its reason, every gap by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pipelines.identity import Identity
from pipelines.sources import Feed, Listing, Sitemap, Source
from spiders import tdm
from spiders.prospect import guesses, listing
from spiders.prospect.anatomy import Anatomy
from spiders.prospect.draft import Draft
from spiders.prospect.forms import applied, with_forms
from spiders.prospect.identity import whole_identity
from spiders.prospect.names import handles
from spiders.prospect.sources import Sources, news_first
from spiders.prospect.survey import Survey
from spiders.prospect.zones import Zones
from spiders.visit import UnreadError

_COVERED = 0.95
"""Share of the feeds' links that the patterns must know; a portal that is only read by feeds otherwise gets the general identity too."""
NAME_ANOTHER = "Name a page that lists articles, a feed, or a sitemap"
_PAUSE = 3.0  # seconds between the requests of a crawl


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a look at `url` found: the page that lists articles, feeds and sitemaps, identities, and what the articles share."""

    url: str
    home: Survey | None
    sources: Sources
    known: Sequence[Identity]
    anatomy: Anatomy
    zones: Zones

    @property
    def machine(self) -> list[Survey]:
        """Feeds and sitemaps."""
        return [*self.sources.feeds, *news_first(self.sources.sitemaps)]


def drafted(found: Findings, slug: Callable[[str], str]) -> Draft:
    """The draft. `slug` names it by its first host. UnreadError where nothing lists articles."""
    anatomy, pause = found.anatomy, found.sources.visit.pause(found.url)
    articles, apart = with_forms(found.known, (*anatomy.canonical, *anatomy.forms))
    page = listing.guess(found.home, lambda url: applied(articles, url)[0] or None) if found.home else None
    if page is None and not found.machine:
        tried = found.sources.in_vain()
        raise UnreadError(found.url, f"articles were read, but nothing that lists them was found. Tried {tried}. {NAME_ANOTHER}")
    articles += _general(found, articles) if page is None and not found.sources.sitemaps else []
    hosts = guesses.hosts(_addresses(found, articles, page))
    language, timezone = _tongue(found, hosts[0])
    return Draft(
        slug=slug(hosts[0]),
        name=_name(found, hosts[0]),
        origin=found.url,
        language=language[0],
        timezone=timezone[0],
        hosts=hosts,
        discovery=[*_machine(found), *([page] if page else [])],
        articles=articles,
        charset=next((codec for codec in anatomy.codecs if codec != "utf-8"), "utf-8"),
        delay=max(pause, _PAUSE),
        gateway=found.sources.visit.manner.gateway,
        a_day=max((round(each.a_day) for each in found.machine if each.a_day), default=0) or None,
        article=_evidence(found),
        zones=found.zones,
        suffixes=anatomy.suffixes,
        published=anatomy.published,
        notes={"language": language[1], "timezone": timezone[1], **_notes(found, articles, pause)},
        more_feeds=found.sources.others,
        gaps=tuple(_gaps(found, page, apart)),
    )


def _tongue(found: Findings, host: str) -> tuple[guesses.Guess, guesses.Guess]:
    """The language and the time zone."""
    anatomy = found.anatomy
    pages = [*found.sources.feeds, *([found.home] if found.home else [])]
    declared = [*anatomy.languages, *(each.language for each in pages if each.language)]
    language = guesses.language(declared, anatomy.scripts, next(filter(None, anatomy.scripts), ""))
    return language, guesses.timezone(host, language[0], declared, anatomy.offsets)


def _name(found: Findings, host: str) -> str:
    pages = [*([found.home] if found.home else []), *found.sources.feeds]
    return guesses.name([*found.anatomy.sites, *(each.site for each in pages)], [each.title for each in pages if each.form == "html"], host)


def _general(found: Findings, articles: Sequence[Identity]) -> list[Identity]:
    """Where feeds are all there is: what they link is an article, whatever its address looks like."""
    links = [url for feed in found.sources.feeds for url in feed.links]
    known = sum(bool(applied(articles, url)[0]) for url in links)
    return whole_identity(guesses.hosts(links), links) if links and known < _COVERED * len(links) else []


def _addresses(found: Findings, articles: Sequence[Identity], page: Listing | None) -> Iterator[str]:
    """Everything that a crawl would ask for, articles first."""
    yield from (url for each in found.machine for url in each.links if applied(articles, url)[0])
    yield from (url for url, _ in found.anatomy.canonical)
    yield from (anchor.url for anchor in (found.home.anchors if found.home and page else ()) if applied(articles, anchor.url)[0])
    yield from (each.url for each in found.machine)
    yield from (page.url for page in [page] if page)


def _evidence(found: Findings) -> tuple[str, ...]:
    """What every article has and the page that lists them has not: zones, and what the head says. None where a zone is on both."""
    on_home = {name for element in (found.home.elements if found.home else ()) for name in handles(element)}
    zones = found.zones.zones
    return (*zones, *found.anatomy.evidence) if zones and not on_home & set(zones) else ()


def _machine(found: Findings) -> list[Source]:
    feeds: list[Source] = [Feed(type="feed", url=feed.url) for feed in found.sources.feeds]
    return [*(Sitemap(type="sitemap", url=each.url) for each in news_first(found.sources.sitemaps)), *feeds]


def _notes(found: Findings, articles: Sequence[Identity], pause: float) -> dict[str, str]:
    """Why a value is as it is; beside each discovery address how much of it the patterns know."""
    notes = {each.url: _told(each, articles) for each in found.machine} | {"expect": "by the dates in its feeds and sitemaps"}
    if pause > _PAUSE:
        notes["pace"] = "robots.txt asks for the pause"
    if found.zones.zones:
        strict = "; a page without one of `article` counts as no article" if _evidence(found) else ""
        notes["zones"] = f"held the text of all {found.anatomy.read} articles that were read{strict}"
    return notes


def _told(each: Survey, articles: Sequence[Identity]) -> str:
    known = sum(bool(applied(articles, url)[0]) for url in each.links)
    return f"{'a Google-News sitemap, ' if each.is_news else ''}{len(each.links)} links, {known} of them articles by the patterns below"


def _gaps(found: Findings, page: Listing | None, apart: Sequence[str]) -> Iterator[str]:
    """What was not found, or is doubtful, in sentences that say what to do."""
    anatomy, sources = found.anatomy, found.sources
    tried = f" (tried {sources.in_vain()})" if sources.tried else ""
    if not sources.feeds and not sources.sitemaps:
        yield f"neither feed nor news sitemap was found{tried}: a second view of the portal would tell what the list misses"
    if page is None:
        yield "no list of articles was found: name a front or section page with a `listing`, as a second view of the portal"
    if not found.zones.zones:
        yield f"no `zones`: {found.zones.why}. The general rules find the text without"
    if not anatomy.published and any(not origin or origin in ("visible text", "address") for origin in anatomy.origins):
        yield f"no `published`: the times were read from {', '.join(origin or 'nowhere' for origin in anatomy.origins)}"
    if anatomy.unpublished:
        yield "some page names no publisher: `own_publisher` says who publishes where the page names nobody"
    for told in tdm.told(sources.visit.reserved):
        yield f"{told}: write `tdm: obey` to leave alone what is reserved, or `tdm: {{reason: …}}` why it is read all the same"
    yield from (f"the pages also name themselves {url}, which no pattern joins to its article" for url in apart)
