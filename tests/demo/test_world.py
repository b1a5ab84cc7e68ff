"""The world over time: what comes, changes and goes at which phase, and that generated articles are all different."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import combinations

import numpy as np
import pytest

from demo.world import LIVE_PIECES, PORTALS, World, truth
from pipelines.dedup.shingles import shingles
from pipelines.text import fold, letters

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def stories(phase: int) -> set[str]:
    return {story for each in truth(phase, now=NOW) for story in each.stories}


@pytest.mark.parametrize(("phase", "pieces"), [(0, 12), (1, 22), (2, 28), (3, 30)])
def test_each_phase_adds_its_articles(phase: int, pieces: int) -> None:
    """Phase 3 brings four, of which one stands behind a captcha, and takes one away."""
    assert len({each.article for each in truth(phase, now=NOW)}) == pieces


def test_the_first_phase_spreads_over_all_four_portals() -> None:
    assert set(Counter(each.portal for each in truth(0, now=NOW))) == set(PORTALS)


def test_the_written_articles_are_real_prose_of_newspaper_length() -> None:
    lengths = {piece.name: piece.body_length for piece in World(now=NOW, phase=3).scene.pieces}
    assert len(lengths) == 32
    assert 60 <= lengths.pop("storm-hydrogen-flash") <= 300
    assert all(300 <= length <= 1100 for length in lengths.values()), lengths


def test_everything_was_published_before_the_world_began_and_in_the_order_of_phases() -> None:
    pieces = World(now=NOW, phase=3).scene.pieces
    latest = [max(piece.published_at for piece in pieces if piece.phase == phase) for phase in range(4)]
    earliest = [min(piece.published_at for piece in pieces if piece.phase == phase) for phase in range(4)]
    assert all(piece.published_at < NOW and piece.updated_at < NOW for piece in pieces)
    assert all(last < first for last, first in zip(latest, earliest[1:], strict=False))
    assert min(earliest) > NOW - timedelta(days=3)


def test_the_same_moment_gives_the_same_world() -> None:
    assert truth(4, now=NOW, articles=60) == truth(4, now=NOW, articles=60)


def test_a_correction_changes_figures_and_a_paragraph_but_not_the_address() -> None:
    before, after = ({each.article: each for each in truth(phase, now=NOW)}["storm_mg:5314102"] for phase in (2, 3))
    assert before.urls == after.urls
    assert before.published_at == after.published_at
    assert sum(paragraph in after.paragraphs for paragraph in before.paragraphs) == 1


def test_a_trivial_change_moves_counts_only() -> None:
    before, after = ({each.article: each for each in truth(phase, now=NOW)}["park6:702671"] for phase in (2, 3))
    assert (before.title, before.paragraphs, before.published_at) == (after.title, after.paragraphs, after.published_at)
    assert (before.comment_count, after.comment_count) == (5, 27)
    assert before.reactions != after.reactions


def test_a_world_may_go_back_in_time() -> None:
    world = World(now=NOW, phase=3)
    world.set_phase(0)
    assert world.truth() == truth(0, now=NOW)


@pytest.mark.parametrize("phase", [-1, 10_001])
def test_a_phase_out_of_range_is_refused(phase: int) -> None:
    world = World(now=NOW)
    with pytest.raises(ValueError, match="not in 0"):
        world.set_phase(phase)
    assert world.phase == 0


def test_the_world_lives_on_beyond_the_written_phases() -> None:
    world = World(now=NOW, phase=3)
    counts = []
    for phase in (4, 5, 7):
        world.set_phase(phase)
        counts.append(len(world.scene.pieces))
    assert counts == [32 + LIVE_PIECES, 32 + 2 * LIVE_PIECES, 32 + 4 * LIVE_PIECES]


def test_a_world_of_many_articles_begins_full_and_spreads_them_evenly() -> None:
    world = World(now=NOW, articles=432)
    assert (world.phase, len(world.scene.pieces)) == (4, 432)
    generated = Counter(piece.portal for piece in world.scene.pieces if piece.name.startswith("generated"))
    assert set(generated.values()) == {100}
    assert len({(piece.portal, piece.number) for piece in world.scene.pieces}) == 432


def test_two_thousand_articles_stand_within_two_seconds_and_no_two_share_a_fifth() -> None:
    began = time.process_time()
    world = World(now=NOW, articles=2000)
    assert time.process_time() - began < 2
    texts = [letters(fold("".join(piece.paragraphs))) for piece in world.scene.pieces if piece.name.startswith("generated")]
    assert len(texts) == 1968
    assert largest_containment(texts) < 0.2


def largest_containment(texts: list[str]) -> float:
    """The largest share of one text's runs of six characters that another text holds."""
    grams = [shingles(text) for text in texts]
    runs, owners = np.concatenate(grams), np.repeat(np.arange(len(grams)), [len(each) for each in grams])
    order = np.argsort(runs, kind="stable")
    starts = np.flatnonzero(np.diff(runs[order], prepend=-1))
    held = (group for group in np.split(owners[order], starts[1:]) if len(group) > 1)
    shared = Counter(pair for group in held for pair in combinations(group.tolist(), 2))
    return max((count / min(len(grams[a]), len(grams[b])) for (a, b), count in shared.items()), default=0.0)


def test_the_measure_above_sees_a_shared_half() -> None:
    assert largest_containment(["甲乙丙丁戊己庚辛壬癸子", "甲乙丙丁戊己庚辛丑寅卯"]) == pytest.approx(3 / 6)
