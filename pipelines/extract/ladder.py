"""Page to Reading: which rung gives the text, and everything else that an article carries. One parse, one tree."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

from lxml import html

from pipelines.extract import bylines, css, dates, headline, images, opinions, paging, remarks
from pipelines.extract.address import own_address
from pipelines.extract.decode import Decoded, decode
from pipelines.extract.head import Head, read_head
from pipelines.extract.kind import SHORT, Evidence, kind_of
from pipelines.extract.learned import Hashes, hashes_of, without_learned
from pipelines.extract.lines import Line, PageLines
from pipelines.extract.locate import zone
from pipelines.extract.phrases import SENTENCE_END
from pipelines.extract.quality import Signs, against, quality_of
from pipelines.extract.rules import Rules
from pipelines.extract.script import language_of, script_of
from pipelines.extract.sift import squeeze
from pipelines.extract.state import plant
from pipelines.extract.title import title_of
from pipelines.extract.tree import MAX_BYTES, parse
from pipelines.extract.zoned import Zoned, by_search, by_sheet
from pipelines.models import Article, Page, PageKind, Reading

if TYPE_CHECKING:
    from pipelines.sheet import Sheet

_SHEET = "sheet zone"
_WHOLE = 0.98
"""Share of a zone's characters that trafilatura must return for its reading to count as the zone's."""
_AROUND = 40
"""Lines from the top of the page, and of the zone, in which credits are sought."""
_FEWEST = 12
"""Characters of the shortest flash."""
_NEXT_TO_NOTHING = 50
"""Characters below which even readability, which takes in too much, knows better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A page, decoded and parsed once, and what its head says."""

    url: str
    decoded: Decoded
    tree: html.HtmlElement
    head: Head
    lines: PageLines
    title: str | None
    rules: Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """The paragraphs, the rung that gave them, and what stood among them."""

    paragraphs: tuple[str, ...] = ()
    rung: str = "nothing"
    captions: tuple[str, ...] = ()
    rights: tuple[str, ...] = ()
    zone: Zoned | None = None
    kept: float | None = None

    @property
    def text(self) -> str:
        return "\n".join(self.paragraphs)


def extract(page: Page, sheet: "Sheet | None" = None, learned: Collection[int] = ()) -> Reading:
    """What the page is and, where it is one, its article. Any bytes give a Reading; more than 10 MiB are cut.

    The rungs: the sheet's zone, read by trafilatura where more than plain paragraphs stand in it; a zone found by the weight of its
    lines, read by trafilatura; trafilatura on the whole page; where these are poor JSON-LD, the page's own script state, what stands
    below the headline, readability. `learned` are lines that the portal's pages share; they are no text where no sheet's zone gave it.
    """
    try:
        return _extracted(page, sheet, learned)
    finally:
        css.forget()


def _extracted(page: Page, sheet: "Sheet | None", learned: Collection[int]) -> Reading:
    rules = sheet.extract if sheet else Rules()
    seen = _seen(page, rules, sheet.charset if sheet else None)
    shared: Hashes = ()
    absent = bool(rules.article) and css.first_of(seen.tree, rules.article) is None
    body = _Body() if absent else _body(seen)
    if not body.rung.startswith(_SHEET):
        shared, body = hashes_of(body.paragraphs), replace(body, paragraphs=without_learned(body.paragraphs, learned))
    kind, why = kind_of(
        Evidence(
            status=page.status,
            tree=seen.tree,
            head=seen.head,
            page=seen.lines,
            text=body.text,
            absent=absent,
            expected=bool(absent and sheet and sheet.identify(page.url)),
            zoned=body.rung.startswith(_SHEET),
            walled=css.first_of(seen.tree, rules.paywall) is not None,
        )
    )
    if kind is not PageKind.ARTICLE:
        return Reading(kind=kind, why=why)
    return Reading(
        kind=kind,
        why=why,
        article=_article(seen, body, sheet),
        next=paging.next_page(seen.tree, page, sheet),
        lines=shared,
        thread=paging.thread_page(seen.tree, page, sheet, 1),
    )


def _seen(page: Page, rules: Rules, charset: str | None) -> _Seen:
    decoded = decode(page.body[:MAX_BYTES], page.content_type, charset)
    tree = parse(decoded.text)
    plant(tree, rules.state)
    head = read_head(tree)
    found = PageLines(tree)
    return _Seen(url=page.url, decoded=decoded, tree=tree, head=head, lines=found, title=title_of(tree, head, rules, found), rules=rules)


def _body(seen: _Seen) -> _Body:
    sheet_zone = by_sheet(seen.tree, seen.rules, seen.title)
    if sheet_zone and _is_plain(sheet_zone):
        return _as_it_stands(sheet_zone, _SHEET)
    if sheet_zone:
        return _confirmed(sheet_zone, _SHEET)
    sample = "".join(line.text for line in seen.lines.all) or seen.title or ""
    han = language_of(sample, None) == "zh"
    return _second_opinion(seen, _by_search(seen) if han else _by_trafilatura(seen), _by_trafilatura if han else _by_search)


def _is_plain(zoned: Zoned) -> bool:
    """Whether the zone is nothing but paragraphs without a link: of these trafilatura leaves out none, so it is not asked.
    It would take a third of the time that such a page costs."""
    return all(line.links == 0 for line in zoned.text)


def _confirmed(zoned: Zoned, rung: str) -> _Body:
    """The zone's paragraphs as trafilatura reads them; as they stand where it would lose some."""
    read = opinions.of_zone(zoned.paragraphs)
    whole = sum(map(len, read)) >= _WHOLE * sum(map(len, zoned.paragraphs))
    taken = _as_it_stands(zoned, rung)
    return replace(taken, paragraphs=tuple(read), rung=f"{rung}, trafilatura") if whole else taken


