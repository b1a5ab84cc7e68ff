"""Whole pages, encoded and labelled in every way in which portals get it wrong: each is still read as what it was written in."""

import gzip
import json
from collections import Counter

import pytest

from bench.charsets import VARIANTS
from pipelines.extract.decode import decode
from tests.extract.shared import PAGES, shared

OWN = [path.read_bytes() for path in sorted(PAGES.glob("general_*.html"))] + [
    (PAGES / "storm_new.html").read_bytes(),
    (PAGES / "park6_newscontent.html").read_bytes(),
]


@pytest.mark.parametrize("variant", VARIANTS)
def test_our_pages_survive(variant: str) -> None:
    assert all(_survives(decode(body).text, variant) for body in OWN)


@pytest.mark.parametrize("variant", VARIANTS)
def test_recorded_pages_survive(variant: str) -> None:
    manifest = shared("pages", "manifest.jsonl")
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    texts = [decode(gzip.decompress((manifest.parent / row["file"]).read_bytes())).text for row in rows]
    assert [row["file"] for row, text in zip(rows, texts, strict=True) if not _survives(text, variant)] == []


def _survives(text: str, variant: str) -> bool:
    """Whether the page is read as it was written, but for the few characters that the codec lacks and what the damage takes with it."""
    body = VARIANTS[variant](text)
    if body is None:
        return True
    written, read = Counter(_wide(text)), Counter(_wide(decode(body).text))
    return sum((written & read).values()) >= 0.97 * max(sum(written.values()), sum(read.values())) - 60


def _wide(text: str) -> list[str]:
    flat = "".join(one for one in text if one > "\u2e7f")
    return [flat[at : at + 2] for at in range(len(flat) - 1)]
