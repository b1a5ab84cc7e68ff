"""articles: what was read, newest first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from pipelines.config import settings
from pipelines.errors import WrongUseError
from pipelines.store.columns import LARGEST
from pipelines.store.database import open_store, reading
from pipelines.store.tables import ArticleRow, Match, Portal
from pipelines.yamlfile import suggestion
from portalwatch import moments, show
from spiders import loader

SHOWN = ("article", "first_seen_at", "portal", "title", "topics", "url")
articles = typer.Typer(no_args_is_help=True, help="Articles: what was read.")


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(articles, name="articles")


@articles.command("list")
def list_articles(
    portal: Annotated[str | None, typer.Option(metavar="SLUG", help="Only of this portal.")] = None,
    since: Annotated[str | None, typer.Option(metavar="DATE", help="Only what was first seen since then.")] = None,
    topic: Annotated[str | None, typer.Option(metavar="SLUG", help="Only what this topic matched.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=LARGEST, help="How many, newest first.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines.")] = False,
) -> None:
    """The newest articles, with the topics that matched them.

    Example: `portalwatch articles list --portal storm_mg --since 2026-11-22`
    """
    query = _named().order_by(ArticleRow.id.desc()).limit(limit)
    query = query.where(ArticleRow.portal == portal) if portal else query
    query = query.where(ArticleRow.first_seen_at >= moments.beginning(since, "--since")) if since else query
    query = query.where(ArticleRow.id.in_(select(Match.article_id).where(Match.topic == topic))) if topic else query
    with reading(open_store(settings())) as session:
        _require_known(session, portal)
        found = session.execute(query).all()
        lines = [{**row._mapping, "topics": topics} for row, topics in zip(found, _topics(session, found), strict=True)]
    if as_json:
        show.jsonl(lines)
    else:
        cells = [[", ".join(line[key]) if key == "topics" else line[key] for key in SHOWN] for line in lines]
        show.rows(("article", "first seen", *SHOWN[2:]), cells, empty="no such article" if portal or since or topic else "no article yet")


def _named() -> Select[*tuple[Any, ...]]:
    wanted = (ArticleRow.portal, ArticleRow.title, ArticleRow.url, ArticleRow.published_at, ArticleRow.published_on)
    return select(ArticleRow.id.label("article"), ArticleRow.first_seen_at, *wanted)


def _topics(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> Iterable[list[str]]:
    """The topics that matched each of the articles, in any of its states."""
    numbers = [row.article for row in found]
    by_article: dict[int, set[str]] = defaultdict(set)
    for number, topic in session.execute(select(Match.article_id, Match.topic).where(Match.article_id.in_(numbers))):
        by_article[number].add(topic)
    return [sorted(by_article[number]) for number in numbers]


def _require_known(session: Session, portal: str | None) -> None:
    """A portal that lost its sheet may have articles still."""
    known = {*loader.every_path(settings()), *session.scalars(select(Portal.slug))}
    if portal is not None and portal not in known:
        raise WrongUseError(f"no portal is called `{portal}`{suggestion(portal, sorted(known))}")