def _as_it_stands(zoned: Zoned, rung: str) -> _Body:
    return _Body(paragraphs=tuple(zoned.paragraphs), rung=rung, captions=zoned.captions, rights=zoned.rights, zone=zoned, kept=zoned.kept)


def _by_search(seen: _Seen) -> _Body:
    element = zone(seen.lines.all, below=headline.position(seen.lines.all, seen.title) + 1)
    zoned = by_search(element, seen.rules, seen.title) if element is not None else None
    return _confirmed(zoned, "found zone") if zoned and zoned.text else _Body()


def _by_trafilatura(seen: _Seen) -> _Body:
    read = opinions.of_page(seen.tree)
    if read and squeeze(read[0]) == squeeze(seen.title or ""):
        read = read[1:]
    return _Body(paragraphs=tuple(read), rung="page, trafilatura") if read else _Body()


def _second_opinion(seen: _Seen, found: _Body, other: Callable[[_Seen], _Body]) -> _Body:
    """Asked only where the answer is short; what the page tells machines is believed sooner than what surrounds the text."""
    if len(squeeze(found.text)) >= SHORT:
        return found
    found = _better(found, _Body(paragraphs=tuple(opinions.linked_body(seen.head)), rung="JSON-LD"), 1.2)
    found = _better(found, _Body(paragraphs=tuple(opinions.state_body(seen.tree)), rung="script state"), 1.2)
    if len(squeeze(found.text)) >= _NEXT_TO_NOTHING or _is_flash(seen, found):
        return found
    if anchored := _below_headline(seen):
        return anchored
    found = _better(found, other(seen), 2.0)
    read = opinions.readability(seen.tree)
    return _better(found, _Body(paragraphs=tuple(read) if SENTENCE_END.search("\n".join(read)) else (), rung="readability"), 2.0)


def _is_flash(seen: _Seen, found: _Body) -> bool:
    """Whether the text, short as it is, is a whole sentence right below the headline."""
    return bool(found.paragraphs and SENTENCE_END.search(found.text)) and headline.is_below(seen.lines.all, seen.title, found.paragraphs[0])


