"""portals add, portals import: from an address, or a reader's feed list, to sheets."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.config import Settings, settings
from pipelines.errors import PortalwatchError
from pipelines.sheet import Sheet
from portalwatch import show
from portalwatch.commands.portals import portals
from spiders import loader

if TYPE_CHECKING:
    from spiders.opml import Site
    from spiders.prospect.draft import Draft
    from spiders.prospect.reader import Reader
    from spiders.visit import Visit

_SLUG = re.compile(r"[a-z][a-z0-9_]{1,39}")
Delay = Annotated[float, typer.Option(min=0, help="Seconds between two requests to a host; robots.txt may ask for more.")]
Gateway = Annotated[str | None, typer.Option(metavar="URL", help="Fetch everything through URL/host/path, for replicas.")]


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `portals`."""
    portals.command("add")(add)
    portals.command("import")(import_list)


def add(
    url: Annotated[str, typer.Argument(help="A front or section page, a feed, a sitemap, or one article of the site.")],
    name: Annotated[str | None, typer.Option(metavar="SLUG", help="What to call the sheet; by the host where it is left out.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the sheet, write nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a sheet; draft one for a site that has one already.")] = False,
    delay: Delay = 2.0,
    gateway: Gateway = None,
) -> None:
    """Look at a site and draft its sheet, with five articles as proof. At most 25 requests, with the manners of a crawl.

    Example: `portalwatch portals add https://news.example.org/`
    """
    from portalwatch.proof import told
    from spiders.prospect.guesses import slug
    from spiders.prospect.look import look
    from spiders.prospect.reader import Reader

    address = _address(url)
    if name is not None and not _SLUG.fullmatch(name):
        raise typer.BadParameter(f"`{name}` is no slug: 2 to 40 of a-z, 0-9 and _, a letter first", param_hint="--name")
    _tell_served(address, name) if force else _refuse_known(address, name)
    with Reader() as reader:
        found = look(address, _visit(delay, gateway), reader, lambda host: name or slug(host, () if force else _paths()))
    lines = list(told(found.proofs))
    if dry_run:
        typer.echo(found.draft.text + "".join(f"# {line}\n" for line in lines), nl=False)
        return
    path = _write(found.draft, force=force)
    typer.echo("\n".join(lines))
    for gap in found.draft.gaps:
        typer.echo(show.plain(f"check by hand: {gap}"))
    typer.echo(f"{path}: written; next: portalwatch portals check {path.stem} --dry-run")


def import_list(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="The list as a reader exports it, OPML 1 or 2.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")] = False,
    look: Annotated[bool, typer.Option("--look", help="Look at each site as `add` does; without it nothing is fetched.")] = False,
    delay: Delay = 2.0,
    gateway: Gateway = None,
) -> None:
    """Draft a sheet for every site of a reader's feed list. Sites that a sheet reads already are skipped. Exit 1 where none is or was made.

    Example: `portalwatch portals import feeds.opml --dry-run`
    """
    from spiders import opml
    from spiders.prospect.reader import Reader

    sheets = loader.shelf(_every()).sheets
    found, skipped = opml.sites(opml.outlines(file), lambda url: _serving(sheets.values(), url), looking=look)
    rows = [(each.title, each.feed, "", f"skipped: {each.why}") for each in skipped]
    taken = set(_paths())
    with Reader() as reader:
        for site in found:
            try:
                draft = _looked(site, delay, gateway, reader, taken) if look else opml.draft(site, file.name, taken)
                said = "would be written" if dry_run else f"written: {_write(draft, force=False)}"
            except PortalwatchError as error:
                rows.append((site.title, " ".join(site.feeds), "", f"skipped: {error}"))
                continue
            rows.append((site.title, " ".join(site.feeds), draft.slug, said))
            taken.add(draft.slug)
    show.rows(("name", "feeds", "sheet", "what"), rows, empty="the list holds no feed")
    made = sum(bool(row[2]) for row in rows)
    typer.echo(f"{made} sheets {'would be ' if dry_run else ''}written, {len(rows) - made} entries skipped", err=True)
    if not made and not any(each.is_read for each in skipped):
        raise typer.Exit(1)


def _looked(site: "Site", delay: float, gateway: str | None, reader: "Reader", taken: Iterable[str]) -> "Draft":
    from spiders.opml import slug_of
    from spiders.prospect.look import look

    return look(site.home or site.feeds[0], _visit(delay, gateway), reader, lambda _host: slug_of(site, taken), site.feeds).draft


def _visit(delay: float, gateway: str | None) -> "Visit":
    from spiders.visit import Manner, Visit

    manner = Manner(user_agent=settings().user_agent, allow=settings().allow_hosts, gateway=gateway, delay=delay)
    return Visit(manner=manner, tell=lambda line: typer.echo(show.plain(line), err=True))


def _address(url: str) -> str:
    found = url if re.match(r"https?://", url, re.IGNORECASE) else f"https://{url}"
    host = r"[^/?#\s.]+(?:\.[^/?#\s.]+)+" if found != url else r"[^/?#\s]+"
    if not re.match(rf"https?://{host}(?:[/?#]|$)", found, re.IGNORECASE):
        raise typer.BadParameter(f"`{url}` is no address: write https://host/…")
    return found


def _refuse_known(url: str, name: str | None) -> None:
    """PortalwatchError where a sheet reads the site already, or the name is taken."""
    if name in _paths():
        raise PortalwatchError(f"{_paths()[name]}: a sheet is called `{name}` already; --name takes another name, --force its place")
    sheet = loader.sheet_for(url, _every())
    if sheet is not None:
        own = settings().config / "portals" / f"{sheet.slug}.yaml"
        raise PortalwatchError(
            f"{url}: the sheet `{sheet.slug}` ({sheet.name}) reads this site already. To change it, write `extends: {sheet.slug}` and the"
            f" keys that differ into {own}; --force drafts a sheet of its own all the same"
        )


def _tell_served(url: str, name: str | None) -> None:
    """That a sheet of another name reads the site, where one is drafted all the same."""
    sheet = loader.sheet_for(url, _every())
    if sheet is not None and sheet.slug != name:
        typer.echo(
            f"warning: the sheet `{sheet.slug}` ({sheet.name}) reads this site too. Two sheets read it, and tell its news, twice:"
            " leave one out of PORTALWATCH_PORTALS, or delete yours",
            err=True,
        )


def _every() -> Settings:
    """The settings, with sheets that PORTALWATCH_PORTALS leaves out: they are there all the same."""
    return settings().model_copy(update={"portals": frozenset()})


def _paths() -> dict[str, Path]:
    return loader.every_path(settings())


def _serving(sheets: Iterable[Sheet], url: str) -> str | None:
    return next((sheet.slug for sheet in sheets if sheet.serves(url)), None)


def _write(draft: "Draft", *, force: bool) -> Path:
    """The draft, checked by reading it back, as the operator's sheet."""
    from spiders.prospect.draft import write_new

    draft.sheet()
    path = settings().config / "portals" / f"{draft.slug}.yaml"
    write_new(path, draft.text, force=force)
    return path
