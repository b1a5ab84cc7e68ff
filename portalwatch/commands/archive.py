"""archive: the pages as they were fetched."""

import contextlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipelines.archive import reader
from pipelines.archive.check import troubles
from pipelines.archive.index import Catalogue, Entry, catalogue
from pipelines.archive.place import WARC, Place, open_place
from pipelines.archive.records import PAGE
from pipelines.config import settings
from pipelines.errors import PortalwatchError
from portalwatch import moments, show

COLUMNS = ("portal", "file", "pages", "revisits", "bytes", "from", "to")
archive = typer.Typer(no_args_is_help=True, help="The archive: every page that was fetched, as WARC files.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(archive, name="archive")


@archive.command("list")
def list_files(
    portal: Annotated[str | None, typer.Argument(help="One portal; all where it is left out.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """The files, with how many pages each holds; pages of a crawl that is running come when it ends.

    Example: `portalwatch archive list dw_zh`
    """
    place = open_place(settings())
    lines = [line for each in _asked(place, portal) for line in _files(place, each)]
    if as_json:
        show.jsonl(lines)
        return
    cells = [
        (line["portal"], line["file"], line["pages"], line["revisits"], f"{line['bytes']:,}", line["from"], line["to"]) for line in lines
    ]
    show.rows(COLUMNS, cells, empty="nothing is archived yet")


@archive.command("find")
def find(
    url: Annotated[str, typer.Argument(help="An article's address, in any form.")],
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """Every time that an article's page was fetched, oldest first.

    Example: `portalwatch archive find https://www.storm.mg/article/4869000`
    """
    place = open_place(settings())
    found = [_capture(entry) for _, entries in _captures(place, url) for entry in entries]
    if not found:
        raise PortalwatchError(f"{url}: is not in the archive")
    if as_json:
        show.jsonl(found)
    else:
        names = ("at", "part", "status", "digest", "url")
        cells = [(*(line[name] for name in names), "the same body" if line["revisit_of"] else "") for line in found]
        show.rows(("fetched", "part", "status", "digest", "url", "as before"), cells, empty="")


@archive.command("show")
def show_page(
    url: Annotated[str, typer.Argument(help="An article's address, in any form.")],
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As it was then; the newest where it is left out.")] = None,
    headers: Annotated[bool, typer.Option("--headers", help="The status and headers before the body.")] = False,
) -> None:
    """A page's bytes as they were fetched.

    Example: `portalwatch archive show https://www.storm.mg/article/4869000 --at 2026-11-20 > page.html`
    """
    place, moment = open_place(settings()), moments.end(at, "--at")
    for known, entries in _captures(place, url):
        entry = reader.latest([each for each in entries if each.note.part == PAGE], moment)
        if entry is not None:
            _print(reader.page(place, known, entry), headers)
            return
    raise PortalwatchError(f"{url}: is not in the archive" + (f" before {moment:%Y-%m-%d %H:%M %Z}" if moment else ""))


@archive.command("check")
def check(portal: Annotated[str | None, typer.Argument(help="One portal; all where it is left out.")] = None) -> None:
    """Read every record, compare its digest, and each index with its file. Exit 1 where something is wrong.

    Example: `portalwatch archive check`
    """
    place, files, wrong = open_place(settings()), 0, 0
    for each in _asked(place, portal):
        for stem in place.stems(each):
            with contextlib.suppress(FileNotFoundError):  # it was rewritten or aged out meanwhile
                for trouble in troubles(place, each, stem):
                    wrong += 1
                    typer.echo(f"{each}/{stem}{WARC}: {show.plain(trouble)}")
                files += 1
    if wrong:
        raise PortalwatchError(f"{wrong} things are wrong in {files} files")
    typer.echo(f"{files} files are whole")


def _asked(place: Place, portal: str | None) -> list[str]:
    """The portals that are meant; what is archived may be looked at though its portal is read no more. Wrong use for an unknown one."""
    from spiders import loader

    archived = place.portals()
    if portal is not None and portal not in archived and portal not in loader.every_path(settings()):
        loader.path_of(portal, settings())
    return archived if portal is None else [portal]


def _files(place: Place, portal: str) -> Iterator[dict[str, Any]]:
    entries: dict[str, list[Entry]] = {}
    for entry in catalogue(place, portal).entries:
        entries.setdefault(entry.stem, []).append(entry)
    sizes = place.sizes(portal)
    for stem, held in entries.items():
        yield {
            "portal": portal,
            "file": stem + WARC,
            "pages": len(held),
            "revisits": sum(entry.original is not None for entry in held),
            "bytes": sizes.get(stem + WARC, 0),
            "from": held[0].at,
            "to": held[-1].at,
        }


def _captures(place: Place, url: str) -> Iterator[tuple[Catalogue, list[Entry]]]:
    """(catalogue, records) of the portals that have any; the portal's own where a sheet knows the address."""
    from spiders import loader

    sheet = loader.sheet_for(url, settings())
    for portal in [sheet.slug] if sheet else place.portals():
        known = catalogue(place, portal)
        found = reader.captures(known, url, sheet.identify if sheet else None)
        if found:
            yield known, found


def _capture(entry: Entry) -> dict[str, Any]:
    return {
        "url": entry.url,
        "at": entry.at,
        "part": entry.note.part,
        "status": entry.status,
        "digest": entry.digest,
        "revisit_of": entry.original,
        "file": entry.stem + WARC,
        "offset": entry.offset,
        "length": entry.length,
    }


def _print(page: Any, headers: bool) -> None:
    out = sys.stdout.buffer
    if headers:
        fetched: datetime = page.fetched_at
        lines = [f"{page.status} {page.url}", f"fetched {fetched.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"]
        out.write("\n".join([*lines, *(f"{name}: {value}" for name, value in page.headers), "", ""]).encode())
    out.write(page.body)
    out.flush()
