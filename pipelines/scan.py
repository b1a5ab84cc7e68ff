"""Matches many kept articles again, without keeping anything, on every core that there is."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row

from pipelines.store import scan
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.sieve import Sieve, sieve_of

BATCH = 1_000  # articles read in one question
SIEVED = 50  # texts that go through the sieve at once; more leave the processor's cache
SIEVABLE = frozenset({"title", "text"})
MOST_CORES = 8
WORTH_FORKING = 5_000  # articles; fewer are matched before a second process is there
Tell = Callable[[int, int], None]
"""Told after each batch: how many articles are done, of how many."""


def unheeded(done: int, total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A kept article with the topics that its present state satisfies.

    `learned`: it was there before watching began. `develops`: it is a development of its story, which is told by itself.
    """

    article_id: int
    portal: str
    seen_at: datetime
    learned: bool
    topics: tuple[str, ...]
    stories: tuple[int, ...]
    develops: bool = False


def matched(engine: Engine, plans: Sequence[Plan], ids: Sequence[int], tell: Tell = unheeded, *, cores: int | None = None) -> list[Matched]:
    """Those of the articles that satisfy a plan, oldest first; `ids` ascend. `cores`: at most so many."""
    batches = [ids[start : start + BATCH] for start in range(0, len(ids), BATCH)]
    found, done = list[Matched](), 0
    for batch, answer in zip(batches, _answers(_work(engine, plans), batches, cores or os.cpu_count() or 1), strict=True):
        found.extend(answer)
        done += len(batch)
        tell(done, len(ids))
    return found


def _answers(work: "_Work", batches: Sequence[Sequence[int]], cores: int) -> Iterator[list[Matched]]:
    many = sum(map(len, batches)) >= WORTH_FORKING and cores > 1 and "fork" in multiprocessing.get_all_start_methods()
    if not many:
        yield from map(work, batches)
        return
    # Forked, so that the compiled topics need not be made again; a forked child opens connections of its own.
    with multiprocessing.get_context("fork").Pool(min(cores, MOST_CORES), _inherit, (work,)) as pool:
        yield from pool.imap(_in_child, batches)


@dataclass(frozen=True, slots=True)
class _Work:
    engine: Engine
    matcher: Matcher
    fields: tuple[str, ...]
    sieve: Sieve | None

    def __call__(self, ids: Sequence[int]) -> list[Matched]:
        with self.engine.connect() as connection:
            hits = list(self._hits(scan.rows(connection, ids, self.fields)))
            told = scan.tellings(connection, [row.id for row, _ in hits])
        return [
            Matched(
                article_id=row.id,
                portal=row.portal,
                seen_at=row.first_seen_at,
                learned=row.learned and not row.revision,
                topics=topics,
                stories=tuple(story for story, _ in told.get(row.id, ())),
                develops=any(role == "development" for _, role in told.get(row.id, ())),
            )
            for row, topics in hits
        ]

    def _hits(self, rows: Sequence[Row[Any]]) -> Iterator[tuple[Row[Any], tuple[str, ...]]]:
        kept = list(self._sieved(rows))
        found = self.matcher.match_many(scan.readable(row, self.fields) for row in kept)
        for row, matches in zip(kept, found, strict=True):
            if matches:
                yield row, tuple(match.topic for match in matches)

    def _sieved(self, rows: Sequence[Row[Any]]) -> Iterator[Row[Any]]:
        if self.sieve is None:
            yield from rows
            return
        for start in range(0, len(rows), SIEVED):
            some = rows[start : start + SIEVED]
            kept = self.sieve.kept([f"{row.title}\n{row.text}" if "text" in self.fields else row.title for row in some])
            yield from (some[index] for index in kept)


def _work(engine: Engine, plans: Sequence[Plan]) -> _Work:
    program = program_of(plans)
    return _Work(engine, Matcher(program), program.fields, sieve_of(plans) if SIEVABLE.issuperset(program.fields) else None)


_inherited: list[_Work] = []


def _inherit(work: _Work) -> None:
    work.engine.dispose(close=False)
    _inherited.append(work)


def _in_child(ids: Sequence[int]) -> list[Matched]:
    return _inherited[0](ids)
