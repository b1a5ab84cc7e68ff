"""A look at a site: feeds, sitemaps, lists; from their links the identity; from five articles the rules; a draft with its proof."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin

from pipelines.identity import Identity
from pipelines.models import Page, PageKind
from spiders.prospect import guesses, listing
from spiders.prospect.draft import Draft
from spiders.prospect.drafting import NAME_ANOTHER, Findings, drafted
from spiders.prospect.forms import applied, identities, keyed
from spiders.prospect.identity import families, whole_identity
from spiders.prospect.reader import Reader
from spiders.prospect.shapes import address
from spiders.prospect.sources import Sources, news_first
from spiders.prospect.survey import Survey
from spiders.trial import FIVE, SPARE, Proof, proof, spread
from spiders.visit import AskedToWaitError, UnreadError, Visit, refuse_unread

_UNKNOWN = "no article was found. Tried {tried}. " + NAME_ANOTHER
_UNREAD = "links were found, but none of them read as an article: {why}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A drafted sheet, and how it read five articles."""

    draft: Draft
    proofs: tuple[Proof, ...]


def look(url: str, visit: Visit, reader: Reader, slug: Callable[[str], str], feeds: Sequence[str] = ()) -> Prospect:
    """Look at the site of `url` (a front or section page, a feed, a sitemap or an article) and draft its sheet.

    `slug` names the sheet by the host; `feeds` are known ones. UnreadError where the portal cannot be read, or holds no article."""
    return _Look(url=url, sources=Sources(visit, reader), feeds=feeds).drafted(slug)


@dataclass(slots=True, kw_only=True)
class _Look:
    """One look. `home` is the page that lists articles; `example` an article that the person named."""

    url: str
    sources: Sources
    feeds: Sequence[str] = ()
    home: Survey | None = None
    example: Page | None = None
    pages: list[Page] = field(default_factory=list)
    refused: list[Proof] = field(default_factory=list)

    @property
    def visit(self) -> Visit:
        return self.sources.visit

    @property
    def reader(self) -> Reader:
        return self.sources.reader

    def drafted(self, slug: Callable[[str], str]) -> Prospect:
        """The draft, and the five articles read with it."""
        self._enter()
        self._find()
        known = self._known()
        headlined = listing.headlined(self.home) if self.home else []
        own = applied(known, self.example.url)[0] if self.example else None
        found = spread([keyed(known, links) for links in (*self._listed(), headlined)])
        self._fetch([url for key, url in found if key != own])
        anatomy = self.reader.anatomy(self.pages)
        if not anatomy.read:
            why = next((each.why for each in self.refused), anatomy.why)
            raise UnreadError(self.url, _UNREAD.format(why=why))
        zones = self.reader.zones(self.pages)
        draft = drafted(Findings(url=self.url, home=self.home, sources=self.sources, known=known, anatomy=anatomy, zones=zones), slug)
        sheet = draft.sheet()
        read = [proof(sheet, applied(draft.articles, page.url)[0], page, self.reader) for page in self.pages]
        return Prospect(draft=draft, proofs=(*read, *self.refused))

    def _find(self) -> None:
        """Feeds and sitemaps."""
        self.sources.belongs = self._belongs
        root = urljoin(self.home.url if self.home else self.url, "/")
        self.visit.look_up_reserved(root)
        for feed in self.feeds:
            self.sources.take_feed(self.sources.surveyed(feed))
        if not self.sources.feeds:
            self.sources.find_feeds(self.home, root)
        if not self.sources.sitemaps:
            self.sources.find_sitemaps(root)

    def _enter(self) -> None:
        """Read the address that was named, and what it leads to: a front page, feeds, sitemaps, one article."""
        page = self._page(self.url)
        if page is None:
            return
        entered = self.reader.survey(page)
        if entered.is_refusal:
            raise UnreadError(
                self.url, f"the portal refuses us with a challenge ({entered.why}); name a feed that it offers to readers", final=True
            )
        if entered.form == "feed":
            self.sources.take_feed(entered)
            self.home = self.sources.surveyed(entered.home) if entered.home.startswith("http") else None
        elif entered.form == "sitemap":
            self.sources.take_sitemap(entered)
            self.home = self.sources.surveyed(urljoin(page.url, "/"))
        elif _is_article(entered):
            self.example = page
            self.home = self.sources.surveyed(urljoin(page.url, "/"))
        else:
            self.home = entered

    def _page(self, url: str) -> Page | None:
        """The page; None where it is missing, which other addresses of the site may make good."""
        page = self.visit.get(url)
        if page.status in (404, 410):
            self.sources.tried.append((url, f"answered {page.status}"))
            return None
        refuse_unread(page)
        return page

    def _belongs(self, found: Survey) -> bool:
        """Whether a fifth of what it names has the form of the links on the page; on a page without such links, always."""
        known = identities(families(listing.headlined(self.home))) if self.home else []
        return not known or 5 * sum(bool(applied(known, url)[0]) for url in found.links) >= len(found.links)

    def _known(self) -> list[Identity]:
        """The identities of all that is listed. UnreadError where nothing is."""
        urls = [*(url for links in self._listed() for url in links), *([self.example.url] if self.example else [])]
        urls += listing.headlined(self.home) if self.home else []
        found = identities(families(urls, listing.others(self.home) if self.home else (), dict(self._titles())))
        known = found or (whole_identity(guesses.hosts(urls), urls) if self.sources.feeds else [])
        if not known and self.home:
            self.sources.tried.append((self.home.url, f"of its {len(self.home.anchors)} links too few look like headlines of articles"))
        if not known:
            raise UnreadError(self.url, _UNKNOWN.format(tried=self.sources.in_vain()))
        return known

    def _titles(self) -> Iterator[tuple[str, str]]:
        """The words that link an address."""
        yield from ((anchor.url, anchor.text) for anchor in (self.home.anchors if self.home else ()))
        for each in (*self.sources.feeds, *self.sources.sitemaps):
            yield from zip(each.links, each.titles, strict=True)

    def _listed(self) -> list[Sequence[str]]:
        """The links of feeds and sitemaps; a sitemap that is not of news names other pages too."""
        sitemaps = news_first(self.sources.sitemaps)
        return [
            each.links if each.is_news or each.form == "feed" else list(filter(_is_named, each.links))
            for each in (*self.sources.feeds, *sitemaps)
        ]

    def _fetch(self, urls: Sequence[str]) -> None:
        """Five articles, the one that was named first; a few more are tried where one is none or cannot be had."""
        self.pages += [self.example] if self.example else []
        for url in urls[: FIVE + SPARE]:
            if len(self.pages) == FIVE:
                return
            try:
                page = self.visit.page(url)
            except AskedToWaitError:
                raise
            except UnreadError as error:
                self.refused.append(Proof(url=url, key=None, article=None, why=error.why))
                if error.final:
                    return
                continue
            reading = self.reader.read(page)
            if reading.kind is PageKind.ARTICLE:
                self.pages.append(page)
            else:
                self.refused.append(Proof(url=url, key=None, article=None, why=f"{reading.kind}: {reading.why}"))


def _is_named(url: str) -> bool:
    there = address(url)
    return there is not None and there.is_named


def _is_article(page: Survey) -> bool:
    """Whether the page that was named is one article: it reads as one, its address names something, and it says so or lists nothing."""
    return page.kind == PageKind.ARTICLE and _is_named(page.url) and (page.is_vouched or not listing.headlined(page))
