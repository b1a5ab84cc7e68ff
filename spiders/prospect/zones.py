"""Where a portal's articles hang: the selectors of their zone, and of what stands in it beside the text."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from lxml import html

from pipelines.extract import css
from pipelines.extract.decode import decode
from pipelines.extract.head import Head, read_head
from pipelines.extract.ladder import extract
from pipelines.extract.rules import Rules
from pipelines.extract.sift import squeeze
from pipelines.extract.tree import is_tame, parse
from pipelines.extract.zoned import by_sheet
from pipelines.identity import Identity
from pipelines.models import Article, Page
from pipelines.sheet import Sheet
from pipelines.sources import Feed
from spiders.prospect.names import element_of, handles

_HELD = 0.95
"""Share of the text's characters that an element must hold to be its zone."""
_UPWARD = 6
"""Elements above the text's own among which a stable name is sought."""
_TRIED = 12
_LAYOUTS = 3
"""Layouts of a portal; more selectors than that are accidents of the pages that were read."""
_BESIDE = 6
"""Selectors to remove; a zone that needs more is none."""
_PLAIN = frozenset(
    {"blockquote", "aside", "section", "header", "footer", "nav", "figure", "table", "form", "button", "h1", "h2", "ul", "time"}
)
"""Tags that may be removed by themselves where no text hangs in one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An article page, its tree, and what the general rules read."""

    page: Page
    tree: html.HtmlElement
    head: Head
    article: Article
    codec: str

    @property
    def keys(self) -> list[str]:
        """The letters of its paragraphs."""
        return [key for line in self.article.text.split("\n") if (key := squeeze(line))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """`zones` and `remove` as in a sheet; no zones with a `why`."""

    zones: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()
    why: str = ""


NONE = Zones()


def seen_of(page: Page) -> Seen | None:
    """The page as the general rules read it, None where it is no article."""
    article = extract(page).article
    if article is None:
        return None
    decoded = decode(page.body, page.content_type)
    tree = parse(decoded.text)
    return Seen(page=page, tree=tree, head=read_head(tree), article=article, codec=decoded.codec)


def zones_of(pages: Sequence[Page]) -> Zones:
    """The fewest selectors with the least beside the text, by which every article reads as it does by the general rules."""
    seen = [each for page in pages if (each := seen_of(page))]
    if not seen or not all(is_tame(each.tree) for each in seen):
        return Zones(why="the pages are too large to look for them")
    holders = [_holders(each) for each in seen]
    names = {name for above in holders for element in above for name in handles(element_of(element))}
    costs = {name: found for name in names if (found := _costs(seen, holders, name))}
    if set().union(*costs.values(), set()) != set(range(len(seen))):
        return Zones(why="the text's element has no stable name")
    return _cover(seen, costs) or Zones(why=_near(seen, costs))


def _near(seen: Sequence[Seen], costs: Mapping[str, Mapping[int, int]]) -> str:
    """The selector that comes nearest, and a line that keeps it from being one."""
    for name in sorted(costs, key=lambda each: _rank(costs[each], set(range(len(seen))), each))[:_TRIED]:
        beside = [_surplus(seen[number], Zones(zones=(name,))) for number in costs[name]]
        if None not in beside and len(beside) * 2 > len(seen):
            line = max(set().union(*filter(None, beside)), key=len, default="")
            held = f"{name} holds the text of {len(beside)} of {len(seen)} articles"
            return f"{held}, with lines beside it, such as `{line[:60]}`, to `drop` or `remove`" if line else held
    return "no element with a stable name holds the text, and hardly anything else, on every page"


def _holders(each: Seen) -> list[html.HtmlElement]:
    """The deepest element that holds the text, and those above it below the body."""
    element, wanted = next(iter(each.tree.iter("body")), each.tree), each.keys
    while (deeper := next((child for child in element if _holds(child, wanted)), None)) is not None:
        element = deeper
    above = [element, *element.iterancestors()]
    return [one for one in above if one.tag not in ("body", "html")][:_UPWARD]


def _holds(element: html.HtmlElement, wanted: Sequence[str]) -> bool:
    if not isinstance(element.tag, str) or element.tag in ("script", "style"):
        return False
    text = squeeze(css.text_of(element))
    return sum(len(key) for key in wanted if key in text) >= _HELD * sum(map(len, wanted))


def _costs(seen: Sequence[Seen], holders: Sequence[Sequence[html.HtmlElement]], name: str) -> dict[int, int]:
    """{page: characters in tenths of its text that the selector's first element holds}; empty where on some page that element is
    there and does not hold the text."""
    found: dict[int, int] = {}
    for number, (each, above) in enumerate(zip(seen, holders, strict=True)):
        first = next(iter(css.select(each.tree, name)), None)
        if first is not None and first not in above:
            return {}
        if first is not None:
            found[number] = 10 * len(squeeze(css.text_of(first))) // max(1, len(squeeze(each.article.text)))
    return found


def _cover(seen: Sequence[Seen], costs: Mapping[str, Mapping[int, int]]) -> Zones | None:
    """Greedily the selector that serves most of the pages not served yet, the tightest of these; None where some page stays unserved."""
    zones, remove = list[str](), dict[str, None]()
    unserved, usable = set(range(len(seen))), dict(costs)
    for _ in range(_TRIED):
        if not unserved or not usable:
            break
        name = min(usable, key=lambda each: _rank(usable[each], unserved, each))
        served = [seen[number] for number in set(usable.pop(name)) & unserved]
        beside = _beside(served, name) if served else None
        if beside is not None:
            zones.append(name)
            remove |= dict.fromkeys(beside)
            unserved -= set(costs[name])
    found = Zones(zones=tuple(zones), remove=tuple(remove))
    return found if not unserved and len(zones) <= _LAYOUTS and all(_reads_alike(each, found) for each in seen) else None


def _rank(costs: Mapping[int, int], wanted: Set[int], name: str) -> tuple[int, int, int, str]:
    served = wanted & set(costs)
    return -len(served), sum(costs[number] for number in served), len(name), name


def _beside(served: Sequence[Seen], zone: str) -> list[str] | None:
    """What must be removed from the zone so that it reads as the general rules do; None where nothing helps."""
    remove: list[str] = []
    for _ in range(_BESIDE + 1):
        found = Zones(zones=(zone,), remove=tuple(remove))
        surpluses = [(each, _surplus(each, found)) for each in served]
        worst = next(((each, surplus) for each, surplus in surpluses if surplus != set()), None)
        if worst is None:
            return remove
        each, surplus = worst
        name = next((name for name in _removable(each, surplus, zone, served) if name not in remove), None) if surplus else None
        if name is None:
            return None
        remove.append(name)
    return None


def _surplus(each: Seen, zones: Zones) -> set[str] | None:
    """The letters of the lines that the zones hold beside the text; None where they lose some of the text."""
    zoned = by_sheet(each.tree, Rules(zones=zones.zones, remove=zones.remove), each.article.title)
    keys = {key for line in (zoned.paragraphs if zoned else ()) if (key := squeeze(line))}
    return keys - set(each.keys) if set(each.keys) <= keys else None


def _reads_alike(each: Seen, zones: Zones) -> bool:
    """Whether a sheet with these zones reads the page, from its bytes on, as the general rules do."""
    read = extract(each.page, _sheet(each.page.url, zones)).article
    return read is not None and squeeze(read.text) == squeeze(each.article.text)


def _removable(each: Seen, surplus: set[str], zone: str, served: Sequence[Seen]) -> Iterator[str]:
    """Names of elements of the zone that hold a line of the surplus and, on every page, none of the text."""
    held = [element for element in css.select(each.tree, zone)[0].iterdescendants() if _is_beside(element, surplus)]
    for element in held:
        told = element_of(element)
        for name in (*handles(told), *([told.tag] if told.tag in _PLAIN else [])):
            if not any(_tells(other, zone, name) for other in served):
                yield name


def _is_beside(element: html.HtmlElement, surplus: set[str]) -> bool:
    text = squeeze(css.text_of(element)) if isinstance(element.tag, str) else ""
    return bool(text) and any(key in text for key in surplus) and len(text) <= sum(map(len, surplus)) + 10


def _tells(each: Seen, zone: str, name: str) -> bool:
    """Whether the selector finds something of the text in the page's zone."""
    text = squeeze(each.article.text)
    return any(
        squeeze(css.text_of(found)) in text
        for first in css.select(each.tree, zone)[:1]
        for found in css.select(first, name)
        if found is not first
    )


def _sheet(url: str, zones: Zones) -> Sheet:
    """A sheet with nothing but the zones."""
    return Sheet(
        slug="draft",
        name="draft",
        language="und",
        timezone="UTC",
        hosts=["draft.example"],
        discovery=[Feed(type="feed", url=url)],
        articles=[Identity(pattern="^$", key="none")],
        extract=Rules(zones=zones.zones, remove=zones.remove),
    )
