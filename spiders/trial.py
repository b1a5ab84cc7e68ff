"""A sheet tried on its portal now: what each discovery address names, which of it are articles, and how five of them read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from pipelines.models import Article, Page, PageKind, Reading
from pipelines.sheet import Sheet
from pipelines.sources import Api, Source
from spiders.discovery import Listed
from spiders.prospect.reader import Reader
from spiders.visit import UnreadError, Visit

FIVE = 5
SPARE = 2  # further articles that are tried where one cannot be fetched
SHOWN = 5  # links without a pattern that are shown of a source
SHORT = 100  # characters below which a text is worth a look
POOR = 0.5  # quality below which a reading is
SITEMAPS = 2  # sitemaps of an index that are read


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of one discovery address. `articles` are {key: address}; `unmatched` and `foreign` links that no pattern, and no
    host of the sheet, knows."""

    url: str
    kind: str
    links: int = 0
    articles: Mapping[str, str]
    unmatched: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """How one article reads. `why` says what the page is where it is no article, or why it could not be fetched."""

    url: str
    key: str | None
    article: Article | None
    why: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """All of it. `troubles` are what a person must mend, `warnings` what one should look at."""

    sources: tuple[Tried, ...]
    proofs: tuple[Proof, ...]
    troubles: tuple[str, ...]
    warnings: tuple[str, ...]


def trial(sheet: Sheet, visit: Visit, reader: Reader) -> Trial:
    """Read the sheet's listings and up to five of their articles; nothing is kept."""
    sources = tuple(tried(sheet, source, visit, reader) for source in sheet.discovery)
    proofs = tuple(proofs_of(sheet, spread([source.articles for source in sources]), visit, reader))
    return Trial(sources=sources, proofs=proofs, troubles=tuple(_troubles(sources, proofs)), warnings=tuple(_warnings(sheet, sources)))


def tried(sheet: Sheet, source: Source, visit: Visit, reader: Reader) -> Tried:
    """One discovery address, read as a crawl reads its first page."""
    try:
        listed = _listed(source, visit, reader)
    except UnreadError as error:
        return Tried(url=source.url, kind=source.type, articles={}, why=error.why)
    urls = list(dict.fromkeys(link.url for link in listed.links))
    known = {url: sheet.identify(url) for url in urls}
    served = [identity for identity in known.values() if identity and sheet.serves(identity[1])]
    return Tried(
        url=source.url,
        kind=source.type,
        links=len(urls),
        articles=_firsts(served),
        unmatched=tuple(url for url, identity in known.items() if identity is None),
        foreign=tuple(url for url, identity in known.items() if identity and not sheet.serves(identity[1])),
        why=listed.why or (None if served else "no article link on it"),
    )


def _listed(source: Source, visit: Visit, reader: Reader) -> Listed:
    body = source.body_of(1) if isinstance(source, Api) else None
    listed = reader.listing(source, visit.page(source.url, dict(body) if body else None))
    links = [*listed.links]
    for url in listed.more[:SITEMAPS]:
        below = reader.listing(source, visit.page(url))
        links += below.links
    return Listed(links=tuple(links), why=listed.why)


def spread(found: Sequence[Mapping[str, str]]) -> list[tuple[str, str]]:
    """(key, address) of articles, one of each listing in turn, each key once."""
    return list(_firsts(pair for row in zip_longest(*(each.items() for each in found)) for pair in row if pair is not None).items())


def _firsts(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, url in pairs:
        found.setdefault(key, url)
    return found


def proofs_of(sheet: Sheet, found: Sequence[tuple[str, str]], visit: Visit, reader: Reader) -> Iterator[Proof]:
    """Up to five articles fetched and read; a few more are tried where one cannot be had."""
    read = 0
    for key, url in found[: FIVE + SPARE]:
        if read == FIVE:
            return
        try:
            page = visit.get(url)
        except UnreadError as error:
            yield Proof(url=url, key=key, article=None, why=error.why)
            if error.final:
                return
            continue
        read += 1
        yield proof(sheet, key, page, reader)


def proof(sheet: Sheet, key: str | None, page: Page, reader: Reader) -> Proof:
    """The page as the sheet reads it, with what is odd about the reading."""
    reading = reader.read(page, sheet)
    article = reading.article if reading.kind is PageKind.ARTICLE else None
    odd = (*(() if key else ("no pattern of the sheet knows its address",)), *(_odd(sheet, reading, article) if article else ()))
    return Proof(url=page.url, key=key, article=article, why=f"{reading.kind}: {reading.why}", warnings=odd)


def _odd(sheet: Sheet, reading: Reading, article: Article) -> Iterator[str]:
    if not article.title:
        yield "no title"
    if article.published_at is None:
        yield "no time of publication"
    elif "; zone" in (article.published_from or "") and "from the sheet" not in (article.published_from or ""):
        yield f"its time states no zone ({article.published_from})"
    if not article.publisher:
        yield "no publisher: name it in `own_publisher`, or where the page does in `publisher` or `source_lines`"
    if sheet.extract.zones and not article.rung.startswith("sheet"):
        yield "none of the sheet's zones is on the page"
    if len(article.text) < SHORT:
        yield f"only {len(article.text)} characters of text"
    if article.quality is not None and article.quality < POOR:
        yield f"the reading is poor (quality {article.quality:.2f}; {reading.why})"


def _troubles(sources: Iterable[Tried], proofs: Sequence[Proof]) -> Iterator[str]:
    for source in sources:
        if source.why:
            yield f"{source.url}: {source.why}"
        elif source.foreign and not source.articles:
            yield f"{source.url}: its articles lie on other hosts than the sheet's `hosts`"
    if not any(proof.article for proof in proofs):
        yield "no article was read"


def _warnings(sheet: Sheet, sources: Sequence[Tried]) -> Iterator[str]:
    found = {key for source in sources for key in source.articles}
    a_day = sheet.expect.articles_a_day
    if a_day and len(found) * 4 < a_day:
        yield f"the listings name {len(found)} articles; the sheet expects {a_day} a day, and a day's worth should not slip through"
    for source in sources:
        if source.foreign:
            yield f"{source.url}: {len(source.foreign)} articles lie on hosts that the sheet does not name, first {source.foreign[0]}"
