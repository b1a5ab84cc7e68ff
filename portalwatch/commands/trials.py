"""topics try: what a query would have matched in the articles that we hold."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy import Engine

from pipelines.config import settings
from pipelines.errors import QueryError, WrongUseError
from pipelines.store.database import open_store, reading
from portalwatch import show
from portalwatch.commands.topics import topics
from portalwatch.past import AsJson, Days, Slug, day, of_file, span
from spiders import loader

if TYPE_CHECKING:
    from pipelines.forecast import Forecast
    from pipelines.models import Hit
    from pipelines.watch.program import Plan

BARS = " ▁▂▃▄▅▆▇█"
WIDTH = 60  # bars at most; more days share one
CONTEXT = 120  # characters around a sample's words


def add_to(_app: typer.Typer) -> None:
    """Hang in the group `topics`."""
    topics.command("try")(try_query)


def try_query(  # noqa: PLR0913, PLR0917  one a parameter of the command line
    query: Annotated[str | None, typer.Argument(help="A query; or none, with --topic.")] = None,
    topic: Annotated[str | None, typer.Option(metavar="SLUG", help="A topic of a watchlist, in place of a query.")] = None,
    file: Annotated[Path | None, typer.Option(help="The watchlist of --topic; the configured one else.")] = None,
    aliases: Annotated[list[str] | None, typer.Option(metavar="LIST", help="A list that the query takes; `territories` else.")] = None,
    days: Days = 30,
    portal: Slug = None,
    limit: Annotated[int, typer.Option(min=0, help="How many samples.")] = 5,
    as_json: AsJson = False,
) -> None:
    """What a query would have matched in the articles that we hold, by day and portal, and how many alerts a day to expect.

    A story alerts once: copies, revisions and what a learning run found do not. A rate needs a day of archive.

    Exit 2 where there is no article to ask.

    Example: `portalwatch topics try '北韓 AND 普京' --aliases territories --aliases leaders --days 7`
    """
    from pipelines.forecast import forecast

    if (query is None) == (topic is None):
        raise typer.BadParameter("give a query, or a topic with --topic")
    if (query is not None and file is not None) or (topic is not None and aliases):
        raise typer.BadParameter("--file belongs to --topic, --aliases to a query")
    plan = _plan_of_query(query, aliases) if query is not None else _plan_of_topic(topic or "", file)
    engine = open_store(settings())
    with show.counting("matching") as tell:
        told = forecast(engine, [_narrowed(plan, portal)], span(days, portal), tell)
    samples = list(_samples(engine, plan, told, limit))
    if as_json:
        show.jsonl([{"query": query, "topic": topic, **_forecast(told), "samples": [each.line() for each in samples]}])
    else:
        _tell_forecast(told, samples)


def _plan_of_query(query: str, lists: Sequence[str] | None) -> "Plan":
    from pipelines.watch.aliases import read_aliases
    from pipelines.watch.chosen import plan_of
    from pipelines.yamlfile import Document, read_yaml

    document = read_yaml(settings().aliases) if settings().aliases.exists() else Document("aliases.yaml", "")
    try:
        aliases = read_aliases(document)
        return plan_of(query, aliases, tuple(lists)) if lists else plan_of(query, aliases)
    except QueryError as error:
        raise WrongUseError(f"the query does not read:\n{query}\n{_below(query, error.offset)}^ {error.message}") from None


def _below(query: str, offset: int) -> str:
    """As much white space as the query's beginning is wide on a terminal."""
    from rich.cells import cell_len

    return " " * cell_len(query[:offset])


def _plan_of_topic(slug: str, file: Path | None) -> "Plan":
    from pipelines.watch.chosen import known, plans_of

    watchlist = of_file(file or settings().watchlist)
    return plans_of(watchlist, known(watchlist, [slug]))[0]


