"""same: whether two texts tell one story, and why; JSON lines for scripts, or any two articles and files for a person."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store.columns import LARGEST
from portalwatch import reader, show
from portalwatch.commands.plumbing import objects, refuse_bad

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from pipelines.dedup.pair import Pair, Side
    from pipelines.dedup.shingles import Issue
    from pipelines.store.tables import Telling

NEITHER = "write `same A B`, each an article's number, its address or a file, or `same -` for JSON lines on stdin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One of the two as it was named; `article` and what it `tells` where it is one of ours."""

    name: str
    title: str
    text: str
    article: int | None = None
    issue: "Issue | None" = None
    tells: "Sequence[Telling]" = ()


def add_to(app: typer.Typer) -> None:
    """Hang in the command."""
    app.command()(same)


def same(
    given: Annotated[
        list[str] | None, typer.Argument(metavar="[A B|-]", help="Two articles (number or address) or files, or - for JSON lines.")
    ] = None,
    script: Annotated[str | None, typer.Option(metavar="hans|hant", help=reader.HELP)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Whether two texts tell one story, and why: shares of both, the threshold that decided, what they share side by side.

    With `-`: {"a", "b"} texts in, {"same", "containment", "why"} out.

    Example: `portalwatch same 31 https://www.dw.com/zh/a-1` or `echo '{"a": "…", "b": "…"}' | portalwatch same -`
    """
    names = given or ["-"]
    if names == ["-"]:
        _answer_lines()
        return
    if len(names) != 2:
        raise typer.BadParameter(NEITHER)
    from pipelines.dedup.pair import Text, pair

    reader.in_script("", script)
    one, other = (_given(name) for name in names)
    found = pair(*(Text(title=each.title, text=each.text, number=each.article, issue=each.issue) for each in (one, other)))
    if as_json:
        show.jsonl([_as_json(found, one, other)])
    else:
        _tell(found, (one, other), script)


def _answer_lines() -> None:
    from pipelines.dedup.shingles import sketch
    from pipelines.dedup.stories import same as decide

    for given in objects():
        try:
            refuse_bad(given)
            verdict, held, why = decide(sketch("", _text(given, "a")), sketch("", _text(given, "b")))
        except (KeyError, TypeError, ValueError) as error:
            show.jsonl([{"same": False, "containment": 0.0, "why": f"bad input: {error}"}])
            continue
        show.jsonl([{"same": verdict, "containment": round(held, 4), "why": why}])


def _text(given: Any, key: str) -> str:
    value = given[key]
    if not isinstance(value, str):
        raise TypeError(f"`{key}` is no text")
    return value


def _given(name: str) -> Given:
    """What is named: an article's number, its address in any form, or a file of text or HTML."""
    if name.startswith(("http://", "https://")):
        return _of_store(name, *_identified(name))
    if name.isascii() and name.isdigit() and len(name) < len(str(LARGEST)):
        return _of_store(name, None, int(name))
    return _of_file(Path(name))


def _identified(url: str) -> tuple[str, str]:
    from spiders import loader

    sheet = loader.sheet_for(url, settings())
    known = sheet.identify(url) if sheet else None
    if sheet is None or known is None:
        raise PortalwatchError(f"{url}: no sheet knows it as an article")
    return sheet.slug, known[0]


def _of_store(name: str, portal: str | None, key: str | int) -> Given:
    from pipelines.store import articles
    from pipelines.store.database import open_store, reading
    from pipelines.store.tables import ArticleRow

    with reading(open_store(settings())) as session:
        row = session.get(ArticleRow, key) if portal is None else articles.of_identity(session, portal, str(key))
        if row is None:
            raise PortalwatchError(f"no article has the number {key}" if portal is None else f"{name}: was never read")
        return Given(
            name=f"article {row.id}, {row.url}",
            title=row.title,
            text=row.text,
            article=row.id,
            issue=articles.sketch_of(row).issue,
            tells=_tells(session, row.id),
        )


def _tells(session: "Session", article: int) -> "Sequence[Telling]":
    from sqlalchemy import select

    from pipelines.store.tables import Telling

    return session.scalars(select(Telling).where(Telling.article_id == article).order_by(Telling.story_id)).all()


def _of_file(path: Path) -> Given:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise PortalwatchError(f"{path}: {error.strerror}; {NEITHER}") from None
    if path.suffix == ".gz" or body.lstrip().startswith(b"<"):
        return _of_page(path)
    from pipelines.extract.decode import decode

    return Given(name=str(path), title="", text=decode(body, "text/plain").text)


def _of_page(path: Path) -> Given:
    from pipelines.extract.answers import answers
    from spiders import loader

    sheets = list(loader.shelf(settings()).sheets.values())
    read = next(iter(answers([{"file": str(path)}], lambda url: next((sheet for sheet in sheets if sheet.serves(url)), None), sheets)))
    if read["outcome"] != "article":
        raise PortalwatchError(f"{path}: is no article ({read['outcome']}: {read.get('why')})")
    return Given(name=str(path), title=read["title"] or "", text=read["text"])


def _as_json(found: "Pair", one: Given, other: Given) -> dict[str, Any]:
    return {
        "same": found.same,
        "containment": found.containment,
        "why": found.why,
        "threshold": asdict(found.threshold),
        "shared": found.shared,
        "a": _side_as_json(one, found.a),
        "b": _side_as_json(other, found.b),
        "passages": [{"a": a, "b": b} for a, b in found.passages],
    }


def _side_as_json(given: Given, side: "Side") -> dict[str, Any]:
    tells = [{"story": each.story_id, "role": each.role, "why": each.why, "by_hand": each.by_hand} for each in given.tells]
    return {"name": given.name, "article": given.article, "title": given.title, "tells": tells, **asdict(side)}


def _tell(found: "Pair", given: tuple[Given, Given], script: str | None) -> None:
    typer.echo(f"{'same' if found.same else 'not the same'}: {found.why}")
    rule = found.threshold
    typer.echo(f"decided by: {rule.name}, {rule.reached:.0%} where {rule.needed:.0%} is needed")
    for letter, each, side in zip("ab", given, (found.a, found.b), strict=True):
        typer.echo(f"{letter}: {show.plain(each.name)}")
        typer.echo(f"   {show.plain(reader.in_script(each.title, script))}")
        for telling in each.tells:
            typer.echo(f"   {telling.role} of story {telling.story_id}{', by hand' if telling.by_hand else ''}: {show.plain(telling.why)}")
        typer.echo(f"   {side.held:.0%} of its {side.shingles} shingles and {side.lead:.0%} of its lead are in the other")
    for a, b in found.passages:
        typer.echo(f"a 「{show.plain(reader.in_script(a, script))}」")
        typer.echo(f"b 「{show.plain(reader.in_script(b, script))}」")
