"""Article identities from addresses: the part that names the article becomes the key, the rest the pattern."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pipelines.identity import Identity
from spiders.prospect.shapes import Address, addresses, is_date, kind

_ANY = "[^/?#]+"
TRACKED = r"(?:utm_\w+|at_medium|at_campaign|fbclid|gclid|maca|spm)=[^&#]*"
"""What a feed hangs on its links, for patterns that a person reads: the commonest of TRACKING."""
_SURE = 4
"""Digits from which on a number that differs on every page is taken for the article's own."""
_GLOBAL = 7
"""Digits from which on it is taken for the article's own whatever stands before it; a shorter one may count within a section or a day."""
_STAMPED = re.compile(r"(?=.*\d{4})(?:[A-Za-z]{0,3}[-_]?\d+[-_]?)+(?:\.\w{2,5})?$")
"""Numbers with a letter or two between them, as in 20240618001234-260402 or c1001-40189000.html."""
_SHAPES = 200
"""Shapes that are compared with each other; a site whose addresses have more has none."""
_WORDS = 2
"""Hyphens of the shortest headline in an address; /about-us is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Addresses of one shape, of which some words may differ. `others`: words that stand in the same places elsewhere on the site;
    `titles`: the words of the links, by address, as far as they are known."""

    addresses: tuple[Address, ...]
    others: tuple[frozenset[str], ...]
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def first(self) -> Address:
        """One of them."""
        return self.addresses[0]

    def title(self, url: str) -> str:
        """The letters of the words that link it, empty where they are not known."""
        return re.sub(r"\W", "", self.titles.get(url, ""))

    def column(self, number: int) -> list[str]:
        """The segments at this place."""
        return [each.segments[number] for each in self.addresses]


def families(urls: Iterable[str], elsewhere: Iterable[str] = (), titles: Mapping[str, str] | None = None) -> list[Family]:
    """The addresses by shape, the largest family first; shapes that differ in one word are one family.

    `elsewhere`: addresses of the site that are no articles; their words are kept out of the patterns."""
    shaped: defaultdict[object, list[Address]] = defaultdict(list)
    for each in addresses(urls):
        shaped[each.shape].append(each)
    merged: list[list[Address]] = []
    for group in sorted(shaped.values(), key=len, reverse=True)[:_SHAPES]:
        near = next((known for known in merged if _differ_in_a_word(known[0], group[0])), None)
        if near is None:
            merged.append(group)
        else:
            near += group
    outside = addresses(elsewhere)
    found = [Family(addresses=tuple(group), others=_words(outside, group[0]), titles=titles or {}) for group in merged]
    return sorted(found, key=lambda family: -len(family.addresses))


def _differ_in_a_word(one: Address, other: Address) -> bool:
    if (one.host, len(one.segments), one.shape[2]) != (other.host, len(other.segments), other.shape[2]):
        return False
    apart = [pair for pair in zip(one.shape[1], other.shape[1], strict=True) if pair[0] != pair[1]]
    return len(apart) == 1 and all("D" not in each and each != "hash" for each in apart[0]) and one.is_named and other.is_named


def _words(outside: Sequence[Address], like: Address) -> tuple[frozenset[str], ...]:
    near = [each for each in outside if each.host == like.host and len(each.segments) == len(like.segments)]
    return tuple(frozenset(each.segments[number] for each in near) for number in range(len(like.segments)))


def identity(family: Family, prefix: str = "", *, whole: bool = False) -> list[Identity]:
    """The family's pattern, with the page's clean address as the form to fetch, unless a query that may matter hangs on it; `whole`
    takes the whole path for the key."""
    named = None if whole else _naming(family)
    path = "".join(f"/{_segment(family, number, named)}" for number in range(len(family.first.segments)))
    site = rf"https?://(?:www\.)?{_literal(family.first.host)}{_port(each.url for each in family.addresses)}"
    if isinstance(named, str):
        return [_by_parameter(family, named, f"(?P<page>{site}{path or '/'})", prefix)]
    if named is not None:
        clean = None if any(each.query for each in family.addresses) else "{page}"
        return [Identity(pattern=f"^(?P<page>{site}{path}/?)(?=[?#]|$)", key=prefix + "{id}", url=clean)]
    if any(each.query for each in family.addresses):
        return _by_everything(site, prefix)
    return [Identity(pattern=f"^(?P<page>{site}(?P<path>{path})/?)(?=[?#]|$)", key=prefix + "{path}", url="{page}")]


def _port(urls: Iterable[str]) -> str:
    return r"(?::\d+)?" if any(re.match(r"https?://[^/?#]*:\d", url) for url in urls) else ""


def _by_parameter(family: Family, name: str, page: str, prefix: str) -> Identity:
    """Named by a parameter of the query; the others that all have alike, such as act=view, belong to the pattern."""
    others = [pair for pair in family.first.query if pair[0] != name and pair[1] and all(pair in each.query for each in family.addresses)]
    ahead = "".join(f"(?=(?:[^#]*&)?{_literal(f'{key}={value}')}(?:[&#]|$))" for key, value in others)
    value = r"\d+" if all(_value(each, name).isdigit() for each in family.addresses) else "[^&#]+"
    kept = "".join(f"{key}={value}&" for key, value in others).replace("{", "{{").replace("}", "}}")
    return Identity(
        pattern=rf"^{page}\?{ahead}(?:[^#]*&)?{_literal(name)}=(?P<id>{value})(?=[&#]|$)",
        key=prefix + "{id}",
        url="{page}?" + kept + name + "={id}",
    )


