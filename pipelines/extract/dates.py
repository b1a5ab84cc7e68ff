"""When an article was published and changed, each with the string as printed and where it was read; htmldate drops offsets."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from itertools import chain
from zoneinfo import ZoneInfo

from lxml import html

from pipelines.extract import css
from pipelines.extract.head import Head
from pipelines.extract.lines import Line, tidy
from pipelines.extract.moments import Moment, moment, states_zone
from pipelines.extract.rules import Rules

ZONE_OF_SCRIPT = {"Hant": "Asia/Taipei", "Hans": "Asia/Shanghai", "mixed": "Asia/Shanghai"}
"""Where a page states no zone and no sheet does: its readers' one. All are UTC+8."""
_PUBLISHED_NAMES = (
    "article:published_time og:published_time og:article:published_time datepublished publishdate pubdate pubtime _pubtime publish_time"
    " publish-date publication_date publishtime weibo:article:create_at bt:pubdate parsely-pub-date sailthru.date cxenseparse:publishtime"
    " dc.date.issued dc.date dcterms.created date article.published creation_date og:release_date publishedat publish_date apub:time"
    " firstcreatetime firstpublishedtime article:create_at rnews:datepublished time"
)
_MODIFIED_NAMES = (
    "article:modified_time og:updated_time datemodified lastmod last-modified dc.date.modified weibo:article:update_at"
    " cxenseparse:modifiedtime updated_time lastmodifiedtime"
)
_PUBLISHED, _MODIFIED = tuple(_PUBLISHED_NAMES.split()), tuple(_MODIFIED_NAMES.split())
_RANKS = {name: rank for rank, name in enumerate(_PUBLISHED)}
_LABELLED = re.compile(r"发布|發布|發佈|发表|發表|出版|时间|時間|日期|来源|來源|公開|掲載|配信|published|posted|于", re.IGNORECASE)
_UPDATED = re.compile(r"更新|修改|updated|modified|last edit", re.IGNORECASE)
_DATED = re.compile(
    r"(?:19|20)\d\d\s*[-年/.]\s*\d{1,2}\s*[-月/.]\s*\d{1,2}|民[国國]\s*\d{2,3}\s*年|[A-Z][a-z]{2,8}\.? \d{1,2},? (?:19|20)\d\d"
    r"|\d{1,2} [A-Z][a-z]{2,8}\.? (?:19|20)\d\d|[:：]\s*\d\d-\d\d-\d\d"
)
_IN_URL = re.compile(r"/((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d{9})")
_STAMP_LENGTH = 160
"""A longer line is prose, and a date in it part of the story."""
_LOOKED_AT = 400
"""Lines of a page in which a visible date is sought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A moment, the string it was read from, and where that stood, with the origin of a zone that the string lacks."""

    at: Moment
    raw: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The zone for strings that state none, and who says so."""

    zone: tzinfo | None
    said_by: str

    def read(self, raw: str | None, origin: str) -> Stamp | None:
        """The stamp that `raw` gives, None where it gives none."""
        at = moment(raw, self.zone) if raw else None
        if at is None or raw is None:
            return None
        supplied = isinstance(at, datetime) and not states_zone(raw)
        return Stamp(at=at, raw=raw, origin=f"{origin}; {self.said_by}" if supplied else origin)


def clock_for(timezone: str | None, script: str | None, language: str | None) -> Clock:
    """The sheet's zone, else the one that the script or language suggests, else none: then a time without zone stays a day."""
    if timezone:
        return Clock(zone=ZoneInfo(timezone), said_by=f"zone {timezone} from the sheet")
    if script:
        name = ZONE_OF_SCRIPT[script]
        return Clock(zone=ZoneInfo(name), said_by=f"zone {name} assumed from the script {script}")
    if language in _ZONE_OF_LANGUAGE:
        name = _ZONE_OF_LANGUAGE[language]
        return Clock(zone=ZoneInfo(name), said_by=f"zone {name} assumed from the language {language}")
    return Clock(zone=None, said_by="")


_ZONE_OF_LANGUAGE = {"zh": "Asia/Shanghai", "ja": "Asia/Tokyo", "ko": "Asia/Seoul"}


def published(tree: html.HtmlElement, head: Head, rules: Rules, clock: Clock) -> Stamp | None:
    """Sheet rule, then JSON-LD, then meta; None where only visible text can tell."""
    return _most_exact(chain(_by_sheet(tree, rules, clock), _by_head(tree, head, clock)))


def modified(tree: html.HtmlElement, head: Head, rules: Rules, clock: Clock) -> Moment | None:
    """When the page says it was last changed."""
    raws = [text for rule in rules.modified for text in css.values(tree, rule)]
    raws += [raw for raw in (head.said("dateModified"), head.meta(*_MODIFIED)) if raw]
    return next((stamp.at for raw in raws if (stamp := clock.read(raw, ""))), None)


