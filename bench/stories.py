"""Which stories are told twice: `python -m bench.stories [--originals 500]` prints recall and precision by kind of copy.

Every original is kept in a real index; then altered copies come, which must join its story, and hard strangers, which must open
their own. Texts are those of the invented world. Beside it, where installed: datasketch's MinHash LSH on unfolded text,
simhash, and trafilatura's fingerprint.
"""

import argparse
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

import opencc

from bench.dedup import server
from demo.world.generated import generated
from pipelines.dedup.fast import Fast
from pipelines.dedup.shingles import Sketch, sketch
from pipelines.dedup.stories import Known, stories_of

SEED = 20240618
CANDIDATES = 24  # as the store compares
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
        """Its sentences, each with its end."""
        return re.findall(r"[^。\n]+。\n?", self.body)


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


def everything(text: Text, other: Text, dice: random.Random) -> Text:
    """Cut, under another headline, in the other region's words and script, with an editor's lines and comments."""
    for change in (cut, headlined, regional, edited, discussed, converted):
        text = change(text, other, dice)
    return text


def merged_and_all(text: Text, other: Text, dice: random.Random) -> Text:
    """The same, printed together with another piece."""
    return everything(merged(text, other, dice), other, dice)


VARIANTS: Sequence[Variant] = (converted, regional, headlined, cut, edited, discussed, merged, excerpt, everything, merged_and_all)


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


STRANGERS: Sequence[Variant] = (follow_up(0.2), follow_up(0.35), follow_up(0.45), same_template, same_event)


class Store:
    """Articles kept as the store keeps them: an index that finds candidates, their texts, and their stories."""

    def __init__(self, fast: Fast) -> None:
        self._fast = fast
        self._sketches: dict[int, Sketch] = {}
        self._stories: dict[int, tuple[int, ...]] = {}

    def keep(self, drawn: Sketch) -> int:
        """Keep an article that opens its story; gives its id."""
        number = len(self._sketches) + 1
        self._sketches[number], self._stories[number] = drawn, (number,)
        self._fast.post(number, number - 1, drawn.sample)
        return number

    def stories(self, drawn: Sketch) -> set[int]:
        """The stories that an article would join."""
        found = self._fast.near(drawn.asked)
        assert found is not None
        known = [Known(article_id=one, story_ids=self._stories[one], sketch=self._sketches[one]) for one in found[1][:CANDIDATES]]
        return {link.story_id for link in stories_of(drawn, known)}


@lru_cache(maxsize=1)
def texts(count: int) -> list[Text]:
    """Articles of the invented world, in Simplified."""
    back = opencc.OpenCC("t2s")
    pieces = generated(count, first=0, phase=4, at=datetime(2026, 1, 1, tzinfo=UTC))
    return [Text(back.convert(piece.title), back.convert("\n".join(piece.paragraphs))) for piece in pieces]


def results(count: int, url: str) -> Iterator[tuple[str, int, int, int, int]]:
    """(kind, right joins, wanted joins, wrong joins, articles) of each kind of copy and stranger."""
    found, dice = texts(3 * count), random.Random(SEED)
    originals, others, fresh = found[:count], found[count : 2 * count], found[2 * count :]
    fast = Fast(url, "bench")
    store = Store(fast)
    ids = [store.keep(sketch(text.title, text.body)) for text in originals]
    partners = [store.keep(sketch(text.title, text.body)) for text in others]
    for variant in VARIANTS:
        double = variant in (merged, merged_and_all)
        wanted = [{one, partner} if double else {one} for one, partner in zip(ids, partners, strict=True)]
        made = [variant(text, other, dice) for text, other in zip(originals, others if double else fresh, strict=True)]
        joined = [store.stories(sketch(text.title, text.body)) for text in made]
        right = sum(len(a & b) for a, b in zip(joined, wanted, strict=True))
        yield variant.__name__, right, sum(map(len, wanted)), sum(len(a - b) for a, b in zip(joined, wanted, strict=True)), count
    for variant in STRANGERS:
        joined = [
            store.stories(sketch(text.title, text.body))
            for text in (variant(text, other, dice) for text, other in zip(originals, fresh, strict=True))
        ]
        yield variant.__name__, 0, 0, sum(map(len, joined)), count
    fast.close()


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--originals", type=int, default=500)
    count: int = parser.parse_args().originals
    right = wanted = wrong = 0
    with server() as (url, _):
        for kind, good, due, bad, made in results(count, url):
            right, wanted, wrong = right + good, wanted + due, wrong + bad
            told = f"recall {good / due:.4f}" if due else "strangers    "
            print(f"{kind:28} {told}  joined wrongly {bad} of {made}", flush=True)
    print(f"all: recall {right / wanted:.4f} ({right} of {wanted}), precision {right / (right + wrong):.4f} ({wrong} wrong)")


if __name__ == "__main__":
    main()