def whole_identity(hosts: Sequence[str], urls: Iterable[str] = ()) -> list[Identity]:
    """For a portal of which nothing is known but its feeds: everything that may name an article is the key.

    The host, the path, and the query without leading or trailing tracking: two articles never get one key, at the price that an
    address with tracking in its middle is an article of its own (whose text then joins the story that is known)."""
    names = "|".join(map(_literal, hosts))
    return _by_everything(
        rf"https?://(?:www\.)?(?P<site>(?:[\w-]+\.)*{f'(?:{names})' if len(hosts) > 1 else names}){_port(urls)}", "{site}/"
    )


def _by_everything(site: str, prefix: str) -> list[Identity]:
    return [
        Identity(pattern=rf"^{site}/(?P<path>[^?#]+?)/?(?:\?(?:{TRACKED}(?:&|(?=#|$)))*)?(?=#|$)", key=prefix + "{path}"),
        Identity(
            pattern=rf"^{site}/(?P<path>[^?#]*?)/?\?(?:{TRACKED}&)*(?P<query>[^#]+?)(?:&{TRACKED})*(?=#|$)", key=prefix + "{path}?{query}"
        ),
    ]


def _naming(family: Family) -> int | str | None:
    """What names the article: a query parameter, the number of a segment, or None for the whole path."""
    for name in sorted((name for name, _ in family.first.query), key=lambda each: not each.lower().endswith("id")):
        values = [_value(each, name) for each in family.addresses]
        if _tell_apart(family, values) and all(re.search(r"D|^hash$", kind(value)) for value in values):
            return name
    for number in reversed(range(len(family.first.segments))):
        numbers = [_number(segment) for segment in family.column(number)]
        if _tell_apart(family, numbers) and (min(map(len, numbers)) >= _GLOBAL or not _is_counted(family, number)):
            return number
    return None


def _tell_apart(family: Family, values: Sequence[str]) -> bool:
    """Whether every article has a value of its own, too long for a count and no date."""
    if not all(len(value) >= _SURE and not is_date(value) for value in values):
        return False
    shared: defaultdict[str, list[str]] = defaultdict(list)
    for value, each in zip(values, family.addresses, strict=True):
        shared[value].append(family.title(each.url))
    return all(len(titles) == 1 or are_one(titles) for titles in shared.values())


def are_one(titles: Sequence[str]) -> bool:
    """Whether links with one value have one headline, give or take a label before or behind it."""
    longest = max(titles, key=len)
    return all(title and title in longest for title in titles)


def _is_counted(family: Family, number: int) -> bool:
    """Whether a date or a changing word stands in the path, within which a short number may count anew."""
    columns = [set(family.column(other)) for other in range(len(family.first.segments)) if other != number]
    return any(any(map(is_date, values)) or (len(values) > 1 and all(kind(each) == each for each in values)) for values in columns)


def _number(segment: str) -> str:
    """The part of a segment that can name an article: a hash, or the long number at its end; empty where there is none."""
    stem = re.sub(r"\.\w{2,5}$", "", segment)
    if kind(segment) == "hash":
        return stem
    found = re.search(rf"(?:^|\D)(\d{{{_SURE},}})$", stem)
    return found[1] if found else ""


def _value(each: Address, name: str) -> str:
    return next((value for key, value in each.query if key == name), "")


def _segment(family: Family, number: int, named: int | str | None) -> str:
    values = set(family.column(number))
    value = min(values)
    if number == named:
        return _named(values)
    if all(re.fullmatch(r"\d+", each) for each in values):
        return r"\d+"
    if len(values) == 1 and re.fullmatch(r"[\w.~-]*", value, re.ASCII) and kind(value) == value:
        return _literal(value)
    if len({re.sub(r"\d+", "0", each) for each in values}) == 1 and _STAMPED.match(value):
        return re.sub(r"\d+", r"\\d+", _literal(value))
    if named is None and all(each.count("-") >= _WORDS for each in values):
        return "-".join([_ANY] * (_WORDS + 1))
    words = [word for word in family.others[number] - values if re.fullmatch(r"[\w-]{2,30}", word, re.ASCII) and kind(word) == word]
    kept_out = "|".join(map(_literal, sorted(words)[:8]))
    return (f"(?!(?:{kept_out})/)" if len(words) > 1 else f"(?!{kept_out}/)" if words else "") + _ANY


def _named(values: Iterable[str]) -> str:
    """The group `id`; what stands around it alike in all is kept, a slug before it is not."""
    ends = {found[0] if (found := re.search(r"\.\w{2,5}$", each)) else "" for each in values}
    end = _literal(ends.pop()) if len(ends) == 1 else r"(?:\.\w+)?"
    if any(kind(each) == "hash" for each in values):
        return f"(?P<id>[0-9A-Za-z]+){end}"
    befores = {re.sub(r"\d+(?:\.\w{2,5})?$", "", each) for each in values}
    before = _literal(befores.pop()) if len(befores) == 1 else r"(?:[^/?#]*\D)?"
    return rf"{before}(?P<id>\d+){end}"


def _literal(text: str) -> str:
    """Escaped where it must be, readable where it need not."""
    return re.sub(r"\\([-&=~ ])", r"\1", re.escape(text))
