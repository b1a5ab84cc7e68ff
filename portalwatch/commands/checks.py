"""portals check, portals record: what is wrong with a sheet, said by the sheet, by its portal, and by pages that were kept."""

import gzip
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.models import Page
from pipelines.sheet import Sheet, read_sheet
from pipelines.store import standings
from pipelines.store.database import has_store, open_store, reading
from portalwatch import show
from portalwatch.commands.portals import portals
from spiders import loader

if TYPE_CHECKING:
    from spiders.prospect.reader import Reader
    from spiders.visit import Visit


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `portals`."""
    portals.command("check")(check)
    portals.command("record")(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """Every sheet that reads, and the slugs that were asked about; `broken` is what is wrong with those that do not read."""

    sheets: Mapping[str, Sheet]
    paths: Mapping[str, Path]
    about: Sequence[str]
    broken: Sequence[str] = ()

    @property
    def mine(self) -> list[Sheet]:
        """The sheets that were asked about."""
        return [self.sheets[slug] for slug in self.about]


def check(
    sheet: Annotated[str | None, typer.Argument(metavar="[SLUG|FILE]", help="One sheet; all where it is left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Ask its portal too, and read five articles; keeps nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="With --dry-run: ask though the portal is paused, having refused us.")] = False,
) -> None:
    """Check sheets, and replay the pages that were recorded for them; every problem with file:line:column. Exit 1 where there is one.

    Nothing is fetched, but with --dry-run: one sheet is tried on its portal; what each listing names, which links no pattern knows,
    how five articles read.

    Example: `portalwatch portals check storm_mg --dry-run`
    """
    from spiders.prospect.reader import Reader

    if dry_run and sheet is None:
        raise typer.BadParameter("--dry-run asks one portal: name its sheet")
    asked = _asked(sheet)
    troubles = [*asked.broken, *_findings(asked)]
    with Reader() as reader:
        pages = [_replayed(each, reader) for each in asked.mine]
        troubles += [trouble for replayed in pages for differences in replayed for trouble in differences]
        if dry_run and not asked.broken:
            troubles += _tried(asked.mine[0], reader, force=force)
    if troubles:
        raise PortalwatchError("\n".join(troubles))
    recorded = sum(map(len, pages))
    replayed = f", {show.counted(recorded, 'recorded page')} read as expected" if recorded else ""
    typer.echo(f"{show.counted(len(asked.about), 'sheet')} read{replayed}")


def record(
    page: Annotated[str, typer.Argument(metavar="URL|FILE", help="An article's address, or a file of its HTML (.gz too).")],
    url: Annotated[str | None, typer.Option(help="The address that a file came from.")] = None,
    portal: Annotated[str | None, typer.Option(metavar="SLUG", help="The sheet; that of the address where it is left out.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call the page; by its key where it is left out.")] = None,
    comments: Annotated[bool, typer.Option("--comments", help="Record readers' comments too: they hold people's names.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Keep the page anew; ask for it also where the portal is paused.")] = False,
) -> None:
    """Keep a page and what it reads as now, as a test of your own. Correct the answer by hand; `portals check` replays it.

    Example: `portalwatch portals record https://www.storm.mg/article/4869000`
    """
    from portalwatch.proof import told
    from spiders import recorded
    from spiders.prospect.guesses import safe
    from spiders.prospect.reader import Reader
    from spiders.trial import proof

    is_file = not page.startswith(("http://", "https://"))
    if is_file and url is None:
        raise typer.BadParameter(f"`{page}` is a file: say with --url where it came from")
    address = url or page
    sheet = _sheet_of(address, portal)
    fetched = Page(url=address, body=_bytes(Path(page))) if is_file else _visit(sheet, force=force).page(_fetched(sheet, address))
    with Reader() as reader:
        reading = reader.read(fetched, sheet)
        shown = proof(sheet, (sheet.identify(fetched.url) or ("",))[0], fetched, reader)
    into = recorded.folder(settings().config, sheet.slug)
    kept = recorded.record(into, safe(name) if name else recorded.name_of(sheet, address), fetched, reading, comments=comments, force=force)
    typer.echo("\n".join(told([shown])))
    typer.echo(
        f"{kept}: what it should read as; correct it where the reading is wrong. `portalwatch portals check {sheet.slug}` replays it"
    )


def _asked(sheet: str | None) -> _Asked:
    shelf, paths = loader.shelf(settings()), loader.paths(settings())
    if sheet is None:
        return _Asked(sheets=shelf.sheets, paths=paths, about=list(shelf.sheets), broken=list(shelf.broken.values()))
    if sheet.endswith((".yaml", ".yml")) or "/" in sheet:
        path = Path(sheet)
        if not path.exists():
            raise WrongUseError(f"{path}: no such file")
        read = read_sheet(path, base=loader.SHIPPED)
        return _Asked(sheets={**shelf.sheets, read.slug: read}, paths={**paths, read.slug: path}, about=[read.slug])
    loader.path_of(sheet, settings())
    broken = shelf.broken.get(sheet)
    return _Asked(sheets=shelf.sheets, paths=paths, about=[] if broken else [sheet], broken=[broken] if broken else [])


def _findings(asked: _Asked) -> Iterator[str]:
    """Problems; what should only be looked at is told on the way."""
    from spiders.lint.findings import between, of_sheet

    found = [finding for each in asked.mine for finding in of_sheet(each, asked.paths[each.slug])]
    for finding in (*found, *between(asked.sheets, asked.paths, asked.about)):
        if finding.is_problem:
            yield str(finding)
        else:
            typer.echo(show.plain(str(finding)), err=True)


def _replayed(sheet: Sheet, reader: "Reader") -> list[list[str]]:
    from spiders.recorded import replay

    return [[show.plain(str(each)) for each in differences] for _, differences in replay(sheet, settings().config, reader)]


def _tried(sheet: Sheet, reader: "Reader", *, force: bool) -> tuple[str, ...]:
    """The sheet on its portal, printed; gives what must be mended."""
    from portalwatch.proof import sources, told
    from spiders.trial import trial

    tried = trial(sheet, _visit(sheet, force=force), reader)
    for line in (*sources(tried.sources), *told(tried.proofs), *(f"warning: {each}" for each in tried.warnings)):
        typer.echo(show.plain(line))
    return tried.troubles


def _visit(sheet: Sheet, *, force: bool) -> "Visit":
    """With the sheet's own hosts, pace, gateway and robots override, as a crawl; with `force` also where the portal is paused."""
    from spiders.visit import Manner, Visit

    manner = Manner(
        user_agent=settings().user_agent,
        allow=settings().allow_hosts,
        gateway=sheet.gateway,
        delay=sheet.pace.delay,
        most=40,
        obey=sheet.robots is None,
        leave=sheet.tdm == "obey",
        serves=sheet.serves,
        rests=(lambda _host: None) if force else _pauses(sheet).get,
    )
    return Visit(manner=manner, tell=lambda line: typer.echo(show.plain(line), err=True))


