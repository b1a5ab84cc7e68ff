"""Reading a moment from what a page prints: Chinese, ISO, RFC 822, English and epoch forms, without guessing a time."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime

Moment = datetime | date

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Nothing on the web is older; what claims to be is a default value of somebody's database."""
AHEAD = timedelta(days=2)
"""A clock may be wrong and a zone misread by this much; later dates are events, not publications."""

_LONGEST = 300
"""Characters of a string that are looked at."""
_MONTH_NAMES = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES.split(), start=1)}
_TIME = (
    r"(?P<half>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|晚间|晚間|夜间|夜間|午前|午後|[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<hour>\d{1,2})\s*(?::|时|時|点|點)\s*(?P<minute>\d{1,2})\s*"
    r"(?:分\s*(?P<second2>\d{1,2})\s*秒|分|:\s*(?P<second>\d{1,2})(?:[.,]\d+)?)?"
    r"(?:秒)?\s*(?P<half2>[AaPp]\.?[Mm]\b)?"
    r"\s*(?P<zone>Z\b|(?:GMT|UTC)?\s?[+-]\d{2}:?\d{2}\b|GMT\b|UTC\b|CST\b|HKT\b|JST\b|KST\b|SGT\b)?"
)
_BETWEEN = (
    r"[\sT,，]*(?:[(（]?(?:星期|周|週|礼拜|禮拜)[一二三四五六日天][)）]?|[(（][一二三四五六日月火水木金土](?:曜日?)?[)）])?[\s,，|·—-]*"
)
_NUMERIC = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)\s*(?:[-/.]|年)\s*(?P<month>\d{1,2})\s*(?:[-/.]|月)\s*(?P<day>\d{1,2})(?!\d)\s*[日号號]?"
    rf"(?:{_BETWEEN}{_TIME})?"
)
_SHORT_YEAR = re.compile(
    rf"(?:时间|時間|日期|发布|發布|发表|發表)\s*[:：]?\s*(?P<year>\d{{2}})-(?P<month>\d{{2}})-(?P<day>\d{{2}})(?!\d\d\d)(?:{_BETWEEN}{_TIME})?"
)
"""Two digits are a year behind a label only."""
_REPUBLIC = re.compile(rf"民[国國]\s*(?P<year>\d{{2,3}})\s*年\s*(?P<month>\d{{1,2}})\s*月\s*(?P<day>\d{{1,2}})\s*日(?:{_BETWEEN}{_TIME})?")
_ENGLISH = re.compile(
    r"(?:(?P<month>[A-Z][a-z]{2,8})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?|(?P<day2>\d{1,2})(?:st|nd|rd"
    r"|th)?\s+(?P<month2>[A-Z][a-z]{2,8})\.?,?)"
    rf"\s+(?P<year>(?:19|20)\d\d)(?:(?:\s+at)?[\s,|·—-]*{_TIME})?"
)
_DOTTED = re.compile(rf"(?<!\d)(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>(?:19|20)\d\d)(?!\d)(?:{_BETWEEN}{_TIME})?")
"""Day first: nobody puts the month first before a dot."""
_COMPACT = re.compile(
    r"^(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?:T?(?P<hour>\d\d)(?P<minute>\d\d)(?P<second>\d\d)?)?(?P<zone>Z"
    r"|[+-]\d\d:?\d\d)?$"
)
_EPOCH = re.compile(r"^(\d{10})(\d{3})?$")
_RFC822 = re.compile(r"^(?:[A-Z][a-z]{2},\s*)?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}")
_ZONES = {"Z": 0, "GMT": 0, "UTC": 0, "CST": 8, "HKT": 8, "SGT": 8, "JST": 9, "KST": 9}
"""Hours east of Greenwich; CST is China's, since the pages that print it here are Chinese."""
_AFTERNOON = frozenset({"下午", "傍晚", "晚上", "晚间", "晚間", "夜间", "夜間", "午後", "pm"})
_FORENOON = frozenset({"凌晨", "清晨", "早上", "早晨", "上午", "午前", "am"})


