"""Getting archived pages back: the captures of an address, the states of an identity, and their bodies."""

import dataclasses
from collections.abc import Callable, Iterable
from datetime import datetime

from pipelines.archive.index import TRIES, Catalogue, Entry, catalogue
from pipelines.archive.place import WARC, Place
from pipelines.archive.records import PAGE, page_of, record_of, unpacked
from pipelines.errors import ArchiveError
from pipelines.models import Page

Identify = Callable[[str], tuple[str, str] | None]
"""A sheet's `identify`: address -> (identity, address to fetch)."""


class BodyGone(ArchiveError):
    """The record is there, and the body that it refers to is not any more."""


def page(place: Place, known: Catalogue, entry: Entry) -> Page:
    """The archived page, as it was fetched at `entry.at`. BodyGone where its body aged out, or the record itself is gone."""
    holder = entry if entry.original is None else known.by_place.get((entry.url, entry.original))
    if holder is None:
        raise BodyGone(f"{entry.url}: the body aged out of the archive; it stood in the record of {entry.original:%Y-%m-%d %H:%M:%S} UTC")
    here, body = _read(place, known, entry), _read(place, known, holder).body if holder is not entry else None
    return here if body is None else dataclasses.replace(here, body=body)


def identity_of(entry: Entry, identify: Identify) -> str | None:
    """Whose page a record is; by the sheet where the record does not say it."""
    told = identify(entry.url) if not entry.note.identity else None
    return entry.note.identity or (told[0] if told else None)


def states(entries: Iterable[Entry], identify: Identify) -> dict[str, list[Entry]]:
    """{identity: its page's different bodies, newest first}, in the order in which the identities were first archived.

    Of equal bodies the latest record stands for all.
    """
    found: dict[str, dict[str, Entry]] = {}
    for entry in entries:
        identity = identity_of(entry, identify)
        if identity is not None and entry.note.part == PAGE:
            found.setdefault(identity, {})[entry.digest] = entry
    return {identity: sorted(each.values(), key=lambda entry: entry.at, reverse=True) for identity, each in found.items()}


def captures(known: Catalogue, url: str, identify: Identify | None) -> list[Entry]:
    """Every record of an address, or of what it identifies, oldest first."""
    told = identify(url) if identify else None

    def fits(entry: Entry) -> bool:
        return url in (entry.url, entry.note.asked) or bool(told and identify and identity_of(entry, identify) == told[0])

    return [entry for entry in known.entries if fits(entry)]


def latest(entries: list[Entry], at: datetime | None) -> Entry | None:
    """The newest record that is not younger than `at`."""
    fitting = [entry for entry in entries if at is None or entry.at <= at]
    return fitting[-1] if fitting else None


def _read(place: Place, known: Catalogue, entry: Entry) -> Page:
    """The record's page; where its file is gone, from the file that forgetting made of it."""
    here: Entry | None = entry
    for _ in range(TRIES):
        if here is None:
            break
        try:
            return _page_at(place, known.portal, here)
        except FileNotFoundError:
            here = catalogue(place, known.portal, since=entry.at).by_place.get((entry.url, entry.at))
    raise BodyGone(f"{entry.url}: its record of {entry.at:%Y-%m-%d %H:%M:%S} UTC is no longer in the archive")


def _page_at(place: Place, portal: str, entry: Entry) -> Page:
    packed = place.read(portal, entry.stem + WARC, (entry.offset, entry.offset + entry.length))
    return page_of(record_of(unpacked(packed)))
