"""The forms in which pages print a moment, and those that are none."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from pipelines.extract.moments import Moment, moment, states_zone

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2025, 6, 1, 12, 0, tzinfo=UTC)


def _at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TAIPEI)  # type: ignore[arg-type, misc]


READ: list[tuple[str, Moment]] = [
    ("2024年6月18日 1:44", _at(2024, 6, 18, 1, 44)),
    ("2024年06月18日7:26", _at(2024, 6, 18, 7, 26)),
    ("2024-06-18 1:44:59", _at(2024, 6, 18, 1, 44, 59)),
    ("2024-06-18T01:44", _at(2024, 6, 18, 1, 44)),
    ("2023/2/21 21:20（2/21 22:08 更新）", _at(2023, 2, 21, 21, 20)),
    ("2024.06.18 09:05", _at(2024, 6, 18, 9, 5)),
    ("２０２４年６月１８日　下午３時０５分", _at(2024, 6, 18, 15, 5)),
    ("2024年6月18日 上午12:30", _at(2024, 6, 18, 0, 30)),
    ("2024年6月18日 下午12:30", _at(2024, 6, 18, 12, 30)),
    ("2024年6月18日 晚上8點15分", _at(2024, 6, 18, 20, 15)),
    ("2024年6月18日 13时5分30秒", _at(2024, 6, 18, 13, 5, 30)),
    ("2024年6月18日 星期二 08:00", _at(2024, 6, 18, 8, 0)),
    ("2024年6月18日（火）21時37分", _at(2024, 6, 18, 21, 37)),
    ("发布时间：2019-09-26 10:09:11 来源：河口晚报", _at(2019, 9, 26, 10, 9, 11)),
    ("來源：中央社 2021/03/04 07:05", _at(2021, 3, 4, 7, 5)),
    ("2019年10月31日 23:00 浏览： 33", _at(2019, 10, 31, 23, 0)),
    ("2024-06-18 12:05 PM", _at(2024, 6, 18, 12, 5)),
    ("January 30, 2024 10:05 AM", _at(2024, 1, 30, 10, 5)),
    ("30 January 2024 at 22:05", _at(2024, 1, 30, 22, 5)),
    ("1718646299", _at(2024, 6, 18, 1, 44, 59)),
    ("1718646299000", _at(2024, 6, 18, 1, 44, 59)),
    ("20240618014459", _at(2024, 6, 18, 1, 44, 59)),
    ("2023-09-13T19:51:00+08:00", _at(2023, 9, 13, 19, 51)),
    ("2020-04-01 10:29 GMT+0800", _at(2020, 4, 1, 10, 29)),
    ("2024-01-30T14:13:12.269Z", datetime(2024, 1, 30, 14, 13, 12, tzinfo=UTC)),
    ("2024-01-30T14:13:12-05:00", datetime(2024, 1, 30, 14, 13, 12, tzinfo=timezone(-timedelta(hours=5)))),
    ("Tue, 18 Jun 2024 01:44:59 +0800", _at(2024, 6, 18, 1, 44, 59)),
    ("2024-06-18", date(2024, 6, 18)),
    ("2024年6月18日", date(2024, 6, 18)),
    ("20240618", date(2024, 6, 18)),
    ("05.03.2019", date(2019, 3, 5)),
    ("民國112年2月21日", date(2023, 2, 21)),
    ("2024年6月18日 25:61", date(2024, 6, 18)),
    ("1990-01-01 08:00", _at(1990, 1, 1, 8, 0)),
    ("2025-06-03 12:00", _at(2025, 6, 3, 12, 0)),
]


@pytest.mark.parametrize(("raw", "expected"), READ, ids=[raw for raw, _ in READ])
def test_a_moment_is_read_as_printed(raw: str, expected: Moment) -> None:
    read = moment(raw, TAIPEI, NOW)
    assert read == expected
    assert isinstance(read, datetime) == isinstance(expected, datetime)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "昨天 12:30",
        "上午12:30",
        "2024-13-40",
        "2024-02-30",
        "1970-01-01 00:00:00",
        "1989-12-31",
        "2025-06-09",
        "2099-01-01",
        "人氣 2024",
        "x" * 10_000,
    ],
)
def test_what_names_no_plausible_day_is_no_moment(raw: str) -> None:
    assert moment(raw, TAIPEI, NOW) is None


def test_a_time_whose_zone_nobody_knows_stays_a_day() -> None:
    assert moment("2024-06-18 1:44", None, NOW) == date(2024, 6, 18)


@pytest.mark.parametrize(
    ("raw", "stated"), [("2024-06-18T01:44+08:00", True), ("2024-06-18T01:44Z", True), ("2024-06-18 01:44", False), ("1718646299", True)]
)
def test_a_stated_zone_is_told_from_a_supplied_one(raw: str, stated: bool) -> None:
    assert states_zone(raw) is stated
