"""Which stories are told twice: `python -m bench.stories [--originals 500]` prints recall and precision by kind of copy,
`--recorded` the same on recorded real pages (where PORTALWATCH_SHARED lies), `--scale` what keeping an article costs as the
archive grows (bench/growth.py).

Every original is kept in a real index; then altered copies come, which must join its story, and hard strangers, which must open
their own. Texts are those of the invented world. Beside it, where installed: datasketch's MinHash LSH on unfolded text,
simhash, and trafilatura's fingerprint.
"""

import argparse
import hashlib
import os
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import opencc
from trafilatura.deduplication import content_fingerprint

from bench.dedup import server
from bench.recorded import ROOT, of_unknown_sites
from demo.world.generated import generated
from pipelines.dedup.fast import Fast
from pipelines.dedup.postings import Posting
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import Known, stories_of

SEED = 20240618
CANDIDATES = 24  # as the store compares
ROUNDS, FEWEST, SHORTEST = 10, 16, 200  # of recorded pages: rounds, pages, and characters of one
EDITORS = "（责任编辑：{}）\n本文由特约记者{}综合报道。\n更多内容请关注我们的每日专栏。"
REMARKS = [
    "说得好，早该这样了。",
    "看看就行，别当真。",
    "沙发！",
    "这账怎么算的？",
    "樓上的說得對，支持一下。",
    "轉給同事看了。",
    "再等等看吧，不急。",
]
REGIONAL = {
    "质量": "品質", "软件": "軟體", "网络": "網路", "信息": "資訊", "项目": "專案", "视频": "影片", "打印": "列印", "公里": "千米",
    "朝鲜": "北韓", "自来水": "食水", "图书馆": "書館", "博物馆": "博物院", "周": "星期", "显微镜": "顯微儀",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A headline and its text, in Simplified."""

    title: str
    body: str

    @property
    def sentences(self) -> list[str]:
        """Its sentences and lines, each with its end."""
        return re.findall(r"[^。！？\n]+[。！？]*\n*", self.body)


Variant = Callable[[Text, Text, random.Random], Text]
_S2TW = opencc.OpenCC("s2twp")


def converted(text: Text, _other: Text, _dice: random.Random) -> Text:
    """In the other script, phrases too."""
    return Text(_S2TW.convert(text.title), _S2TW.convert(text.body))


def regional(text: Text, _other: Text, _dice: random.Random) -> Text:
    """With the other region's words, in the same script."""
    body = text.body
    for one, other in REGIONAL.items():
        body = body.replace(one, other)
    return Text(text.title, body)


def headlined(text: Text, other: Text, _dice: random.Random) -> Text:
    """Under a headline of its own."""
    return Text(other.title, text.body)


def cut(text: Text, _other: Text, dice: random.Random) -> Text:
    """Without 30 % of its sentences, anywhere."""
    gone = set(dice.sample(range(len(text.sentences)), round(len(text.sentences) * 0.3)))
    return Text(text.title, "".join(sentence for at, sentence in enumerate(text.sentences) if at not in gone))


def edited(text: Text, _other: Text, dice: random.Random) -> Text:
    """With an editor's lines before and after."""
    return Text(text.title, "本站编译综合消息\n" + text.body + "\n" + EDITORS.format(dice.choice("甲乙丙"), dice.choice("丁戊己")))


def discussed(text: Text, _other: Text, dice: random.Random) -> Text:
    """With readers' comments below."""
    return Text(text.title, text.body + "\n" + "\n".join(dice.choices(REMARKS, k=8)))


def merged(text: Text, other: Text, dice: random.Random) -> Text:
    """Printed together with another agency's piece, before or behind it."""
    bodies = [text.body, other.body]
    dice.shuffle(bodies)
    return Text(text.title, "\n".join(bodies))


def excerpt(text: Text, _other: Text, dice: random.Random) -> Text:
    """55 % of it, in one piece."""
    size = round(len(text.body) * 0.55)
    start = dice.randrange(len(text.body) - size)
    return Text(text.title, text.body[start : start + size])


def flash(text: Text, _other: Text, dice: random.Random) -> Text:
    """Its beginning alone, 60 to 120 characters, as an agency sends it before the report or a portal quotes it after."""
    return Text(text.title, "本报快讯：" + text.body[: dice.randrange(60, 120)])


def everything(text: Text, other: Text, dice: random.Random) -> Text:
    """Cut, under another headline, in the other region's words and script, with an editor's lines and comments."""
    for change in (cut, headlined, regional, edited, discussed, converted):
        text = change(text, other, dice)
    return text


def merged_and_all(text: Text, other: Text, dice: random.Random) -> Text:
    """The same, printed together with another piece."""
    return everything(merged(text, other, dice), other, dice)


VARIANTS: Sequence[Variant] = (converted, regional, headlined, cut, edited, discussed, merged, excerpt, flash, everything, merged_and_all)


def full_report(text: Text, _other: Text, _dice: random.Random) -> Text:
    """All of what a known flash announced."""
    return text


def full_report_elsewhere(text: Text, other: Text, dice: random.Random) -> Text:
    """The same under another headline, in the other region's words and script, with an editor's lines."""
    for change in (headlined, regional, edited, converted):
        text = change(text, other, dice)
    return text


REPORTS: Sequence[Variant] = (full_report, full_report_elsewhere)


def follow_up(share: float) -> Variant:
    """A new lead and new text, with `share` of the whole copied from the original as background, one paragraph after another."""

    def made(text: Text, other: Text, _dice: random.Random) -> Text:
        size = round(len(other.body) * share / (1 - share))
        return Text(other.title, other.body + "\n" + text.body[:size])

    made.__name__ = f"follow-up, {share:.0%} background"
    return made


def same_template(text: Text, other: Text, _dice: random.Random) -> Text:
    """Another article inside the same site's boilerplate (a tenth of it)."""
    return Text(other.title, other.body + "\n" + text.body[-len(text.body) // 10 :])


def same_event(text: Text, other: Text, dice: random.Random) -> Text:
    """Another article about the same people, places and figures: their names, in other sentences."""
    names = re.findall(r"[\u4e00-\u9fff]{3}(?=[县镇市区港岛]|\d)", text.body)
    body = re.sub(r"[\u4e00-\u9fff]{3}(?=[县镇市区港岛]|\d)", lambda _: dice.choice(names) if names else "", other.body)
    return Text(text.title, body)


def follow_up_quoting_a_flash(text: Text, other: Text, dice: random.Random) -> Text:
    """A new lead and new text, with the whole of a known flash below."""
    return Text(other.title, other.body + "\n" + flash(text, other, dice).body)


STRANGERS: Sequence[Variant] = (follow_up(0.2), follow_up(0.35), follow_up(0.45), follow_up_quoting_a_flash, same_template, same_event)


class Memory(Protocol):
    """A way to know a story again: `keep` gives an article's id, `stories` those that a text would join."""

    def keep(self, text: Text) -> int: ...

    def stories(self, text: Text) -> set[int]: ...


class Ours:
    """Articles kept as the store keeps them: an index that finds candidates, their texts, and their stories."""

    def __init__(self, fast: Fast) -> None:
        self._fast = fast
        self._sketches: dict[int, Sketch] = {}

    def keep(self, text: Text) -> int:
        number, drawn = len(self._sketches) + 1, sketch(text.title, text.body)
        self._sketches[number] = drawn
        self._fast.post(Posting(article_id=number, number=number, before=number - 1, at=datetime.now(UTC), sample=drawn.sample))
        return number

    def stories(self, text: Text) -> set[int]:
        drawn = sketch(text.title, text.body)
        found = self._fast.near_text(drawn)
        assert found is not None
        known = [Known(article_id=one, story_ids=(one,), sketch=self._sketches[one]) for one in list(found.votes)[:CANDIDATES]]
        return {link.story_id for link in stories_of(drawn, known)}


class Simhashes:
    """Charikar's fingerprints, 64 bits, the nearest one at most `bits` away. `of` makes one of a text."""

    def __init__(self, of: Callable[[str], int], bits: int) -> None:
        self._of, self._bits = of, bits
        self._kept: list[int] = []

    def keep(self, text: Text) -> int:
        self._kept.append(self._of(text.body))
        return len(self._kept)

    def stories(self, text: Text) -> set[int]:
        drawn = self._of(text.body)
        near = min(range(len(self._kept)), key=lambda at: (self._kept[at] ^ drawn).bit_count())
        return {near + 1} if (self._kept[near] ^ drawn).bit_count() <= self._bits else set()


class MinHashes:
    """datasketch's LSH over 5-grams of the text as it is written, 128 permutations, Jaccard >= 0.5."""

    def __init__(self) -> None:
        from datasketch import MinHash, MinHashLSH

        self._make, self._index, self._count = MinHash, MinHashLSH(threshold=0.5, num_perm=128), 0

    def keep(self, text: Text) -> int:
        self._count += 1
        self._index.insert(self._count, self._drawn(text))
        return self._count

    def stories(self, text: Text) -> set[int]:
        return set(self._index.query(self._drawn(text)))

    def _drawn(self, text: Text) -> Any:
        drawn = self._make(num_perm=128)
        drawn.update_batch([text.body[at : at + 5].encode() for at in range(len(text.body) - 4)])
        return drawn


def simhash(body: str) -> int:
    """Charikar's fingerprint over 3-grams of the text as it is written."""
    grams = {body[at : at + 3] for at in range(max(1, len(body) - 2))}
    words = np.frombuffer(b"".join(hashlib.blake2b(gram.encode(), digest_size=8).digest() for gram in grams), dtype=np.uint8)
    votes = np.unpackbits(words.reshape(-1, 8), axis=1).sum(axis=0) * 2 > len(grams)
    return int.from_bytes(np.packbits(votes).tobytes(), "big")


def trafilatura_fingerprint(body: str) -> int:
    """trafilatura's own."""
    return int(content_fingerprint(body), 16)


@lru_cache(maxsize=1)
def texts(count: int) -> list[Text]:
    """Articles of the invented world, in Simplified."""
    back = opencc.OpenCC("t2s")
    pieces = generated(count, first=0, phase=4, at=datetime(2026, 1, 1, tzinfo=UTC))
    return [Text(back.convert(piece.title), back.convert("\n".join(piece.paragraphs))) for piece in pieces]


def of_pages(shared: Path) -> list[Text]:
    """Chinese articles of recorded pages, in Simplified."""
    back, pages = opencc.OpenCC("t2s").convert, of_unknown_sites(shared)
    return [Text(back(page.title), back(page.truth)) for page in pages if page.language.startswith("zh") and len(page.truth) >= SHORTEST]


def results(memory: Memory, found: Sequence[Text], dice: random.Random) -> Iterator[tuple[str, int, int, int, int]]:
    """(kind, right joins, wanted joins, wrong joins, articles) of each kind of copy and stranger made of the texts."""
    count = len(found) // 4
    originals, others, fresh, announced = (found[at : at + count] for at in range(0, 4 * count, count))
    flashes = [flash(text, text, dice) for text in announced]
    ids, partners, flash_ids = ([memory.keep(text) for text in kept] for kept in (originals, others, flashes))
    for variant in VARIANTS:
        double = variant in (merged, merged_and_all)
        wanted = [{one, partner} if double else {one} for one, partner in zip(ids, partners, strict=True)]
        yield _counted(memory, variant, [*zip(originals, others if double else fresh, wanted, strict=True)], dice)
    for variant in REPORTS:
        yield _counted(memory, variant, [*zip(announced, fresh, [{one} for one in flash_ids], strict=True)], dice)
    for variant in STRANGERS:
        quoted = announced if variant is follow_up_quoting_a_flash else originals
        yield _counted(memory, variant, [(text, other, set()) for text, other in zip(quoted, fresh, strict=True)], dice)


def _counted(
    memory: Memory, variant: Variant, cases: Sequence[tuple[Text, Text, set[int]]], dice: random.Random
) -> tuple[str, int, int, int, int]:
    joined = [memory.stories(variant(text, other, dice)) for text, other, _ in cases]
    right = sum(len(found & wanted) for found, (*_, wanted) in zip(joined, cases, strict=True))
    wrong = sum(len(found - wanted) for found, (*_, wanted) in zip(joined, cases, strict=True))
    return variant.__name__, right, sum(len(wanted) for *_, wanted in cases), wrong, len(cases)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--originals", type=int, default=500)
    parser.add_argument("--peers", action="store_true", help="the peers too, on a fifth of the originals")
    parser.add_argument("--scale", action="store_true", help="what keeping an article costs as the archive grows to a million")
    parser.add_argument("--recorded", action="store_true", help="on recorded real pages, shuffled ROUNDS times")
    asked = parser.parse_args()
    if asked.recorded:
        pages = of_pages(Path(os.environ.get("PORTALWATCH_SHARED") or ROOT.parent / "shared"))
        if len(pages) < FEWEST:
            raise SystemExit(f"{len(pages)} Chinese pages are recorded, {FEWEST} are needed; PORTALWATCH_SHARED says where they lie")
        with server() as (url, _):
            tell("portalwatch", (results(Ours(Fast(url, f"bench-{seed}")), *shuffled(pages, seed)) for seed in range(ROUNDS)), each=True)
        return
    if asked.scale:
        from bench.growth import SIZES, growth

        for line in growth(SIZES[-1]):
            print(line, flush=True)
        return
    with server() as (url, _):
        tell("portalwatch", generated_once(Ours(Fast(url, "bench")), asked.originals), each=True)
    if asked.peers:
        few = max(20, asked.originals // 5)
        tell("simhash, 3 bits", generated_once(Simhashes(simhash, 3), few))
        tell("trafilatura's fingerprint, 3 bits", generated_once(Simhashes(trafilatura_fingerprint, 3), few))
        try:
            tell("datasketch MinHash LSH", generated_once(MinHashes(), few))
        except ImportError:
            print("datasketch: not installed; `pip install datasketch` adds it")


Results = Iterable[tuple[str, int, int, int, int]]


def generated_once(memory: Memory, count: int) -> Iterator[Results]:
    """One round over texts of the invented world."""
    yield results(memory, texts(4 * count), random.Random(SEED))


def shuffled(pages: Sequence[Text], seed: int) -> tuple[list[Text], random.Random]:
    """The pages in another order, so that each plays every part."""
    dice = random.Random(seed)
    return dice.sample(pages, len(pages)), dice


def tell(name: str, rounds: Iterable[Results], *, each: bool = False) -> None:
    """Print a memory's recall and precision over all rounds, by kind where asked."""
    sums: dict[str, list[int]] = {}
    for found in rounds:
        for kind, *counts in found:
            sums[kind] = [a + b for a, b in zip(sums.get(kind, [0] * len(counts)), counts, strict=True)]
    for kind, (good, due, bad, made) in sums.items() if each else ():
        print(f"{kind:28} {f'recall {good / due:.4f}' if due else 'strangers    '}  joined wrongly {bad} of {made}", flush=True)
    right, wanted, wrong, _ = map(sum, zip(*sums.values(), strict=True))
    print(f"{name}: recall {right / wanted:.4f} ({right} of {wanted}), precision {right / max(1, right + wrong):.4f} ({wrong} wrong)")


if __name__ == "__main__":
    main()
