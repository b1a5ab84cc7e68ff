"""What a site does not say outright: its language, its time zone, its name, a slug; each with the reason for the guess."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from pipelines.extract.dates import ZONE_OF_SCRIPT

Guess = tuple[str, str]
"""A value, and where it comes from, empty where the site says it."""
_ZONES = {
    "tw": "Asia/Taipei", "hk": "Asia/Hong_Kong", "mo": "Asia/Macau", "cn": "Asia/Shanghai", "sg": "Asia/Singapore",
    "my": "Asia/Kuala_Lumpur", "jp": "Asia/Tokyo", "kr": "Asia/Seoul", "vn": "Asia/Ho_Chi_Minh", "th": "Asia/Bangkok",
    "in": "Asia/Kolkata", "uk": "Europe/London", "de": "Europe/Berlin", "fr": "Europe/Paris", "nl": "Europe/Amsterdam",
    "it": "Europe/Rome", "es": "Europe/Madrid", "ru": "Europe/Moscow", "nz": "Pacific/Auckland",
}  # fmt: skip
"""Country domains with one zone."""
_ZONE_OF_LANGUAGE = {"ja": "Asia/Tokyo", "ko": "Asia/Seoul"}
_SECOND_LEVEL = frozenset({"com", "co", "net", "org", "gov", "edu", "ac", "or", "ne", "go", "idv", "gob"})
_PASSING = re.compile(r"www\d*|m|mobile|amp|rss|feeds?|feeder|atom|news|api")
_SEPARATOR = re.compile(r"\s*[-–—|｜_»›<·•]+\s*|\s*::\s*|，|,")


def language(declared: Sequence[str], scripts: Sequence[str], spoken: str = "") -> Guess:
    """zh-Hans or zh-Hant by the characters, which know better than a lang attribute; else what is declared; else `und`."""
    hans, hant = scripts.count("Hans"), scripts.count("Hant")
    if hans or hant:
        return ("zh-Hans" if hans >= hant else "zh-Hant"), "by the characters of its pages" if not declared else ""
    told = next((each for each in declared if re.match(r"[A-Za-z]{2,3}(?![A-Za-z])", each)), "")
    if told:
        return told.replace("_", "-"), ""
    return (spoken, "by the characters of its pages") if spoken else ("und", "unknown")


def timezone(host: str, tongue: str, declared: Sequence[str], offsets: Sequence[float]) -> Guess:
    """By the host's country, the page's region, the offset of its times, the script; UTC at worst."""
    label = host.rsplit(".", 1)[-1]
    if label in _ZONES:
        return _ZONES[label], f"a guess from .{label}"
    region = next(
        (found[1].lower() for each in declared if (found := re.search(r"[-_](TW|HK|MO|CN|SG|MY|JP|KR)\b", each, re.IGNORECASE))), ""
    )
    if region:
        return _ZONES[region], f"a guess from the pages' language {'/'.join(dict.fromkeys(declared))[:40]}"
    if len(set(offsets)) == 1 and offsets[0] not in (0.0, 8.0) and offsets[0] == int(offsets[0]):
        return f"Etc/GMT{-int(offsets[0]):+d}", "a guess from the offset of its times; write the city's zone"
    script = tongue.removeprefix("zh-")
    if script in ZONE_OF_SCRIPT:
        return ZONE_OF_SCRIPT[script], f"a guess from the script {script}; the site may sit elsewhere"
    return _ZONE_OF_LANGUAGE.get(tongue[:2], "UTC"), "a guess; nothing on its pages says it"


def name(said: Iterable[str], titles: Iterable[str], host: str) -> str:
    """What the portal calls itself: the commonest of what its pages say, else the shortest part of a title, else the host."""
    told = [each.strip() for each in said if each.strip()]
    if told:
        return max(dict.fromkeys(told), key=told.count)[:60]
    parts = [part for title in titles for part in _SEPARATOR.split(title) if 2 <= len(part) <= 30]
    return min(parts, key=len, default=host)


def house(host: str) -> str:
    """The host without labels that many sites have: ltn.com.tw of news.ltn.com.tw, dw.com of rss.dw.com, news.com.au of itself."""
    labels = host.lower().removesuffix(".").split(".")
    while _PASSING.fullmatch(labels[0]) and len(labels) > (2 if labels[0].startswith("www") else _least(labels)):
        labels = labels[1:]
    return ".".join(labels)


def _least(labels: Sequence[str]) -> int:
    """Labels of the shortest name that somebody may own here: two, or three as in com.tw."""
    return 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL else 2


def slug(host: str, taken: Iterable[str] = ()) -> str:
    """A sheet's file name from a host: dw of www.dw.com, ltn of news.ltn.com.tw; with a number where it is taken."""
    labels = house(host).split(".")
    return free(safe(labels[-_least(labels)] if len(labels) > 1 else labels[0]), taken)


def safe(text: str) -> str:
    """Text as a slug: lower case, a letter first, 2 to 40 of a-z, 0-9 and _."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:32].strip("_")
    if not plain[:1].isalpha():
        plain = f"portal_{plain}".rstrip("_")
    return plain if len(plain) > 1 else f"{plain}_portal"


def free(wanted: str, taken: Iterable[str]) -> str:
    """The slug, or with the first number behind it that is not taken."""
    known = set(taken)
    return wanted if wanted not in known else next(made for number in range(2, 10_000) if (made := f"{wanted}_{number}") not in known)


def hosts(urls: Iterable[str]) -> list[str]:
    """The hosts of the addresses as a sheet names them: without www., and none below another."""
    found = dict.fromkeys(_ascii(urlsplit(url).hostname or "").rstrip(".").removeprefix("www.") for url in urls)
    return [host for host in found if host and not any(host.endswith("." + other) for other in found)]


def _ascii(host: str) -> str:
    """A host in the letters of the network; empty where it has none."""
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        return ""
