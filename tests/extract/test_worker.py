"""Extraction in processes of its own: what goes out comes back, and a page that kills or stalls its worker harms no other."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from pipelines.extract import client
from pipelines.extract.client import Extractor
from pipelines.extract.ladder import extract
from pipelines.extract.wire import frame
from pipelines.models import Page, PageKind, Reading
from tests.extract.shared import PAGES, SHEETS, sheet

GOOD = Page(url="https://www.storm.mg/article/11200001", body=(PAGES / "storm_new.html").read_bytes(), content_type="text/html")
SHEET = SHEETS / "storm_mg.yaml"


def _with(extractor: Extractor, use: Callable[[Extractor], Awaitable[Reading]]) -> Reading:
    async def run() -> Reading:
        async with extractor:
            return await use(extractor)

    return asyncio.run(run())


@pytest.mark.parametrize("source", [SHEET, str(SHEET), sheet("storm_mg").model_dump(mode="json")], ids=["path", "string", "content"])
def test_a_worker_answers_as_the_function_does(source: client.SheetSource) -> None:
    assert _with(Extractor(), lambda pool: pool.read(GOOD, source)) == extract(GOOD, sheet("storm_mg"))


def test_a_page_without_a_sheet_is_read_in_a_worker() -> None:
    assert _with(Extractor(), lambda pool: pool.read(GOOD)) == extract(GOOD)


def test_many_pages_share_a_few_workers_and_none_is_mixed_up() -> None:
    pages = [Page(url=f"https://news.example.org/{n}", body=GOOD.body.replace("三百".encode(), f"{n}".encode())) for n in range(12)]

    async def run() -> list[Reading]:
        async with Extractor(workers=2) as pool:
            return await asyncio.gather(*(pool.read(page) for page in pages))

    told = [reading.article.url for reading in asyncio.run(run()) if reading.article]
    assert told == [page.url for page in pages]


def test_a_page_that_takes_too_long_is_an_error_and_the_next_gets_a_new_worker() -> None:
    async def run() -> tuple[Reading, Reading]:
        async with Extractor(limit=0.2) as pool:
            await pool.read(GOOD)
            process = pool._seats[0].process
            assert process is not None
            os.kill(process.pid, 19)  # SIGSTOP: a worker that does not come back
            slow = await pool.read(GOOD)
            pool._limit = 10.0
            return slow, await pool.read(GOOD)

    slow, after = asyncio.run(run())
    assert (slow.kind, slow.why) == (PageKind.ERROR, "took longer than 0.2 s")
    assert after.kind is PageKind.ARTICLE


def test_a_worker_that_dies_costs_one_page() -> None:
    async def run() -> tuple[Reading, Reading]:
        async with Extractor() as pool:
            await pool.read(GOOD)
            process = pool._seats[0].process
            assert process is not None
            process.kill()
            return await pool.read(GOOD), await pool.read(GOOD)

    died, after = asyncio.run(run())
    assert died.kind is PageKind.ERROR
    assert after.kind is PageKind.ARTICLE


def test_a_cancelled_read_leaves_no_half_used_worker() -> None:
    async def run() -> Reading:
        async with Extractor() as pool:
            await pool.read(GOOD)
            asked = asyncio.create_task(pool.read(Page(url="", body=GOOD.body * 500)))
            await asyncio.sleep(0)
            asked.cancel()
            await asyncio.gather(asked, return_exceptions=True)
            return await pool.read(GOOD)

    assert asyncio.run(run()).kind is PageKind.ARTICLE


def test_closing_ends_every_worker() -> None:
    async def run() -> list[int]:
        pool = Extractor(workers=2)
        await asyncio.gather(pool.read(GOOD), pool.read(GOOD))
        ids = [seat.process.pid for seat in pool._seats if seat.process]
        await pool.close()
        return ids

    assert not any(Path(f"/proc/{each}").exists() for each in asyncio.run(run()))


@pytest.mark.parametrize("sent", [frame({"url": "", "size": 99}, b"<p>"), frame({"url": ""})[:9], b"\0\0"], ids=["body", "head", "length"])
def test_a_worker_whose_crawl_was_killed_ends_without_a_word(sent: bytes) -> None:
    head = {"status": 200, "content_type": "", "part_of": "", "number": 1, "thread": False, "sheet": None, "version": "", "learned": []}
    whole = sent if len(sent) < 30 else frame({"url": "", "size": 99} | head, b"<p>")
    asked, answers = os.pipe(), os.pipe()
    os.write(asked[1], whole)
    os.close(asked[1])
    os.close(answers[0])
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.extract.worker"], stdin=asked[0], stdout=answers[1], stderr=subprocess.PIPE, check=False
    )
    os.close(asked[0])
    os.close(answers[1])
    assert (done.returncode, done.stderr) == (0, b"")