def _narrowed(plan: "Plan", portal: str | None) -> "Plan":
    if portal is None:
        return plan
    loader.path_of(portal, settings())
    if plan.portals and portal not in plan.portals:
        raise WrongUseError(f"the topic does not read {portal}; it reads {', '.join(sorted(plan.portals))}")
    return replace(plan, portals=frozenset({portal}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """A matched article: its title, and the words in their sentence, as (text, whether it is a hit)."""

    article: int
    alerts: bool
    portal: str
    seen_at: datetime
    url: str
    title: Sequence[tuple[str, bool]]
    context: Sequence[tuple[str, bool]]
    hits: Sequence["Hit"]

    def line(self) -> dict[str, Any]:
        """As JSON; the hits are those of the whole article, by offset."""
        return {
            "article": self.article,
            "alerts": self.alerts,
            "portal": self.portal,
            "seen_at": self.seen_at.isoformat(),
            "url": self.url,
            "title": _joined(self.title),
            "context": _joined(self.context),
            "hits": [
                {"term": hit.term, "as_written": hit.as_written, "field": hit.field, "start": hit.start, "end": hit.end}
                for hit in self.hits
            ],
        }


def _samples(engine: Engine, plan: "Plan", told: "Forecast", limit: int) -> Iterator[_Sample]:
    """The newest articles that would have alerted; after them, where there are too few, others that matched."""
    from pipelines.alerts.excerpt import excerpt, headline
    from pipelines.store.articles import readable
    from pipelines.store.tables import ArticleRow
    from pipelines.watch.engine import Matcher
    from pipelines.watch.program import program_of

    alerting = {each.article_id for each in told.alerts}
    chosen = sorted((each.article_id for each in told.matched), key=lambda article: (article not in alerting, -article))[:limit]
    matcher = Matcher(program_of([plan])) if chosen else None
    with reading(engine) as session:
        for row in (session.get(ArticleRow, article) for article in chosen):
            matches = matcher.match(readable(row)) if matcher and row else ()
            if row is None or not matches:
                continue
            hits = matches[0].hits
            inside = excerpt(row.text, hits, CONTEXT)
            yield _Sample(
                article=row.id,
                alerts=row.id in alerting,
                portal=row.portal,
                seen_at=row.first_seen_at,
                url=row.url,
                title=headline(row.title, hits).segments,
                context=inside.segments if inside.hits else _elsewhere(hits),
                hits=hits,
            )


def _elsewhere(hits: Sequence["Hit"]) -> list[tuple[str, bool]]:
    """The words that stand neither in the title nor in the text, each with its field."""
    words = dict.fromkeys((hit.field, hit.as_written) for hit in hits if hit.field not in ("title", "text"))
    return [piece for field, word in words for piece in ((f"{field}: ", False), (word, True), (" ", False))]


def _joined(segments: Sequence[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in segments)


def _forecast(told: "Forecast") -> dict[str, Any]:
    """The counts, in all, by day and by portal; days without a match are there too."""
    articles, alerts = Counter(day(each.seen_at) for each in told.matched), Counter(day(each.seen_at) for each in told.alerts)
    by_portal = Counter(each.portal for each in told.alerts)
    return {
        "since": told.span.since.isoformat(),
        "until": told.span.until.isoformat(),
        "articles": told.articles,
        "matched": len(told.matched),
        "learned": sum(each.learned for each in told.matched),
        "stories": len({story for each in told.matched for story in each.stories}),
        "alerts": len(told.alerts),
        "watched_days": told.days and round(told.days, 4),
        "alerts_a_day": None if told.alerts_a_day is None else round(told.alerts_a_day, 2),
        "days": [{"day": str(each), "matched": articles[each], "alerts": alerts[each]} for each in _days(told)],
        "portals": [
            {"portal": portal, "matched": count, "alerts": by_portal[portal]}
            for portal, count in Counter(each.portal for each in told.matched).most_common()
        ],
    }


def _days(told: "Forecast") -> list[date]:
    """The days from the span's first match, or its beginning, to its end."""
    first, last = day(told.span.since), day(told.span.until)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _tell_forecast(told: "Forecast", samples: Sequence[_Sample]) -> None:
    counts = _forecast(told)
    typer.echo(f"{counts['matched']} of {told.articles} articles match, in {counts['stories']} stories; {_expected(told, counts)}")
    if not told.matched:
        return
    days = _days(told)
    seen = [(portal["portal"], portal["matched"], portal["alerts"]) for portal in counts["portals"]]
    lines = [*seen, ("all", counts["matched"], counts["alerts"])] if len(seen) > 1 else seen
    cells = [(*line, _bars(told, days, None if line[0] == "all" else line[0])) for line in lines]
    show.rows(("portal", "articles", "alerts", f"articles by day, {days[0]} to {days[-1]}"), cells, empty="")
    for each in samples:
        _tell_sample(each)


def _expected(told: "Forecast", counts: dict[str, Any]) -> str:
    from pipelines.dedup.chain import told as lasting

    if told.watched_since is None:
        return "how many alerts a day cannot be told: all articles of these days came with learning runs, which never alert"
    learned = f"; {counts['learned']} came with learning runs, which never alert" if counts["learned"] else ""
    if told.alerts_a_day is None:
        held = lasting(told.span.until - told.watched_since)
        return f"{show.counted(counts['alerts'], 'alert')} in the {held} that the archive spans{learned}; a rate needs a day at least"
    rate = f"{told.alerts_a_day:.0f}" if told.alerts_a_day >= 10 else f"{told.alerts_a_day:.1f}"
    return f"about {rate} alerts a day ({counts['alerts']} in {counts['watched_days']:.1f} days{learned})"


def _bars(told: "Forecast", days: Sequence[date], portal: str | None) -> str:
    counts = Counter(day(each.seen_at) for each in told.matched if portal in (None, each.portal))
    size = -(-len(days) // WIDTH)
    sums = [sum(counts[each] for each in days[start : start + size]) for start in range(0, len(days), size)]
    return "".join(BARS[-(-count * (len(BARS) - 1) // max(*sums, 1))] for count in sums)


def _tell_sample(sample: _Sample) -> None:
    console = Console(soft_wrap=True)
    why = "" if sample.alerts else "  (does not alert)"
    typer.echo(f"\n{show.plain(sample.seen_at)}  {sample.portal}  {show.plain(sample.url)}{why}")
    for segments in (sample.title, sample.context):
        if console.is_terminal:
            console.print(
                Text("  ").append_text(Text.assemble(*((show.plain(text), "bold reverse" if hit else "") for text, hit in segments)))
            )
        else:
            typer.echo("  " + "".join(f"【{show.plain(text)}】" if hit else show.plain(text) for text, hit in segments))
