"""The list of articles on a front or section page: which links are articles, and a short CSS selector for its items."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from urllib.parse import parse_qsl, urlsplit

from pipelines.extract.script import language_of
from pipelines.sources import Listing
from spiders.prospect.names import handles
from spiders.prospect.shapes import Address, address
from spiders.prospect.survey import Anchor, Survey

FEWEST = 4
"""Articles of a list."""
_HEADLINE, _WORDS = 8, 4
"""Characters of the shortest headline in Han or Kana; words of the shortest in other scripts."""
_MOST_NAMES = 12
_CLEAN = 0.9
"""Share of a selector's links that must be articles."""
_WHOLE = 0.6
"""Share of the page's articles from which a selector covers its main list."""
_NEXT = re.compile(r"^(?:下一?[页頁]|后页|後頁|next(?: page)?|›|»|>|次へ|2)$", re.IGNORECASE)
PAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    """A selector, and how much of the list it finds and how purely."""

    item: str
    found: float
    clean: float

    @property
    def is_good(self) -> bool:
        """Whether it finds the main list and hardly anything else."""
        return self.found >= _WHOLE and self.clean >= _CLEAN

    @property
    def rank(self) -> tuple[bool, bool, float, bool, int, int]:
        """The better the smaller: good ones first, named ones before bare tags, items before their links, few steps, then short."""
        loss = 0.0 if self.is_good else 1 - self.found * self.clean
        is_bare = not re.search(r"[#.\[]|^(?:main|article)\b", self.item)
        return not self.is_good, is_bare, loss, self.item.endswith(" a"), self.item.count(" "), len(self.item)


def headlined(survey: Survey) -> list[str]:
    """Links that look like an article's: a headline's words, an address that names something; the largest kinds of them.

    Where one headline links two places, such as the article and its comments, the one on the page's own host is the article."""
    by_title: dict[str, tuple[Anchor, Address]] = {}
    here = address(survey.url)
    for anchor, each in _own(survey):
        first = by_title.get(anchor.text)
        if each.is_named and is_headline(anchor.text) and (first is None or (here and first[1].host != here.host == each.host)):
            by_title[anchor.text] = anchor, each
    by_shape: defaultdict[object, dict[object, str]] = defaultdict(dict)
    for anchor, each in by_title.values():
        by_shape[each.shape].setdefault(each.place, anchor.url)
    largest = max(map(len, by_shape.values()), default=0)
    shapes = [urls for urls in by_shape.values() if len(urls) * 4 >= largest and len(urls) > 1]
    found = [url for urls in shapes for url in urls.values()]
    return found if len(found) >= FEWEST else []


def others(survey: Survey) -> list[str]:
    """Links with words too short for a headline: rubrics, pages, comments."""
    named = {each.place for anchor, each in _own(survey) if is_headline(anchor.text)}
    return [anchor.url for anchor, each in _own(survey) if not is_headline(anchor.text) and each.place not in named]


def _own(survey: Survey) -> Iterator[tuple[Anchor, Address]]:
    """Links to the page's own site: the same host, or one that shares its last two labels."""
    here = address(survey.url)
    home = ".".join((here.host if here else urlsplit(survey.url).hostname or "").split(".")[-2:])
    for anchor in survey.anchors:
        each = address(anchor.url)
        if each is not None and (each.host == home or each.host.endswith("." + home)):
            yield anchor, each


def is_headline(text: str) -> bool:
    """Whether a link's words are as long as a headline."""
    if language_of(text, None) in ("zh", "ja", "ko"):
        return len(re.sub(r"\W", "", text)) >= _HEADLINE
    return len(text.split()) >= _WORDS


def guess(survey: Survey, is_article: Callable[[str], str | None]) -> Listing | None:
    """The page's list as a source of a sheet; `is_article` gives an address' key, None for what is no article."""
    keys = {anchor.url: is_article(anchor.url) for anchor in survey.anchors}
    wanted = {key for anchor in survey.anchors if (key := keys[anchor.url]) and is_headline(anchor.text)}
    if len(wanted) < FEWEST:
        return None
    best = _best(_Page(survey, keys, wanted))
    if best is None:
        return None
    following = next_page(survey)
    return Listing(type="listing", url=survey.url, item=best.item, next=following, pages=PAGES if following else 1)


class _Page:
    """The page's links and the names of the elements around them, looked up once."""

    def __init__(self, survey: Survey, keys: dict[str, str | None], wanted: set[str]) -> None:
        self._survey, self._keys, self._wanted = survey, keys, wanted
        self._named: defaultdict[str, set[int]] = defaultdict(set)
        for number, element in enumerate(survey.elements):
            for name in handles(element):
                self._named[name].add(number)
        self._named["a"] = {anchor.path[-1] for anchor in survey.anchors}

    def names(self) -> list[str]:
        """Names of elements that hold most of the articles' links, the commonest first."""
        held: defaultdict[str, set[str]] = defaultdict(set)
        for anchor in self._survey.anchors:
            key = self._keys[anchor.url]
            for number in anchor.path if key in self._wanted else ():
                for name in handles(self._survey.elements[number]):
                    held[name].add(key or "")
        whole = [name for name, keys in held.items() if len(keys) >= _WHOLE * len(self._wanted)]
        return sorted(whole, key=lambda name: (-len(held[name]), len(name)))[:_MOST_NAMES]

    def judged(self, item: str) -> _Guess:
        """How well a selector of one or two names finds the articles."""
        links = self._first_links(item.split(" "))
        articles = {key for url in links if (key := self._keys[url])}
        clean = sum(bool(self._keys[url]) for url in links) / len(links) if links else 0.0
        return _Guess(item=item, found=len(self._wanted & articles) / len(self._wanted), clean=clean)

    def _first_links(self, steps: Sequence[str]) -> list[str]:
        """The first link in each element that the selector finds: what a crawl follows."""
        outer, inner = self._named[steps[0]], self._named[steps[-1]]
        firsts: dict[int, str] = {}
        for anchor in self._survey.anchors:
            inside = len(steps) == 1
            for number in anchor.path:
                if inside and number in inner:
                    firsts.setdefault(number, anchor.url)
                inside = inside or number in outer
        return list(firsts.values())


def _best(page: _Page) -> _Guess | None:
    names = page.names()
    singles = [page.judged(name) for name in (*names, "a")]
    pairs = [page.judged(f"{outer} {inner}") for outer, inner in product(names, (*names, "a")) if outer != inner]
    best = min((*singles, *pairs), key=lambda each: each.rank)
    return best if best.found else None


def next_page(survey: Survey) -> str | None:
    """The address of page {n}, from a link to the second page that differs from this one in its number only."""
    for anchor in survey.anchors:
        if _NEXT.match(anchor.text) and _is_below(survey.url, anchor.url):
            numbers = [found for found in re.finditer(r"(?<![\d%])2(?!\d)", anchor.url) if found.start() > anchor.url.index("/", 8)]
            if len(numbers) == 1 and "{" not in anchor.url:
                return f"{anchor.url[: numbers[0].start()]}{{n}}{anchor.url[numbers[0].end() :]}"
    return None


def _is_below(here: str, there: str) -> bool:
    """Whether the link stays in the page's folder, and asks for the same but for the number."""
    one, other = urlsplit(here), urlsplit(there)
    kept = {pair for pair in parse_qsl(one.query) if pair[1] != "1"} <= set(parse_qsl(other.query))
    return kept and one.hostname == other.hostname and other.path.startswith(one.path.rpartition("/")[0])
