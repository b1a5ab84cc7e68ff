"""forget: what must go, from everywhere, and must not come back."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import forgetting
from pipelines.archive import reader
from pipelines.archive.index import catalogue
from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.forgetting import Ground
from pipelines.store import comments
from pipelines.store import forget as store
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from pipelines.store.forget import Named, Removed
from portalwatch import show


def add_to(app: typer.Typer) -> None:
    """Hang it in."""
    app.command("forget")(forget)


def forget(
    what: Annotated[
        str | None, typer.Argument(metavar="URL|COMMENTER", help="An article's address (any form of it), or a commenter's name.")
    ] = None,
    article: Annotated[int | None, typer.Option(min=1, max=LARGEST, help="An article's number, in place of its address.")] = None,
    story: Annotated[bool, typer.Option("--story", help="All tellings of the article's story with it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go, and leave it.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove an article, or a commenter's comments, from database, outbox and archive, and keep crawls and restores from bringing it back.

    Webhooks that were told of the article are asked to forget it too. May be called again, and then ends what was cut short.

    Example: `portalwatch forget https://www.storm.mg/article/4869000`
    """
    if (what is None) == (article is None):
        raise typer.BadParameter("name an address, a commenter, or --article N")
    on = forgetting.ground(settings(), open_store(settings()))
    if what is not None and not what.startswith(("http://", "https://")):
        if "/" in what or what.startswith("www."):
            raise typer.BadParameter(f"`{what}` looks like an address: write it with https://")
        _commenter(on, what, dry_run, yes)
        return
    found = _by_number(on, article) if article is not None else _by_url(on, what or "")
    with reading(on.engine) as session:
        named = list(dict.fromkeys(each for one in found for each in (store.told_with(session, one) if story else [one])))
    if not dry_run:
        _ask(f"forget {len(named)} articles?" if len(named) > 1 else f"forget {named[0].portal} {named[0].identity}?", yes)
    for each in named:
        _article(on, each, {what} if what else set(), dry_run)


def _article(on: Ground, named: Named, names: set[str], dry: bool) -> None:
    if dry:
        removed, records = forgetting.would_forget(on, named, names, _now())
    else:
        removed, records = forgetting.forget(on, named, names, _now())
    pages = show.counted(records, "archived page")
    typer.echo(show.plain(f"{named.portal} {named.identity}: {_told(removed)}, with {pages}") + _end(dry, removed))
    if removed.others:
        others = show.counted(removed.others, "other telling")
        typer.echo(f"the story keeps {others}; --story forgets all, or one by one: {_numbers(on, removed)}")
    for path in _recorded(named, names):
        typer.echo(f"{path}: a recorded test that may show it; remove it by hand")


def _told(removed: Removed) -> str:
    if removed.article_id is None:
        return "no article is kept"
    counts = {"revision": removed.revisions, "comment": removed.comments, "alert": removed.alerts}
    return f"article {removed.article_id} with " + ", ".join(show.counted(count, what) for what, count in counts.items())


def _end(dry: bool, removed: Removed) -> str:
    asked = f"; {show.counted(removed.retractions, 'webhook message')} to take it back" if removed.retractions else ""
    return f"{asked}; nothing was changed" if dry else f": removed{asked}; crawls leave it alone from now on"


def _numbers(on: Ground, removed: Removed) -> str:
    with reading(on.engine) as session:
        numbers = store.tellers(session, removed.stories)
    return ", ".join(f"--article {number}" for number in numbers if number != removed.article_id)


def _by_number(on: Ground, number: int) -> list[Named]:
    with reading(on.engine) as session:
        found = store.of_article(session, number)
    if found is None:
        raise PortalwatchError(f"no article has the number {number}")
    return [found]


def _by_url(on: Ground, url: str) -> list[Named]:
    """What the address names: by every sheet that serves its host, else by the addresses that we keep."""
    from spiders import loader
    from spiders.answers import short

    named = [(sheet.slug, short(told[0]), told[1]) for sheet in loader.sheets_for(url, settings()) if (told := sheet.identify(url))]
    with reading(on.engine) as session:
        kept = [each for slug, identity, _ in named if (each := store.found(session, slug, identity))]
        kept = kept or store.found_by_url(session, _forms(url, [fetched for _, _, fetched in named]))
    kept = kept or [Named(portal=slug, identity=identity, url=fetched) for slug, identity, fetched in named if _archived(on, slug, url)]
    if not kept:
        raise PortalwatchError(f"{url}: " + ("was never read" if named else "no sheet knows it as an article, nothing is kept under it"))
    return kept


def _archived(on: Ground, portal: str, url: str) -> bool:
    from spiders import loader

    return bool(reader.captures(catalogue(on.place, portal), url, loader.sheet(portal, settings()).identify))


def _forms(url: str, fetched: Sequence[str]) -> set[str]:
    """Spellings under which the address may be kept."""
    forms = set[str]()
    for each in (url.partition("#")[0], *fetched):
        bare = each.partition("://")[2].removeprefix("www.")
        paths = (bare, bare.rstrip("/"), f"{bare}/")
        forms |= {f"{before}{path}" for before in ("http://", "http://www.", "https://", "https://www.") for path in paths}
    return forms


def _recorded(named: Named, names: set[str]) -> list[Path]:
    """Tests of the operator's own that keep one of the addresses."""
    from spiders.recorded import folder

    urls = {named.url, *names}
    return [path for path in sorted(folder(settings().config, named.portal).glob("*.json")) if _keeps(path, urls)]


def _keeps(path: Path, urls: set[str]) -> bool:
    try:
        return json.loads(path.read_text("utf-8"))["url"] in urls
    except (ValueError, LookupError, TypeError):
        return False


def _commenter(on: Ground, author: str, dry: bool, yes: bool) -> None:
    with reading(on.engine) as session:
        count = comments.count_of(session, author)
    if dry and not count:
        raise PortalwatchError(f"no comment of `{author}` is kept: look at the spelling; without --dry-run none that comes would be kept")
    if dry:
        typer.echo(f"{show.counted(count, 'comment')} of `{show.plain(author)}` would go; nothing was changed")
        return
    _ask(f"forget {show.counted(count, 'comment')} of `{show.plain(author)}`, and all that come?", yes)
    removed = forgetting.forget_commenter(on, author, _now())
    if not removed:
        raise PortalwatchError(f"no comment of `{author}` was found; should one come, it is not kept")
    typer.echo(f"{show.counted(removed, 'comment')} removed; new ones of this commenter are not kept")


def _ask(question: str, yes: bool) -> None:
    """On a terminal a person is asked; in a pipe the call itself says that it is meant."""
    if not yes and sys.stdin.isatty():
        typer.confirm(question, abort=True)


def _now() -> datetime:
    return datetime.now(UTC)
