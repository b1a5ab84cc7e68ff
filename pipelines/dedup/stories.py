"""Which story an article tells: decided by containment, never by resemblance, so that a cut or merged copy is still one.

Thresholds: a trial of 5,005 altered copies against 64,199 pairs of different articles gave precision 1.000 and recall
.999 at a containment of .35; shared background reaches .25, a site's boilerplate .18.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from pipelines.dedup.reports import distinction
from pipelines.dedup.shingles import FLASH_AT_MOST, LEAD, Sketch, shared

COPY = 0.35  # share of the new text that a known one must hold, where its lead is known too
COPY_UNDER_A_NEW_LEAD = 0.5  # the same, where the lead is new: up to 45 % of copied background stays a story of its own
LEAD_KNOWN = 0.35
BEGUN = 60  # letters, an editor's note say, behind which what is known of such a lead begins; background begins further down
PART, COVERED = 0.3, 0.6  # share of a known text that makes it a part of a merged piece, of which so much is known in all
WITHOUT_LEAD, AS_MUCH = 0.75, 0.4  # shares of a text, and of what is known of the one that it stands in: a part without its lead,
AT_LENGTH = 250  # and so many shingles of it: background that news copied had 160 at most, parts without their leads that were missed these
OWN = 0.5  # share of what a part has in common with a text that stands in no nearer one
STRETCH, SAID_OTHERWISE = (
    60,
    0.25,
)  # letters around a place, and the share of them by which the stretch is a partner's in other regional words
FLASH = 12  # shingles; below that two texts are the same only if they are equal
REPORT_AT_LEAST = 100  # shingles of a full report; less is another flash
BEYOND = 0.15  # share of a text, or of a story's first piece, below which the one has nothing of the other
GOOD_PART = 0.1  # share of a merged piece from which what stands in it is one of its parts, and no line that it quotes
RELATED = 0.2  # share of a new text that a known one must hold to be its background; a site's boilerplate reaches .18
PREFACE = 40  # letters of a dateline before the flash in its full report; what quotes it further down is a story of its own
REPEATED = 8  # shingles of a flash that its full report's lead has at least: of 70 the fewest is 10, of 81 other pairs the most 6
DEVELOPED = 0.45  # share of a flash that its full report begins with: of 70 the least is .51, of other pairs so alike the most .37
WORDING = 3  # in stretches of so many letters: it is worded anew, and a flash may end with what is to come (更多細節，稍後更新)
INSIDE, NEARLY_WHOLE = 0.36, 0.85  # shares: of a text below which another that stands inside of it is no copy, unless so much of that does
QUOTED = 100  # shingles of a flash that another text may quote; what is printed with another piece is longer
SAID_AGAIN = 2  # bigrams of a flash that its report has behind it: of 62 reports all but six do, of 30 pieces behind another none
# Letters of no word: numerals and grammar.
WORDLESS = frozenset("0123456789〇零一二三四五六七八九十百千万亿两的了是在有和与及等这那也都就而将把被对为于以之个中上下年月日时")
GROWN = 2  # times as long: a full report as its flash, and whatever is told of the same story once more as what was told

DEVELOPMENT = "development"  # the role of a full report in the story of its flash


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A known article that shares shingles with the new one, the stories that it tells, and which of them it opened."""

    article_id: int
    story_ids: tuple[int, ...]
    sketch: Sketch
    opened: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One story that the article belongs to, as copy, part (of a merged piece) or development (the full report of a flash).

    `containment`: the larger of both directions; of a development the share of the flash that its lead repeats.
    """

    story_id: int
    partner_id: int
    role: str
    containment: float
    why: str


def stories_of(new: Sketch, known: list[Known]) -> list[Link]:
    """The stories that `new` joins, each with the partner that holds most of it; an empty list means that it opens its own."""
    pairs = sorted((_paired(new, other) for other in known), key=lambda pair: (-pair.held, pair.other.article_id))
    covered = _covered(new, [pair.other for pair in pairs if pair.holds >= PART])
    plain = {other.article_id: other for other in known if len(other.story_ids) == 1}
    found = _unchained([link for pair in pairs for link in _links(new, pair, covered)], new, known)
    united = [link for link in found if link.partner_id in plain] or found  # a merged piece unites nothing
    best = {link.story_id: link for link in reversed(united)}
    links = sorted(best.values(), key=lambda link: -link.containment)
    if len(links) > 1:
        links = _with_own(links, new, {other.article_id: other.sketch for other in known})
    if len(links) > 1:
        return [_as_part(link) for link in links]
    flashes = {one: other for one, other in plain.items() if developed(new, other.sketch) is not None}
    return links if links and links[0].partner_id not in flashes else _developments(new, list(flashes.values()))


def same(one: Sketch, other: Sketch) -> tuple[bool, float, str]:
    """(whether both tell one story, containment, why), whichever of them came first."""
    if one.digest == other.digest:
        return True, 1.0, "the same letters in title and text, whatever the script"
    answers = [_verdict(a, b, _share(a, b)) for a, b in ((one, other), (other, one))]
    held = max(_share(one, other), _share(other, one))
    if any(answers) and (found := distinction(one, other)):
        return False, held, found.why
    yes = [why for why in answers if why]
    yes += [_developing(a, b, share) for a, b in ((one, other), (other, one)) if (share := developed(a, b)) is not None]
    return bool(yes), held, yes[0] if yes else _why_not(one, other, held)


def outgrows(one: Sketch, other: Sketch) -> bool:
    """Whether the one text is genuinely larger than the other."""
    return len(one.runs) >= GROWN * len(other.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    """What a known article has of the new text (`held`), and the new text of it (`holds`)."""

    other: Known
    held: float
    holds: float


def _paired(new: Sketch, other: Known) -> _Pair:
    count = shared(new.shingles, other.sketch.shingles)
    return _Pair(other=other, held=count / max(1, len(new.shingles)), holds=count / max(1, len(other.sketch.shingles)))


def _is_part(new: Sketch, pair: _Pair, covered: float) -> bool:
    """Whether so much of the other text stands in the new one, as a part does, or as much as all else that is known of it."""
    is_much = pair.held >= AS_MUCH * covered and not is_inside(new, pair.other.sketch)
    return pair.holds >= PART and (is_much or carries(new, pair.other.sketch))


def carries(whole: Sketch, part: Sketch) -> bool:
    """Whether the part stands there with its lead, nearly whole, or at length: what little does from behind its lead is background, or a
    footer."""
    count = shared(part.shingles, whole.shingles)
    return count >= min(WITHOUT_LEAD * len(part.shingles), AT_LENGTH) or _begins(part, whole, BEGUN)


def _links(new: Sketch, pair: _Pair, covered: float) -> list[Link]:
    other = pair.other
    why = "equal letters" if new.digest == other.sketch.digest else _verdict(new, other.sketch, pair.held)
    if not why and covered >= COVERED and len(other.sketch.shingles) >= FLASH and _is_part(new, pair, covered):
        why = f"holds {pair.holds:.0%} of article {other.article_id}, and {covered:.0%} of it is known"
    if not why or distinction(new, other.sketch):
        return []
    held = round(max(pair.held, pair.holds), 3)
    return [Link(story_id=story, partner_id=other.article_id, role="copy", containment=held, why=why) for story in other.story_ids]


def _with_own(links: list[Link], new: Sketch, known: Mapping[int, Sketch]) -> list[Link]:
    """The links but for those by text that stands in a nearer partner too: whose background is ours makes us no part of it."""
    taken, kept = np.zeros(len(new.runs), dtype=np.bool_), list[Link]()
    for link in sorted(links, key=lambda link: -resemblance(new, known[link.partner_id])):
        stands = np.isin(new.runs, known[link.partner_id].shingles)
        if not kept or np.count_nonzero(stands & ~taken) >= OWN * np.count_nonzero(stands):
            kept.append(link)
            taken |= stands | _mostly(stands)
    return [link for link in links if link in kept]


def _mostly(stands: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The places around which so much stands in a partner that the rest is its own words, as another region says them."""
    around = np.cumsum(np.pad(stands, (STRETCH // 2 + 1, STRETCH // 2 - 1)), dtype=np.int64)
    return around[STRETCH:] - around[:-STRETCH] >= SAID_OTHERWISE * STRETCH


def resemblance(one: Sketch, other: Sketch) -> float:
    """What two texts have in common, of all that both have."""
    count = shared(one.shingles, other.shingles)
    return count / max(1, len(one.shingles) + len(other.shingles) - count)


def _unchained(links: list[Link], new: Sketch, known: list[Known]) -> list[Link]:
    """The links without those by a merged piece that has beside `new` what tells its story, and of which `new` has nothing.

    So it is the same whether a merged piece comes before its parts, between them or last: it unites none of them.
    """
    strangers = [other for other in known if max(_share(new, other.sketch), _share(other.sketch, new)) < BEYOND]
    by_id = {other.article_id: other for other in known}
    return [link for link in links if not any(_stands_beside(other, link.story_id, by_id[link.partner_id]) for other in strangers)]


def _stands_beside(other: Known, story: int, merged: Known) -> bool:
    """Whether `other` opened that story, or tells it alone and is a good part of the merged text, and was no flash of it."""
    if story not in other.opened and (other.story_ids != (story,) or _share(merged.sketch, other.sketch) < GOOD_PART):
        return False
    if other.article_id < merged.article_id and len(merged.story_ids) == 1 and _develops(merged.sketch, other.sketch):
        return not _goes_on(merged.sketch, other.sketch)
    return _share(other.sketch, merged.sketch) >= PART


def _develops(new: Sketch, other: Sketch) -> bool:
    """Whether `other` is a flash, and `new` begins as it does and goes far beyond: its full report, be it that most of it is known."""
    is_flash = len(other.shingles) >= FLASH and len(other.runs) <= FLASH_AT_MOST
    return is_flash and len(new.runs) >= REPORT_AT_LEAST and outgrows(new, other) and _repeated(new, other) >= DEVELOPED


def developed(new: Sketch, flash: Sketch) -> float | None:
    """The share of the flash that its full report begins with; None where the one is no full report of the other."""
    return _repeated(new, flash) if _develops(new, flash) and distinction(new, flash) is None else None


def _developing(new: Sketch, flash: Sketch, share: float, name: str = "") -> str:
    return f"its lead repeats {share:.0%} of the flash{name}, and it is {len(new.runs) / len(flash.runs):.1f} times as long"


def _developments(new: Sketch, flashes: list[Known]) -> list[Link]:
    if not flashes:
        return []
    flash = max(flashes, key=lambda other: _repeated(new, other.sketch))
    share = _repeated(new, flash.sketch)
    why = _developing(new, flash.sketch, share, f" {flash.article_id}")
    return [Link(story_id=flash.story_ids[0], partner_id=flash.article_id, role=DEVELOPMENT, containment=round(share, 3), why=why)]


def _repeated(new: Sketch, flash: Sketch) -> float:
    """Share of the flash that the new text repeats where it begins, in stretches of a few letters: a desk words its report anew."""
    if shared(flash.shingles, new.lead) < REPEATED or not _begins(new, flash, PREFACE):
        return 0.0
    return sum(block.size for block in _opening(new, flash)) / len(flash.letters)


def _opening(new: Sketch, flash: Sketch) -> list[Match]:
    """Where the new text's beginning has the flash, in order."""
    opening = new.letters[: PREFACE + GROWN * len(flash.letters)]
    blocks = SequenceMatcher(None, flash.letters, opening, autojunk=False).get_matching_blocks()
    return [block for block in blocks if block.size >= WORDING]


def _goes_on(report: Sketch, flash: Sketch) -> bool:
    """Whether the text says some of the flash's words again behind it; a piece that was printed behind a flash does not."""
    last = _opening(report, flash)[-1]
    return len(_bigrams(flash.letters) & _bigrams(report.letters[last.b + last.size :])) >= SAID_AGAIN


def is_inside(text: Sketch, other: Sketch) -> bool:
    """Whether what both have is so little of the other, and stands inside of it, that it is background there, or a flash that it quotes.

    A part that was printed there with another piece stands there nearly whole, and is longer than a flash that is quoted."""
    if _share(other, text) >= INSIDE or (len(text.runs) > QUOTED and _share(text, other) >= NEARLY_WHOLE):
        return False
    places = np.flatnonzero(np.isin(other.runs, text.shingles))
    return len(places) >= FLASH and bool(places[len(places) // 10] > BEGUN)


def inside(text: Sketch, other: Sketch) -> str | None:
    """Why the text is no copy of the other although so much of it stands there; None where that is not so."""
    held, holds = _share(text, other), _share(other, text)
    if held < COPY or not is_inside(text, other):
        return None
    where = f"{held:.0%} of the one text stands inside of the other and is {holds:.0%} of it"
    return f"{where}, background or a quote there: a copy is {INSIDE:.0%}"


def _bigrams(text: str) -> set[str]:
    return {one + other for one, other in pairwise(text) if one not in WORDLESS and other not in WORDLESS}


def _begins(new: Sketch, other: Sketch, behind: int) -> bool:
    """Whether what the lead has of `other` begins after so many letters; a tenth of it may stand before, by chance."""
    places = np.flatnonzero(np.isin(new.runs[:LEAD], other.shingles))
    return bool(len(places)) and bool(places[len(places) // 10] <= behind)


def _verdict(new: Sketch, other: Sketch, held: float) -> str:
    if min(len(new.shingles), len(other.shingles)) < FLASH:
        return "equal text" if held == 1.0 and len(new.shingles) == len(other.shingles) else ""
    if is_inside(new, other):
        return ""
    begins = _begins(new, other, BEGUN)
    if held >= COPY_UNDER_A_NEW_LEAD and (begins or _begins(other, new, BEGUN) or _share(other, new) >= COPY_UNDER_A_NEW_LEAD):
        return f"{held:.0%} of the text is known"
    lead = shared(new.lead, other.shingles) / max(1, len(new.lead))
    if held >= COPY and lead >= LEAD_KNOWN and begins and (_share(other, new) >= INSIDE or _begins(other, new, BEGUN)):
        return f"{held:.0%} of the text and {lead:.0%} of its lead are known"
    return ""


def _why_not(one: Sketch, other: Sketch, held: float) -> str:
    if min(len(one.shingles), len(other.shingles)) < FLASH:
        return "too short to be the same without being equal"
    if (told := next(filter(None, (inside(one, other), inside(other, one))), None)) is not None:
        return told
    lead = f"a lead known from its first {BEGUN} letters on"
    return f"only {held:.0%} is shared; {COPY:.0%} with {lead}, or {COPY_UNDER_A_NEW_LEAD:.0%} without, is needed"


def _share(part: Sketch, whole: Sketch) -> float:
    return shared(part.shingles, whole.shingles) / max(1, len(part.shingles))


def _covered(new: Sketch, parts: list[Known]) -> float:
    """Share of the text that stands in those of which it holds a part: what many share by chance makes no merged piece."""
    if not parts or not len(new.shingles):
        return 0.0
    return shared(new.shingles, np.unique(np.concatenate([other.sketch.shingles for other in parts]))) / len(new.shingles)


def _as_part(link: Link) -> Link:
    return Link(story_id=link.story_id, partner_id=link.partner_id, role="part", containment=link.containment, why=link.why)
