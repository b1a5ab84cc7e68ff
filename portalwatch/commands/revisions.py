"""stories revisions: what an article said before, and what changed."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import select
from sqlalchemy.orm import Session

from pipelines.config import settings
from pipelines.dedup.difference import Difference, difference
from pipelines.errors import PortalwatchError
from pipelines.store import articles
from pipelines.store.database import open_store, reading
from pipelines.store.tables import ArticleRow, Revision
from portalwatch import show

AROUND = 20
"""Code points shown beside a change."""
_STYLES = {"cut": ("[-", "-]", "red strike"), "added": ("{+", "+}", "green")}


def add_to(stories: typer.Typer) -> None:
    """Hang into the group of stories."""
    stories.command("revisions")(list_revisions)


def list_revisions(
    article: Annotated[str, typer.Argument(metavar="ARTICLE|URL", help="The article's number, or its address (any form of it).")],
    revision: Annotated[int | None, typer.Option(min=1, help="Only this revision, against the state before it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """What each revision of an article changed, when it was seen, and whether it is material. Script and punctuation are no change.

    Example: `portalwatch stories revisions https://www.storm.mg/article/4869000 --revision 1`
    """
    with reading(open_store(settings())) as session:
        row = _article(session, article)
        steps = list(_steps(session.scalars(select(Revision).where(Revision.article_id == row.id).order_by(Revision.number)).all()))
        wanted = [step for step in steps if revision in (None, step[1].number)]
        if revision is not None and not wanted:
            raise PortalwatchError(f"article {row.id} has no revision {revision}; it has {len(steps)}")
        lines = [_line(row, *step) for step in wanted]
    if as_json:
        show.jsonl({key: value for key, value in line.items() if key != "text"} for line in lines)
    elif not lines:
        typer.echo(f"article {row.id} was never revised: {show.plain(row.title)}")
    else:
        _print(lines)


def _article(session: Session, article: str) -> ArticleRow:
    from spiders import loader

    if article.isdecimal():
        row = session.get(ArticleRow, int(article)) if len(article) < 19 else None
    else:
        sheet = loader.sheet_for(article, settings())
        known = sheet.identify(article) if sheet else None
        row = articles.of_identity(session, sheet.slug, known[0]) if sheet and known else None
        row = row or session.scalar(select(ArticleRow).where(ArticleRow.url == article).limit(1))
    if row is None:
        raise PortalwatchError(f"{article}: no article of that number or address is kept")
    return row


def _steps(kept: Sequence[Revision]) -> Iterator[tuple[Revision, Revision]]:
    """(the state before, the revision) of each revision; what is gone has no text to compare."""
    states = [each for each in kept if not each.gone]
    before = {after.number: state for state, after in pairwise(states)}
    yield from ((before.get(each.number, each), each) for each in kept if each.gone or each.number in before)


def _line(row: ArticleRow, before: Revision, after: Revision) -> dict[str, Any]:
    found = difference(before.text, after.text)
    return {
        "article": row.id,
        "url": row.url,
        "revision": after.number,
        "against": before.number if before is not after else None,
        "seen_at": after.seen_at,
        "material": after.material,
        "gone": after.gone,
        "why": after.why,
        "title": {"was": before.title, "now": after.title},
        "changes": [{"kind": each.kind, "cut": each.cut, "added": each.added, "was": each.was, "at": each.at} for each in found.changes],
        "cut": found.cut,
        "added": found.added,
        "kept": found.kept,
        "text": (after.text, found),
    }


def _print(lines: Sequence[dict[str, Any]]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for line in lines:
        kind = "gone" if line["gone"] else "material" if line["material"] else "small"
        console.print(Text(show.plain(f"revision {line['revision']}  {show.plain(line['seen_at'])}  {kind}: {line['why'] or ''}"), "bold"))
        title = line["title"]
        if title["was"] != title["now"]:
            console.print(Text("  title: ").append(_marked("cut", title["was"], console)).append(_marked("added", title["now"], console)))
        text, found = line["text"]
        for place in _places(text, found, console):
            console.print(Text("  ").append(place))


def _places(text: str, found: Difference, console: Console) -> Iterator[Text]:
    for change in found.changes:
        low, high = change.at
        before, after = text[max(low - AROUND, 0) : low].rpartition("\n")[2], text[high : high + AROUND].partition("\n")[0]
        pieces = [_marked(kind, part, console) for kind, part in (("cut", change.cut), ("added", change.added)) if part]
        yield Text(show.plain(before)).append(Text.assemble(*pieces)).append(show.plain(after))


def _marked(kind: str, text: str, console: Console) -> Text:
    """Coloured on a terminal, in marks as of wdiff elsewhere."""
    left, right, style = _STYLES[kind]
    return Text(show.plain(text), style) if console.is_terminal else Text(f"{left}{show.plain(text)}{right}")