def visible(found: Sequence[Line], title: str | None, clock: Clock) -> Stamp | None:
    """The first short line with a date, a labelled one and one with a time before others, near the title before elsewhere."""
    best: tuple[int, Stamp] | None = None
    for distance, line in _after_title(found, title):
        if len(line.text) > _STAMP_LENGTH or not _DATED.search(line.text) or line.links * 2 > len(line.text):
            continue
        stamp = clock.read(_from_label(line.text), "visible text")
        if stamp is None:
            continue
        rank = (
            2 * isinstance(stamp.at, datetime)
            + bool(_LABELLED.search(line.text))
            + (distance < _NEAR) * 3
            - bool(_UPDATED.match(line.text)) * 2
        )
        if best is None or rank > best[0]:
            best = rank, stamp
    return best[1] if best else None


_NEAR = 12
"""Lines below the title in which a date is the article's own."""


def in_address(url: str, clock: Clock) -> Stamp | None:
    """The day that a URL such as /2024/06/18/ or /20240618… names."""
    found = _IN_URL.search(url)
    return clock.read("-".join(found.groups()), "address") if found else None


def refined(stamp: Stamp, other: Stamp | None) -> Stamp:
    """The other stamp where it tells the time of the same day, which this one lacks, or where this one is a meta element that some
    system rewrote after publication: the reader is shown an earlier time of that day. Whole half hours apart are zones apart."""
    if other is None or not isinstance(other.at, datetime) or _is_bare(other.at) or other.at.date() != _day(stamp.at):
        return stamp
    if _is_bare(stamp.at):
        return other
    assert isinstance(stamp.at, datetime)
    apart = (stamp.at - other.at).total_seconds()
    return other if stamp.origin.startswith("meta ") and apart > 0 and apart % 1800 >= 60 else stamp


def is_doubtful(stamp: Stamp) -> bool:
    """Whether visible text may know better: no time of day, or a meta element."""
    return _is_bare(stamp.at) or stamp.origin.startswith("meta ")


def _by_sheet(tree: html.HtmlElement, rules: Rules, clock: Clock) -> Iterator[Stamp]:
    for rule in rules.published:
        yield from filter(None, (clock.read(raw, f"sheet rule {rule.css}") for raw in css.values(tree, rule)))
    for line in rules.source_lines:
        pattern = re.compile(line.pattern)
        if "time" not in pattern.groupindex:
            continue
        texts = (tidy(css.text_of(element)) for element in css.select(tree, line.css))
        found = (match for text in texts if (match := pattern.search(text)))
        yield from filter(None, (clock.read(match["time"], f"source line {line.css}") for match in found))


def _by_head(tree: html.HtmlElement, head: Head, clock: Clock) -> Iterator[Stamp]:
    raws = [(head.said("datePublished"), "JSON-LD datePublished"), (head.said("dateCreated"), "JSON-LD dateCreated")]
    raws += sorted(((content, f"meta {name}") for name, content in head.metas if name in _RANKS), key=lambda pair: _RANKS[pair[1][5:]])
    yield from filter(None, (clock.read(raw, origin) for raw, origin in raws))
    times = css.select(tree, "time[itemprop='datePublished'], time[pubdate]")
    yield from filter(None, (clock.read(element.get("datetime"), "time element") for element in times))
    marked = (element.get("content") or element.text for element in css.select(tree, "[itemprop='datePublished']:not(meta)"))
    yield from filter(None, (clock.read(raw, "itemprop datePublished") for raw in marked))


def _most_exact(candidates: Iterator[Stamp]) -> Stamp | None:
    """The first, refined by the others; nobody asks further once it is beyond doubt."""
    first = next(candidates, None)
    while first is not None and is_doubtful(first) and (other := next(candidates, None)):
        first = refined(first, other)
    return first


def _is_bare(at: Moment) -> bool:
    return not isinstance(at, datetime) or at.time() == time(0, 0)


def _day(at: Moment) -> date:
    return at.date() if isinstance(at, datetime) else at


def _after_title(found: Sequence[Line], title: str | None) -> Iterator[tuple[int, Line]]:
    """Lines with their distance below the title; those above it count as far away, except the few right before it."""
    head = (title or "\0")[:40]
    at = next((index for index, line in enumerate(found) if line.text.startswith(head) and line.links < len(line.text)), 0)
    for index, line in enumerate(found[max(0, at - 3) : at + _LOOKED_AT]):
        yield max(0, index - min(at, 3)), line


def _from_label(text: str) -> str:
    """The text from its label of publication on, where an update's date stands before it."""
    label = _LABELLED.search(text)
    return text[label.start() :] if label and _DATED.search(text, label.start()) else text
