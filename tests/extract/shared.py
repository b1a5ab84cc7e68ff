"""Where the recorded reference pages lie; they belong to their publishers and are no part of this repository."""

import os
from collections import Counter
from pathlib import Path

import pytest

from pipelines.sheet import Sheet, read_sheet

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "tests" / "pages"
SHEETS = ROOT / "spiders" / "portals"
_SHARED = Path(os.environ.get("PORTALWATCH_SHARED", ROOT.parent / "shared"))


def shared(*parts: str) -> Path:
    """A path of the reference material; the test is skipped by name where it is not there."""
    path = _SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no reference material at {'/'.join(parts)}")
    return path


def sheet(slug: str) -> Sheet:
    """A shipped sheet."""
    return read_sheet(SHEETS / f"{slug}.yaml")


def gram_f1(truth: str, answer: str) -> float:
    """Character 4-gram F1 without white space, the measure of the reference pages."""
    want, have = _grams(truth), _grams(answer)
    both = sum((want & have).values())
    return 2 * both / (sum(want.values()) + sum(have.values())) if both else 0.0


def _grams(text: str) -> Counter[str]:
    flat = "".join(text.split())
    return Counter(flat[at : at + 4] for at in range(max(1, len(flat) - 3)))