def moment(raw: str, zone: tzinfo | None, now: datetime | None = None) -> Moment | None:
    """The first moment that `raw` names: aware where it has a time (`zone` where it states none, None then means no time), a date
    where it names a day only, None where it names nothing or something before 1990 or more than two days ahead."""
    text = unicodedata.normalize("NFKC", raw[:_LONGEST]).strip()
    read = next((found for reader in _READERS if (found := reader(text, zone)) is not None), None)
    return read if read is not None and is_plausible(read, now) else None


def is_plausible(read: Moment, now: datetime | None = None) -> bool:
    """Whether something may have been published then."""
    latest = (now or datetime.now(UTC)) + AHEAD
    if isinstance(read, datetime):
        return EARLIEST <= read <= latest
    return EARLIEST.date() <= read <= latest.date()


def states_zone(raw: str) -> bool:
    """Whether the string itself says its zone, so that none had to be supplied."""
    text = unicodedata.normalize("NFKC", raw[:_LONGEST]).strip()
    found = next(
        (match for pattern in (_COMPACT, _NUMERIC, _SHORT_YEAR, _DOTTED, _REPUBLIC, _ENGLISH) if (match := pattern.search(text))), None
    )
    return bool(_EPOCH.match(text) or _RFC822.match(text)) or bool(found and found["zone"])


def _epoch(text: str, zone: tzinfo | None) -> Moment | None:
    found = _EPOCH.match(text)
    return datetime.fromtimestamp(int(found[1]), zone or UTC) if found else None


def _rfc822(text: str, zone: tzinfo | None) -> Moment | None:
    if not _RFC822.match(text):
        return None
    try:
        read = parsedate_to_datetime(text)
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone or UTC)


def _compact(text: str, zone: tzinfo | None) -> Moment | None:
    found = _COMPACT.match(text)
    return _built(found, zone, int(found["year"])) if found else None


def _numeric(text: str, zone: tzinfo | None) -> Moment | None:
    found = _NUMERIC.search(text)
    return _built(found, zone, int(found["year"])) if found else None


def _republic(text: str, zone: tzinfo | None) -> Moment | None:
    found = _REPUBLIC.search(text)
    return _built(found, zone, int(found["year"]) + 1911) if found else None


def _short_year(text: str, zone: tzinfo | None) -> Moment | None:
    found = _SHORT_YEAR.search(text)
    return _built(found, zone, 2000 + int(found["year"])) if found else None


def _dotted(text: str, zone: tzinfo | None) -> Moment | None:
    found = _DOTTED.search(text)
    return _built(found, zone, int(found["year"])) if found else None


def _english(text: str, zone: tzinfo | None) -> Moment | None:
    found = _ENGLISH.search(text)
    return _built(found, zone, int(found["year"])) if found else None


_READERS: tuple[Callable[[str, tzinfo | None], Moment | None], ...] = (
    _epoch,
    _rfc822,
    _compact,
    _republic,
    _numeric,
    _short_year,
    _dotted,
    _english,
)


def _built(found: re.Match[str], zone: tzinfo | None, year: int) -> Moment | None:
    part = found.groupdict()
    month = part.get("month") or part.get("month2") or ""
    number = int(month) if month.isdigit() else _MONTHS.get(month[:3].lower(), 0)
    try:
        day = date(year, number, int(part.get("day") or part.get("day2") or 0))
    except ValueError:
        return None
    where = _zone(part.get("zone")) or zone
    if not part.get("hour") or where is None:
        return day
    return _timed(day, part, where) or day


def _timed(day: date, part: dict[str, str | None], where: tzinfo) -> datetime | None:
    hour, minute = int(part["hour"] or 0), int(part["minute"] or 0)
    second = int(part.get("second") or part.get("second2") or 0)
    half = (part.get("half") or part.get("half2") or "").lower().replace(".", "")
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half in _FORENOON and hour == 12:
        hour = 0
    try:
        return datetime(day.year, day.month, day.day, hour, minute, min(second, 59), tzinfo=where)
    except ValueError:
        return None


def _zone(name: str | None) -> tzinfo | None:
    if not name:
        return None
    label = name.strip()
    if label in _ZONES:
        return timezone(timedelta(hours=_ZONES[label])) if _ZONES[label] else UTC
    digits = re.sub(r"[^\d]", "", label)
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return timezone(-offset if "-" in label else offset) if offset < timedelta(hours=15) else None
