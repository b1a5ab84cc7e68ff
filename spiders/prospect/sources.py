"""Where a site lists its articles for machines: feeds and sitemaps, by what its pages say and by what is usual."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from spiders.prospect.reader import Reader
from spiders.prospect.survey import Survey
from spiders.visit import AskedToWaitError, UnreadError, Visit

RESERVE = 9  # requests that are kept for the articles and a second page
FEEDS, LOOKED_AT = 3, 5  # feeds of a draft; candidates from the page that are fetched
NAMED = 12  # further feeds that a comment names
USUAL_FEEDS = ("/feed", "/rss", "/rss.xml", "/atom.xml", "/index.xml", "/feed.xml")
USUAL_SITEMAPS = ("/sitemap.xml", "/sitemap_index.xml")
LARGE = 2_000  # links of a plain sitemap from which on it is an archive, not a list of news
_FEED_LIKE = re.compile(r"(?:^|[/._-])(?:rss\w*|feeds?|atom|rdf|getrss)(?:[/._?-]|$)|\.(?:rss|rdf)$", re.IGNORECASE)
_ABOUT_FEEDS = re.compile(r"\brss\b|订阅|訂閱|feeds?\b", re.IGNORECASE)
_NEWS = re.compile(r"news|google|latest|recent|today", re.IGNORECASE)


@dataclass(slots=True)
class Sources:
    """What was found, and in `tried` what was looked for in vain. `others` are feeds that were not looked at.

    `belongs` says whether a feed or sitemap of the whole host names what the page that we look at links."""

    visit: Visit
    reader: Reader
    belongs: Callable[[Survey], bool] = lambda _found: True
    feeds: list[Survey] = field(default_factory=list)
    sitemaps: list[Survey] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    tried: list[tuple[str, str]] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)

    def find_feeds(self, home: Survey | None, root: str) -> None:
        """Those that the page names, else those at usual addresses."""
        candidates = list(dict.fromkeys(_candidates(home))) if home else []
        for number, url in enumerate(candidates):
            if number < LOOKED_AT and len(self.feeds) < FEEDS:
                self._look_for_feed(url)
        if not self.feeds:
            self._look_at_usual(root)
        known = {feed.url for feed in self.feeds}
        self.others += [url for url in candidates if url not in known and _FEED_LIKE.search(urlsplit(url).path)][:NAMED]

    def find_sitemaps(self, root: str) -> None:
        """Those of robots.txt, a news sitemap before others, else those at usual addresses; of an index the one with news."""
        try:
            named = self.visit.sitemaps(root)
        except UnreadError:
            named = []
        urls = sorted(dict.fromkeys(urljoin(root, url) for url in named), key=lambda url: not _NEWS.search(url))[:3]
        for url in urls or [urljoin(root, path) for path in USUAL_SITEMAPS]:
            if any(found.is_news for found in self.sitemaps):
                break
            self.take_sitemap(self.surveyed(url))

    def take_feed(self, found: Survey | None) -> bool:
        """Keep a feed that names something."""
        is_feed = found is not None and found.form == "feed" and bool(found.links)
        if found is not None and is_feed and all(found.url != known.url for known in self.feeds):
            self.feeds.append(found)
        return is_feed

    def take_sitemap(self, found: Survey | None) -> None:
        """Keep a sitemap that names news; of an index look at one below."""
        if found is None or found.form != "sitemap":
            return
        if found.more:
            news = next((url for url in found.more if _NEWS.search(url)), None)
            if news is None:
                self._too_much(found)
            found = self.surveyed(news) if news else None
        if found is not None and found.links and self._is_ours(found):
            if found.is_news or len(found.links) <= LARGE:
                self.sitemaps.append(found)
            else:
                self._too_much(found)

    def surveyed(self, url: str) -> Survey | None:
        """The page at `url`, once; None where it cannot be read, which is noted."""
        if url in self._asked or self.visit.left <= RESERVE:
            return None
        self._asked.add(url)
        try:
            return self.reader.survey(self.visit.page(url))
        except AskedToWaitError:
            raise
        except UnreadError as error:
            self.tried.append((urlsplit(url).path or "/", error.why.split(";")[0]))
            return None

    def in_vain(self) -> str:
        """What was looked for in vain, and why, in words."""
        why = dict.fromkeys(reason for _, reason in self.tried)
        return "; ".join(f"{', '.join(what for what, reason in self.tried if reason == each)}: {each}" for each in why)

    def _look_for_feed(self, url: str) -> None:
        """The feed at `url`, or those that the page there names: a page about RSS."""
        found = self.surveyed(url)
        if not self.take_feed(found) and found is not None and found.form == "html":
            below = [url for url in _candidates(found) if _FEED_LIKE.search(urlsplit(url).path)]
            for each in below[:FEEDS]:
                self.take_feed(self.surveyed(each))
            self.others += below[FEEDS : FEEDS + NAMED]

    def _look_at_usual(self, root: str) -> None:
        for path in USUAL_FEEDS:
            found = self.surveyed(urljoin(root, path))
            if found is not None and self._is_ours(found) and self.take_feed(found):
                return

    def _is_ours(self, found: Survey) -> bool:
        if not found.links or self.belongs(found):
            return True
        self.tried.append((found.url, "names other pages than those that are linked here"))
        return False

    def _too_much(self, found: Survey) -> None:
        self.tried.append((found.url, "a sitemap of everything, none of news"))


def _candidates(page: Survey) -> Iterator[str]:
    """Addresses that may be feeds: what the head names, links that look like one, pages whose link says RSS."""
    yield from page.feeds
    own = [anchor for anchor in page.anchors if _is_near(page.url, anchor.url)]
    yield from (anchor.url for anchor in own if _FEED_LIKE.search(_tail(anchor.url)))
    yield from (anchor.url for anchor in own if _ABOUT_FEEDS.search(anchor.text) and len(anchor.text) <= 20)


def _tail(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname or ''}{parts.path}?{parts.query}"


def _is_near(here: str, there: str) -> bool:
    """Whether a link stays with the house, or leads to one that only carries feeds for others."""
    host = urlsplit(there).hostname or ""
    house = ".".join((urlsplit(here).hostname or "").split(".")[-2:])
    return host == house or host.endswith("." + house) or host.startswith(("feeds.", "rss."))


def news_first(found: Iterable[Survey]) -> Sequence[Survey]:
    """Google-News sitemaps before plain ones."""
    return sorted(found, key=lambda each: not each.is_news)
