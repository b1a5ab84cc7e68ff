"""A day of a portal's past: its addresses, its sheet's mistakes, and the way to it through a listing."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from demo.portals import Asked, answer
from demo.world import World
from demo.world.addresses import addresses
from pipelines.errors import ConfigError
from pipelines.history import on_day
from pipelines.models import Article
from pipelines.sheet import read_sheet
from pipelines.sources import Api, Source
from spiders.discovery import read_listing
from spiders.past import Dig, Past, PastJob, past_sheet
from tests.extract.shared import SHEETS

DAY = date(2024, 6, 8)
SHEET = """\
name: 河口网
language: zh-Hans
timezone: Asia/Shanghai
hosts: [p.example]
pace: {budget: 1000}
discovery: [{type: feed, url: "https://p.example/rss"}]
articles: [{pattern: "/(?P<id>\\\\d+)$", key: "{id}"}]
"""


def source(**values: Any) -> Source:
    found: Source = TypeAdapter(Source).validate_python(values)
    return found


def test_a_date_is_filled_with_its_zeros_in_every_address() -> None:
    listing = source(
        type="listing", url="https://p.example/{year}/{month}/{day}", item="li", next="https://p.example/{year}{month}{day}/{n}", pages=3
    )
    assert on_day(listing, DAY).model_dump(include={"url", "next"}) == {
        "url": "https://p.example/2024/06/08",
        "next": "https://p.example/20240608/{n}",
    }
    api = source(
        type="json", url="https://p.example/api", items="list", link="url", body={"day": "{year}-{month}-{day}", "page": "{n}"}, pages=2
    )
    assert on_day(api, DAY).model_dump()["body"] == {"day": "2024-06-08", "page": "{n}"}


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ("history: [{type: listing, url: 'https://p.example/all', item: li}]", "nothing tells on which day it was"),
        ("history: [{type: sitemap, url: 'https://p.example/{year}{month}.xml'}]", "nothing tells on which day it was"),
        ("history: [{type: listing, url: 'https://p.example/{year}', item: li, day: {css: 'i['}}]", "is no CSS selector"),
        ("history: [{type: listing, url: 'https://p.example/{day}', item: li, next: 'https://p.example/x'}]", "it needs {n}"),
    ],
)
def test_a_history_that_cannot_tell_its_days_is_refused(tmp_path: Path, keys: str, complaint: str) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(SHEET + keys + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"river\.yaml:\d+:\d+: ") as refused:
        read_sheet(path)
    assert complaint in str(refused.value)


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", "2026-03-28T23:00+00:00", "2026-03-29T21:59+00:00"),  # 23 hours
        ("Europe/Berlin", "2026-10-24T22:00+00:00", "2026-10-25T22:59+00:00"),  # 25 hours
        ("America/Havana", "2026-03-08T05:00+00:00", "2026-03-09T03:59+00:00"),  # its midnight does not exist
    ],
)
def test_a_day_on_which_the_clocks_are_changed_is_as_long_as_it_is(zone: str, first: str, last: str) -> None:
    moments, job = [datetime.fromisoformat(each) for each in (first, last)], SimpleNamespace(sheet=SimpleNamespace(timezone=zone))
    hour = timedelta(minutes=1)
    days = [PastJob._local(job, each) for each in (moments[0] - hour, *moments, moments[1] + hour)]  # type: ignore[arg-type]
    assert days[1] == days[2]
    assert [day - days[1] for day in days if day and days[1]] == [timedelta(days=number) for number in (-1, 0, 0, 1)]


def test_an_article_of_the_past_counts_as_first_seen_when_it_was_published() -> None:
    present, zone = datetime(2026, 11, 22, tzinfo=UTC), ZoneInfo("Asia/Taipei")
    seen_at = Past(day=DAY, told=False).seen_at(zone)
    published = datetime(2024, 6, 8, 9, 30, tzinfo=zone)
    beginning = datetime(2024, 6, 8, tzinfo=zone)
    for said, seen in ((published, published), (DAY, beginning), (None, beginning)):
        assert seen_at(Article(url="https://p.example/1", title="", text="", published_at=said), present) == seen
    assert seen_at(Article(url="https://p.example/1", title="", text="", published_at=present + timedelta(hours=1)), present) == present


def test_a_date_in_discovery_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(SHEET.replace("example/rss", "example/{year}/rss"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"river\.yaml:6:31: discovery\.0\.url: .*belongs into `history`"):
        read_sheet(path)


def test_a_past_day_is_read_by_the_history_alone_with_half_the_budget_and_no_second_looks(tmp_path: Path) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(SHEET + "history: [{type: listing, url: 'https://p.example/{year}/{month}/{day}', item: li}]\n", encoding="utf-8")
    sheet = past_sheet(read_sheet(path), DAY)
    assert ([each.url for each in sheet.discovery], sheet.pace.budget, sheet.looks) == (["https://p.example/2024/06/08"], 500, [])


def test_patterns_that_name_a_date_tell_the_day_of_an_address(tmp_path: Path) -> None:
    path = tmp_path / "river.yaml"
    dated = r"/(?P<year>\\d{4})/(?P<month>\\d\\d)/(?P<day>\\d\\d)/(?P<id>\\d+)"
    path.write_text(
        SHEET.replace("/(?P<id>\\\\d+)$", dated) + "history: [{type: sitemap, url: 'https://p.example/{year}{month}.xml'}]\n",
        encoding="utf-8",
    )
    sheet = read_sheet(path)
    assert sheet.day_of("https://p.example/2024/06/08/12") == DAY
    assert sheet.day_of("https://p.example/2024/13/08/12") is None


@pytest.mark.parametrize(
    ("rule", "printed", "day"),
    [
        ({"css": "i", "format": "%m/%d/%y"}, "<i>06/08/24</i>", DAY),
        ({"css": "i", "format": "%m/%d/%y"}, "<i>yesterday</i>", None),
        ({"css": "i"}, "<i>2024-06-08 23:10</i>", DAY),
        ({"css": "time", "attr": "datetime"}, '<time datetime="2024年6月8日">', DAY),
        ({"css": "i"}, "", None),
    ],
)
def test_an_item_says_its_day(rule: dict[str, str], printed: str, day: date | None) -> None:
    listing = source(type="listing", url="https://p.example/", item="li", day=rule)
    body = f"<html><meta charset=utf-8><ul><li><a href=/1>題</a>{printed}</li></ul></html>".encode()
    assert [link.day for link in read_listing(listing, listing.url, body, "").links] == [day]


def test_an_apis_item_says_its_day() -> None:
    api = source(type="json", url="https://p.example/api", items="list", link="u", day="at")
    body = b'{"list": [{"u": "/1", "at": "2024/06/08 12:00"}, {"u": "/2", "at": 1717804800}, {"u": "/3"}]}'
    days = [link.day for link in read_listing(api, api.url, body, "").links]
    assert (days[0], str(days[1])[:10], days[2]) == (DAY, "2024-06-08", None)


def dug(listed: list[list[date]], day: date, pages: int = 5000) -> list[int]:
    """The pages that are read of a listing to find a day; page n lists the n-th list, an empty one beyond the end."""
    dig, number, read = Dig(day=day, pages=pages), 1, []
    following: int | None = number
    while following is not None:
        number = following
        assert number not in read
        read.append(number)
        following = dig.after(number, listed[number - 1] if number <= len(listed) else [])
    return read


def days_back(count: int, pages_a_day: int) -> list[list[date]]:
    return [[DAY - timedelta(days=back)] * 20 for back in range(count) for _ in range(pages_a_day)]


@pytest.mark.parametrize("back", [0, 1, 5, 40, 199])
def test_every_page_of_a_day_is_read_and_few_others(back: int) -> None:
    read = dug(days_back(200, 6), DAY - timedelta(days=back))
    assert set(range(6 * back + 1, 6 * back + 7)) <= set(read)
    assert len(read) <= 30


def test_a_day_that_is_not_there_ends_the_search() -> None:
    assert len(dug(days_back(50, 2), DAY - timedelta(days=400))) < 20
    assert len(dug(days_back(50, 2), DAY + timedelta(days=9))) < 10
    assert dug([], DAY) == [1]


def test_pinned_items_lead_nowhere() -> None:
    pinned = [[DAY - timedelta(days=999), DAY + timedelta(days=1), *page] for page in days_back(200, 2)]
    read = dug(pinned, DAY - timedelta(days=60))
    assert {121, 122} <= set(read)
    assert len(read) <= 25


def test_no_more_pages_are_read_than_the_sheet_says() -> None:
    assert max(dug(days_back(200, 2), DAY - timedelta(days=150), pages=100)) == 100


def test_a_day_between_two_pages_is_read_from_both() -> None:
    mixed = [[DAY] * 5, [DAY] * 3 + [DAY - timedelta(days=1)] * 2, [DAY - timedelta(days=1)] * 1 + [DAY - timedelta(days=2)] * 4]
    assert set(dug(mixed, DAY - timedelta(days=1))) >= {1, 2, 3}


WITH_HISTORY = [path.stem for path in sorted(SHEETS.glob("*.yaml")) if read_sheet(path).history]


@pytest.mark.parametrize("slug", WITH_HISTORY)
def test_a_shipped_sheets_history_tells_the_day_of_every_item(slug: str) -> None:
    world, sheet = World(now=datetime(2026, 3, 2, 3, 0, tzinfo=UTC), phase=3), read_sheet(SHEETS / f"{slug}.yaml")
    days = {sheet.identify(url): piece.published_at for piece in world.scene.listed(slug) for url in piece.urls or addresses(piece)}
    job = SimpleNamespace(sheet=sheet)
    for past in sheet.history:
        links = read_listing(past, past.url, *_answered(world, past)).links
        assert len(links) >= 1
        for link in links:
            assert (PastJob._local(job, link.day), link.url) == (
                days[sheet.identify(link.url)].astimezone(ZoneInfo(sheet.timezone)).date(),
                link.url,
            )  # type: ignore[arg-type]


def _answered(world: World, past: Source) -> tuple[bytes, str]:
    parts = urlsplit(past.url)
    posted = past.body_of(1) if isinstance(past, Api) else None
    asked = Asked(host=parts.netloc, path=unquote(parts.path), query=dict(parse_qsl(parts.query)), posted=posted or {})
    reply = answer(asked, world.scene)
    return reply.body, reply.content_type


def test_a_day_without_a_year_is_the_last_such_day() -> None:
    listing = source(type="listing", url="https://p.example/", item="li", day={"css": "i", "format": "%m/%d %H:%M"})
    today = datetime.now(UTC).date()
    for back in (0, 1, 100, 360):
        day = today - timedelta(days=back)
        body = f"<ul><li><a href=/1>x</a><i>{day:%m/%d} 09:30</i></li></ul>".encode()
        assert [link.day for link in read_listing(listing, listing.url, body, "").links] == [day]


def test_a_listing_that_ends_before_the_day_says_how_far_it_goes() -> None:
    dig = Dig(day=DAY, pages=99)
    assert dig.after(1, [DAY + timedelta(days=9)]) == 2
    assert dig.after(2, []) is None
    assert dig.goes_back_to() == DAY + timedelta(days=9)
    reached = Dig(day=DAY, pages=99)
    assert reached.after(1, [DAY]) == 2
    assert reached.after(2, []) is None
    assert reached.goes_back_to() is None
    nothing = Dig(day=DAY, pages=99)
    assert (nothing.after(1, []), nothing.goes_back_to()) == (None, date.max)


def test_the_table_of_sheets_says_which_have_a_past() -> None:
    table = (SHEETS.parents[1] / "docs" / "portals.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| [^|]+ \| (yes|no) \|", table, re.MULTILINE))
    assert told == {path.stem: "yes" if path.stem in WITH_HISTORY else "no" for path in SHEETS.glob("*.yaml")}
