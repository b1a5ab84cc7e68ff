"""The identities of a sheet: one for each family of addresses, and one for each further form that an article has, under its key."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.identity import Identity
from spiders.prospect.identity import Family, are_one, identity
from spiders.prospect.shapes import address

Pair = tuple[str, str]
"""Two addresses of one article, the one that is known first."""
_FEW = 0.02
"""Share of the addresses below which a family is left out as an odd one."""
_MOST = 4
"""Families of one sheet; more are a sign that the addresses have no shape."""
_ONE_ARTICLE = 3
"""Numbers that two families must share to be two forms of the same articles."""


def identities(found: Sequence[Family]) -> list[Identity]:
    """A pattern and key for each family, the largest first. A family with the numbers of an earlier one is a form of it; another
    one says in its key which it is."""
    total, made, used = sum(len(family.addresses) for family in found), list[Identity](), list[Family]()
    for family in found:
        rest = replace(family, addresses=tuple(each for each in family.addresses if not applied(made, each.url)[0]))
        if len(rest.addresses) > _FEW * total and len(used) < _MOST:
            pairs = [pair for known in used for pair in _shared(known, rest)]
            joined = _joining(made, pairs) if len(pairs) >= _ONE_ARTICLE else None
            made += [joined] if joined else identity(rest, f"{_name(rest, used)}:" if used else "")
            used.append(rest)
    return made


def _shared(known: Family, family: Family) -> list[Pair]:
    """Addresses of both families that hold the same number under the same headline; the number alone may be each one's own count."""
    numbers = {number: each.url for each in known.addresses for number in _numbers(each.url)}
    pairs = [(numbers[number], each.url) for each in family.addresses for number in _numbers(each.url) if number in numbers]
    return [(url, other) for url, other in pairs if are_one([known.title(url), family.title(other)])]


def _numbers(url: str) -> list[str]:
    return re.findall(r"(?<!\d)\d{5,}(?!\d)", url)


def _name(family: Family, before: Sequence[Family]) -> str:
    """A word that the families before it lack: of its host, else of its path, else its number."""
    label = family.first.host.split(".")[0]
    if all(other.first.host != family.first.host for other in before):
        return label
    taken = {segment for other in before for segment in other.first.segments}
    words = [segment for segment in family.first.segments if re.fullmatch(r"[a-z][a-z-]{1,20}", segment)]
    return next((word for word in words if word not in taken), f"form{len(before) + 1}")


def with_forms(found: Sequence[Identity], pairs: Iterable[Pair]) -> tuple[list[Identity], list[str]]:
    """(the identities, with further ones for forms that they do not know yet; one of each kind of form that no pattern could join)."""
    made, apart = list(found), []
    for group in _groups(found, pairs):
        joined = _joining(found, group)
        if joined is not None:
            made.append(joined)
        else:
            apart.append(group[0][1])
    return made, apart


def _groups(found: Sequence[Identity], pairs: Iterable[Pair]) -> list[list[Pair]]:
    """Pairs whose form is not known under its article's key, by the form's shape. A form that several pages name is a broken one."""
    given = list(dict.fromkeys(pairs))
    named = Counter(other for _, other in given)
    shaped: defaultdict[object, list[Pair]] = defaultdict(list)
    for url, other in given:
        there = address(other)
        if there is not None and named[other] == 1 and (key := applied(found, url)[0]) and key != applied(found, other)[0]:
            shaped[there.shape].append((url, other))
    return list(shaped.values())


def _joining(found: Sequence[Identity], group: Sequence[Pair]) -> Identity | None:
    """An identity that gives every form of the group the key of its article; None where no pattern does."""
    parts = tuple(each for _, other in group if (each := address(other)))
    family = Family(addresses=parts, others=tuple(frozenset[str]() for _ in parts[0].segments))
    prefix, colon, _ = applied(found, group[0][0])[0].rpartition(":")
    for made in (each for whole in (False, True) for each in identity(family, prefix + colon, whole=whole)):
        if all(applied([made], other)[0] == applied(found, url)[0] for url, other in group):
            return made.model_copy(update={"url": _fetched(found, made, group)})
    return None


def _fetched(found: Sequence[Identity], made: Identity, group: Sequence[Pair]) -> str | None:
    """The article's first address, where what the form shares with it is enough to write it; None: the form itself is fetched."""
    names = [_named(made, other) for _, other in group]
    mains = [applied(found, url)[1] for url, _ in group]
    group_name, value = names[0]
    template = mains[0].replace("{", "{{").replace("}", "}}").replace(value, f"{{{group_name}}}")
    fits = all(template.format(**{group_name: named}) == main for (_, named), main in zip(names, mains, strict=True))
    return template if fits and len(group) > 1 and template.count(f"{{{group_name}}}") == 1 else None


def _named(made: Identity, url: str) -> tuple[str, str]:
    match = re.search(made.pattern, url)
    groups = match.groupdict() if match else {}
    name = "id" if "id" in groups else "path"
    return name, groups.get(name) or ""


def keyed(found: Sequence[Identity], urls: Iterable[str]) -> dict[str, str]:
    """{key: the address to fetch} of those that are articles, each as it is met first."""
    articles: dict[str, str] = {}
    for url in urls:
        key, fetched = applied(found, url)
        if key:
            articles.setdefault(key, fetched)
    return articles


def applied(found: Sequence[Identity], url: str) -> tuple[str, str]:
    """(key, address to fetch) by the first identity that matches; an empty key where none does."""
    for each in found:
        if match := re.search(each.pattern, url):
            groups = match.groupdict()
            return each.key.format(**groups), each.url.format(**groups) if each.url else url
    return "", url
