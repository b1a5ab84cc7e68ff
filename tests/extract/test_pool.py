"""The pool of workers: sized, warmed, and unharmed by pages that were made to harm it."""

import asyncio
import json
import time

import pytest

from pipelines.extract.client import LIMIT, Extractor, workers_for
from pipelines.models import Page, PageKind, Reading
from tests.extract.test_hostile import HEAD, SENTENCES, TEXT

GOOD = Page(url="https://news.example.org/1", body=(HEAD + TEXT).encode())
HOSTILE = {
    "50 MB of text": HEAD + TEXT + "<p>" + "長句，" * 6_000_000,
    "50 MB of elements": HEAD + TEXT + "<div>x</div>" * 4_000_000,
    "100,000 nested tags": HEAD + "<div>" * 100_000 + TEXT,
    "a bomb of entities": "<?xml version='1.0'?><!DOCTYPE x ["
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    + "]>"
    + HEAD
    + TEXT,
    "a million attributes": HEAD + "<div " + " ".join(f"a{n}=1" for n in range(1_000_000)) + ">" + TEXT,
    "a million attributes, spread": HEAD + ("<div " + " ".join(f"a{n}=1" for n in range(400)) + ">x</div>") * 2500 + TEXT,
    "a table of 400,000 cells": HEAD + "<table>" + ("<tr>" + "<td>格，子。</td>" * 100 + "</tr>") * 4000 + "</table>" + TEXT,
    "one line of 10 MB": HEAD + "<p>" + "長句，說。" * 700_000,
    "400,000 doctypes that never close": "<!DOCTYPE " * 400_000 + TEXT,
    "800,000 comments": HEAD + "<!-- x -->" * 800_000 + TEXT,
    "deep JSON-LD": HEAD + '<script type="application/ld+json">' + '{"@graph":[' * 100_000 + "</script>" + TEXT,
    "a title of brackets": f"<html><head><title>{'（图）' * 300_000}x</title></head><body>" + TEXT,
    "classes of 4,000 characters": HEAD + "".join(f'<div class="{"a-" * 2000}">{n}，句。</div>' for n in range(2000)) + TEXT,
}


@pytest.mark.parametrize(("in_flight", "wanted", "least", "most"), [(1, 0, 1, 1), (8, 0, 1, 4), (2, 0, 1, 2), (1, 7, 7, 7)])
def test_a_pool_has_no_more_workers_than_pages_in_flight(in_flight: int, wanted: int, least: int, most: int) -> None:
    assert least <= workers_for(in_flight, wanted) <= most


def test_all_workers_are_warm_before_the_first_page() -> None:
    async def run() -> tuple[int, Reading, int]:
        async with Extractor(workers=2) as pool:
            await pool.started()
            warm = sum(seat.process is not None for seat in pool._seats)
            return warm, await pool.read(GOOD), len({seat.process.pid for seat in pool._seats if seat.process})

    warm, reading, processes = asyncio.run(run())
    assert (warm, reading.kind, processes) == (2, PageKind.ARTICLE, 2)


def test_a_page_that_comes_while_the_workers_start_is_read() -> None:
    async def run() -> Reading:
        async with Extractor(workers=2) as pool:
            pool.start()
            return await pool.read(GOOD)

    assert asyncio.run(run()).kind is PageKind.ARTICLE


def test_a_pool_that_is_closed_while_it_starts_leaves_nobody() -> None:
    async def run() -> None:
        pool = Extractor(workers=2)
        pool.start()
        await asyncio.sleep(0)
        await pool.close()
        assert all(seat.process is None for seat in pool._seats)

    asyncio.run(run())


def test_a_worker_that_has_grown_fat_is_replaced() -> None:
    fat = Page(url="", body=(HEAD + "<b>x</b>" * 700_000).encode())

    async def run() -> tuple[int, Reading, int]:
        async with Extractor(limit=60.0) as pool:
            await pool.read(GOOD)
            before = pool._seats[0].process
            await pool.read(fat)
            after = await pool.read(GOOD)
            now = pool._seats[0].process
            assert before is not None
            assert now is not None
            return before.pid, after, now.pid

    before, after, now = asyncio.run(run())
    assert after.kind is PageKind.ARTICLE
    assert before != now


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_cut_and_harms_no_other(name: str) -> None:
    page = Page(url="https://news.example.org/2", body=HOSTILE[name].encode())

    async def run() -> tuple[float, Reading, Reading, Reading]:
        async with Extractor(workers=2) as pool:
            await pool.started()
            began = time.monotonic()
            hostile, beside = await asyncio.gather(pool.read(page), pool.read(GOOD))
            return time.monotonic() - began, hostile, beside, await pool.read(GOOD)

    took, hostile, beside, after = asyncio.run(run())
    assert took < LIMIT + 5
    assert hostile.why
    assert hostile.kind in (PageKind.ARTICLE, PageKind.EMPTY, PageKind.ERROR)
    for reading in (beside, after):
        assert reading.article is not None
        assert reading.article.text.split("\n") == SENTENCES


def test_state_that_never_ends_costs_little() -> None:
    deep = '{"a":[' * 150_000 + "]}" * 150_000
    wide = json.dumps([{"content": "第一，句話說了。"}] * 60_000, ensure_ascii=False)
    for state in (deep, wide):
        body = f'{HEAD}<script id="__NEXT_DATA__" type="application/json">{state}</script>{TEXT}'
        assert asyncio.run(_read(Page(url="", body=body.encode()))).kind is PageKind.ARTICLE


async def _read(page: Page) -> Reading:
    async with Extractor() as pool:
        return await pool.read(page)