def _below_headline(seen: _Seen) -> _Body | None:
    """What stands below the headline where no sentence was found: a poem, a flash without a full stop."""
    told = headline.below(seen.lines.all, seen.title)
    text = tuple(line.text for line in told)
    return _Body(paragraphs=text, rung="below headline") if len(squeeze("".join(text))) >= _FEWEST else None


def _better(first: _Body, second: _Body, factor: float) -> _Body:
    return second if len(squeeze(second.text)) > factor * len(squeeze(first.text)) else first


def _article(seen: _Seen, body: _Body, sheet: "Sheet | None") -> Article:
    told = f"{seen.title or ''}\n{body.text}"
    script, language = script_of(told), language_of(told, seen.head.language)
    clock = dates.clock_for(sheet.timezone if sheet else None, script, language)
    url = own_address(seen.url, seen.head.canonical, seen.head.base, sheet)
    stamp = _stamp(seen, clock, url)
    around = cache(lambda: _around(seen, body))
    credited = bylines.credits_of(seen.tree, seen.head, seen.rules, around)
    return Article(
        url=url,
        title=seen.title or "",
        text=body.text,
        published_at=stamp.at if stamp else None,
        published_from=stamp.origin if stamp else None,
        published_raw=stamp.raw if stamp else None,
        modified_at=dates.modified(seen.tree, seen.head, seen.rules, clock),
        publisher=tuple(credit.publisher for credit in credited),
        publisher_from=credited,
        author=bylines.author_of(seen.tree, seen.head, seen.rules, around),
        section=bylines.section_of(seen.tree, seen.head, seen.rules),
        rights="\n".join(body.rights) or None,
        language=language,
        script=script,
        captions=body.captions,
        images=images.images_of(body.zone, seen.head, seen.head.base or url),
        comment_count=remarks.comment_count_of(seen.tree, seen.rules),
        reactions=remarks.reactions_of(seen.tree, seen.rules),
        comments=remarks.comments_of(seen.tree, seen.rules, clock),
        rung=body.rung,
        quality=_quality(seen, body, stamp is not None),
        codec=seen.decoded.codec,
        codec_why=seen.decoded.why,
    )


def _quality(seen: _Seen, body: _Body, has_time: bool) -> float:
    by_sheet = body.rung.startswith(_SHEET)
    linked, covered = (None, None) if by_sheet else against(seen.lines.all, body.paragraphs)
    signs = Signs(
        rung=body.rung,
        paragraphs=body.paragraphs,
        kept=None if by_sheet else body.kept,
        linked=linked,
        covered=covered,
        described=seen.head.meta("og:description", "description") or seen.head.said("description"),
        body="\n".join(opinions.linked_body(seen.head)) if body.rung != "JSON-LD" else None,
        has_title=bool(seen.title),
        has_time=has_time,
    )
    return quality_of(signs)


def _stamp(seen: _Seen, clock: dates.Clock, url: str) -> dates.Stamp | None:
    stamp = dates.published(seen.tree, seen.head, seen.rules, clock)
    shown = dates.visible(seen.lines.all, seen.title, clock) if stamp is None or dates.is_doubtful(stamp) else None
    if stamp:
        return dates.refined(stamp, shown)
    return shown or dates.in_address((url if seen.url else seen.head.canonical) or "", clock)


def _around(seen: _Seen, body: _Body) -> Sequence[Line]:
    """The lines near the headline and at the text's both ends, where credits stand."""
    page, title, last = seen.lines.all, seen.title or "\0", body.paragraphs[-1:]
    at = next((index for index, line in enumerate(page) if line.text == title), None)
    if at is None:
        key = squeeze(title)
        at = next((index for index, line in enumerate(page) if squeeze(line.text) == key), 0)
    end = next((index for index, line in enumerate(page) if line.text in last), len(page))
    return (*page[at : at + _AROUND], *page[max(0, end - 2) : end + 6])
