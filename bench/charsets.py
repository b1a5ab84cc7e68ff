"""Which pages survive being encoded otherwise, labelled wrongly and damaged: ours beside trafilatura, which guesses."""

import re
from collections.abc import Callable, Iterator, Sequence

import trafilatura

from bench.recorded import Sample, gram_f1
from pipelines.extract.decode import decode
from pipelines.extract.ladder import extract
from pipelines.extract.script import language_of
from pipelines.models import Page

LOSES = 0.05
"""A page survives where its F1 is no worse by more than this than that of the same page in clean UTF-8."""
Spoil = Callable[[str], bytes | None]


def survivors(samples: Sequence[Sample]) -> Iterator[str]:
    """One line a variant: how many of the pages that can be written so are still read."""
    yield "survivors of bad encoding:            ours    trafilatura"
    texts = [(sample, decode(sample.body).text) for sample in samples]
    for name, spoil in VARIANTS.items():
        bodies = [(sample, text, body) for sample, text in texts if (body := spoil(text)) is not None]
        kept = [_survives(sample, text, body) for sample, text, body in bodies]
        yield f"  {name:34} {sum(us for us, _ in kept):3}/{len(kept):<3} {sum(them for _, them in kept):6}/{len(kept)}"


def _survives(sample: Sample, text: str, body: bytes) -> tuple[bool, bool]:
    clean = text.encode("utf-8", "replace")
    return tuple(
        gram_f1(sample.truth, read(sample, body)) >= gram_f1(sample.truth, read(sample, clean)) - LOSES for read in (_ours, _theirs)
    )  # type: ignore[return-value]


def _ours(sample: Sample, body: bytes) -> str:
    article = extract(Page(url=sample.url, body=body)).article
    return article.text if article else ""


def _theirs(sample: Sample, body: bytes) -> str:
    return getattr(trafilatura.bare_extraction(body), "text", None) or ""


def _labelled(text: str, label: str) -> str:
    """The page with this charset in its head, whatever it said before."""
    bare = re.sub(r"<meta[^>]{0,200}charset[^>]*>", "", text, flags=re.IGNORECASE)
    return re.sub(r"<head[^>]*>", lambda found: f'{found[0]}<meta charset="{label}">', bare, count=1, flags=re.IGNORECASE)


def _as(codec: str, label: str, damage: Callable[[bytes], bytes] = bytes) -> Spoil:
    def spoil(text: str) -> bytes | None:
        """None where nobody would write the page so: the codec lacks its characters, or is Chinese and the page Japanese."""
        labelled = _labelled(text, label)
        body = labelled.encode(codec, "ignore")
        if len(_WIDE.findall(body.decode(codec, "ignore"))) < _ENOUGH * len(_WIDE.findall(labelled)):
            return None
        return None if codec in _CHINESE and language_of("".join(_WIDE.findall(text)), None) == "ja" else damage(body)

    return spoil


_WIDE = re.compile("[\u2e80-\uffef]")
_ENOUGH = 0.995
_CHINESE = ("gb18030", "big5", "big5hkscs")


def _cut(body: bytes) -> bytes:
    """The page up to a byte inside its last character above ASCII."""
    last = max(at for at, byte in enumerate(body) if byte > 0x7F)
    return body[:last]


def _lost(body: bytes) -> bytes:
    """The page without one byte from its middle, inside a character."""
    middle = next(at for at in range(len(body) // 2, 2 * len(body)) if body[at % len(body)] > 0x7F) % len(body)
    return body[:middle] + body[middle + 1 :]


VARIANTS: dict[str, Spoil] = {
    "gb18030 declared gb2312": _as("gb18030", "gb2312"),
    "gb18030 declared utf-8": _as("gb18030", "utf-8"),
    "gb18030 undeclared": _as("gb18030", ""),
    "gb18030 cut in a character": _as("gb18030", "gb2312", _cut),
    "gb18030 with a byte lost": _as("gb18030", "gb2312", _lost),
    "UTF-8 declared gb2312": _as("utf-8", "gb2312"),
    "UTF-8 cut in a character": _as("utf-8", "utf-8", _cut),
    "UTF-8 with a byte lost": _as("utf-8", "utf-8", _lost),
    "Big5": _as("big5", "big5"),
    "Big5 declared utf-8": _as("big5", "utf-8"),
    "Big5-HKSCS declared big5": _as("big5hkscs", "big5"),
    "Big5-HKSCS declared gb2312": _as("big5hkscs", "gb2312"),
    "EUC-JP": _as("euc_jp", "euc-jp"),
    "EUC-JP declared utf-8": _as("euc_jp", "utf-8"),
    "Shift-JIS": _as("cp932", "shift_jis"),
    "Shift-JIS declared utf-8": _as("cp932", "utf-8"),
    "EUC-KR": _as("cp949", "euc-kr"),
}
