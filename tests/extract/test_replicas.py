"""The shipped sheets read every page of the replica portals as the invented world knows it to be."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest

from demo.portals import Asked, answer
from demo.world import PORTALS, WIDER, Truth, World, truth
from pipelines.extract.ladder import extract
from pipelines.extract.thread import thread
from pipelines.models import Page, Reading
from tests.extract.shared import SHEETS, sheet

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


def _read(url: str, portal: str, world: World) -> Reading:
    rules = sheet(portal)
    identity = rules.identify(url)
    assert identity is not None
    return extract(replace(_page(identity[1], world), url=url), rules)


def _page(url: str, world: World) -> Page:
    asked = urlsplit(url)
    reply = answer(Asked(host=asked.hostname or "", path=unquote(asked.path), query=dict(parse_qsl(asked.query))), world.scene)
    return Page(url=url, body=reply.body, status=reply.status, content_type=reply.content_type)


@pytest.mark.parametrize("phase", [0, 1, 2, 3])
def test_every_replica_page_is_read_whole(phase: int) -> None:
    world = World(now=NOW, phase=phase)
    seen = 0
    for true in truth(phase, now=NOW):
        if true.portal == "bbc_zh" and true.script == "Hant":
            continue  # both scripts are fetched under the address of one
        _compare(true, world)
        seen += 1
    assert seen >= 4


@pytest.mark.parametrize("portal", [portal for portal in WIDER if (SHEETS / f"{portal}.yaml").exists()])
def test_the_replica_page_of_every_other_sheet_is_read_whole(portal: str) -> None:
    world = World(now=NOW, phase=3)
    found = [true for true in world.wider_truth() if true.portal == portal]
    assert len(found) >= 2
    for true in found:
        _compare(true, world)
        keys = {identity[0] for url in true.urls if (identity := sheet(portal).identify(url))}
        assert len(keys) == 1, true.urls
        assert (article := _read(true.urls[0], portal, world).article)
        assert (article.author, article.script) == (true.author, true.script)


def test_every_sheet_has_a_replica() -> None:
    assert {path.stem for path in SHEETS.glob("*.yaml")} <= {*PORTALS, *WIDER}


def _compare(true: Truth, world: World) -> None:
    article = _read(true.urls[0], true.portal, world).article
    assert article is not None, true.urls[0]
    told = (article.title, article.text.split("\n"), article.publisher, article.published_at, article.captions, article.rights)
    assert told == (true.title, list(true.paragraphs), true.publisher, true.published_at, true.captions, true.rights)
    assert (article.comment_count, len(article.comments)) == (true.comment_count, len(true.comments))


def test_every_thread_is_read_floor_by_floor() -> None:
    world, read = World(now=NOW, phase=3), 0
    for true in (each for each in truth(3, now=NOW) if each.thread):
        page = _first(true.urls[0], world)
        for number in range(1, 4):
            assert page is not None
            told = thread(replace(_page(page, world), part_of=true.urls[0], number=number), sheet("park6"))
            expected = [(each.author, each.text, each.badges, each.up, each.down, each.floor, each.quotes, each.at) for each in true.thread]
            assert [
                (each.author, each.text, each.badges, each.up, each.down, each.floor, each.quotes, each.at) for each in told.comments
            ] == expected[20 * number - 20 : 20 * number]
            page, read = told.next, read + len(told.comments)
    assert read > 50


def _first(url: str, world: World) -> str | None:
    return _read(url, "park6", world).thread
