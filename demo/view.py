"""What `make demo` shows while it plays: runs, counts, and the newest alerts."""

from collections.abc import Mapping
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, func, select

from pipelines.store import alerts
from pipelines.store.database import reading
from pipelines.store.tables import AlertRow, ArticleRow, Match, Run, Story
from portalwatch import show

PORTALS = ("storm_mg", "park6", "dw_zh", "bbc_zh")


def summarize(engine: Engine) -> dict[str, Any]:
    """The summary object: runs that ended, articles, stories, matches, alerts."""
    with reading(engine) as session:
        runs = session.scalar(select(func.count()).select_from(Run).where(Run.finished_at.is_not(None))) or 0
        articles, stories, matches = (session.scalar(select(func.count()).select_from(table)) or 0 for table in (ArticleRow, Story, Match))
        counts = alerts.counts(session)
    return {
        "runs": runs,
        "articles": articles,
        "stories": stories,
        "matches": matches,
        "alerts": {"owed": sum(counts.values()), "sent": counts.get("sent", 0), "failed": counts.get("dead", 0)},
    }


def view(engine: Engine, phase: int, where: str) -> Group:
    """The present state; `where` names the addresses to open."""
    summary = summarize(engine)
    runs = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("portal", "last run", "went", "discovered", "outcomes"):
        runs.add_column(column)
    with reading(engine) as session:
        newest = {portal: session.scalar(select(Run).where(Run.portal == portal).order_by(Run.id.desc()).limit(1)) for portal in PORTALS}
        sent = session.execute(
            select(AlertRow.sent_at, AlertRow.channel, AlertRow.topic, ArticleRow.title)
            .join(ArticleRow, ArticleRow.id == AlertRow.article_id)
            .where(AlertRow.state == "sent")
            .order_by(AlertRow.sent_at.desc())
            .limit(6)
        ).all()
    for portal, run in newest.items():
        runs.add_row(portal, *(Text(show.plain(cell)) for cell in (_run_cells(run) if run else ("", "waiting", "", ""))))
    counts: Mapping[str, int] = summary["alerts"]
    line = (
        f"phase {phase}   runs {summary['runs']}   articles {summary['articles']}   stories {summary['stories']}   matches {summary['matches']}"
        f"   alerts {counts['owed']} owed in all, {counts['sent']} sent, {counts['failed']} dead"
    )
    mails = [
        Text(f"{show.plain(at)}  {channel:<5} {topic:<14} {title}", overflow="ellipsis", no_wrap=True) for at, channel, topic, title in sent
    ]
    return Group(Text(""), Text(line, style="bold"), Text(""), runs, Text(""), *mails, Text(""), Text(where, style="dim"))


def _run_cells(run: Run) -> tuple[str, str, str, str]:
    went = "running" if run.succeeded is None else "well" if run.succeeded else f"FAILED: {run.reason}"
    outcomes = ", ".join(f"{count} {name}" for name, count in (run.outcomes or {}).items())
    return f"{run.started_at.astimezone():%H:%M:%S}", ("learning, " if run.learning else "") + went, str(run.discovered), outcomes