def _pauses(sheet: Sheet) -> dict[str, str]:
    """{host: why the portal's crawls do not ask it now}; none where there is no store yet, or it does not answer, which is told."""
    present, known = datetime.now(UTC), dict[str, standings.Standing]()
    try:
        if has_store(settings()):
            with reading(open_store(settings())) as session:
                known = standings.standings(session, sheet.slug)
    except PortalwatchError as error:
        typer.echo(show.plain(f"warning: whether the portal is paused cannot be told: {error}"), err=True)
    return {host: each.words(host) for host, each in known.items() if each.until and each.until > present}


def _sheet_of(url: str, portal: str | None) -> Sheet:
    sheet = loader.sheet(portal, settings()) if portal is not None else loader.sheet_for(url, settings())
    if sheet is None:
        raise PortalwatchError(f"{url}: no sheet serves it; name one with --portal, or draft one: portalwatch portals add {url}")
    return sheet


def _fetched(sheet: Sheet, url: str) -> str:
    """The form of the address that a crawl would fetch."""
    known = sheet.identify(url)
    return known[1] if known else url


def _bytes(path: Path) -> bytes:
    from spiders.settings import PAGE_LIMIT

    try:
        with path.open("rb") as file:
            body = file.read(PAGE_LIMIT + 1)
        if body.startswith(b"\x1f\x8b"):
            with gzip.open(path, "rb") as packed:
                return packed.read(PAGE_LIMIT + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise PortalwatchError(f"{path}: cannot be read: {error}") from None
    return body
