"""redis: how full the fast path is, and filling it anew from SQL."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.config import settings
from pipelines.errors import PortalwatchError
from pipelines.store.database import open_store
from portalwatch import show

if TYPE_CHECKING:
    from pipelines.dedup.fast import Fast

redis = typer.Typer(no_args_is_help=True, help="Redis, the fast path: what it takes, and filling it anew.")
_BYTES, _ELSEWHERE = ("used", "limit", "budget"), ("kinds", "trouble")
_AWAY = "there are no figures: Redis does not answer; `portalwatch up` starts the embedded one, PORTALWATCH_REDIS_URL names another"
LINES = 10  # of progress, where nobody watches a bar


def add_to(app: typer.Typer) -> None:
    """Hang in the group."""
    app.add_typer(redis, name="redis")


@redis.command("info")
def info(as_json: Annotated[bool, typer.Option("--json", help="One JSON object; figures for a metrics collector.")] = False) -> None:
    """What Redis holds and takes: keys, memory, bytes an address and a story, its budget. Exit 1 where a person should do something.

    Example: `portalwatch redis info --json`
    """
    from pipelines.store.fastpath import open_fast

    with closing(open_fast(settings(), open_store(settings()))) as fast:
        told = _figures(fast)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        figures = {name: value for name, value in told.items() if name not in _ELSEWHERE}
        figures |= {name: show.size(told[name]) for name in _BYTES if told[name]}
        show.rows(("figure", "value"), list(figures.items()), empty="")
        kinds = [(name, kind["keys"], kind["entries"], show.size(kind["bytes"])) for name, kind in told["kinds"].items()]
        show.rows(("kind", "keys", "entries", "size"), kinds, empty="no keys")
    if told["trouble"]:
        raise PortalwatchError(told["trouble"])


@redis.command("rebuild")
def rebuild(as_json: Annotated[bool, typer.Option("--json", help="Print what was filled as one JSON object.")] = False) -> None:
    """Fill Redis anew from SQL: addresses that count as seen, and the index of near-duplicates.

    Crawls may go on meanwhile, and nothing they decide depends on it. Ctrl-C is harmless: what was filled stays, and the same
    command goes over it again.

    Example: `portalwatch redis rebuild`
    """
    from pipelines.store import fastpath
    from spiders.job import now

    on, present = open_store(settings()), now()
    with closing(fastpath.open_fast(settings(), on)) as fast:
        if trouble := fast.trouble(settings().redis_bytes):
            typer.echo(show.plain(trouble), err=True)
        if not fast.drop_near():
            raise PortalwatchError("nothing was filled: Redis does not answer")
        sizes = fastpath.sizes(on, present)
        seen = _shown("addresses", sizes["pages"], fastpath.fill_seen(on, fast, present))
        near = _shown("articles", sizes["articles"], fastpath.fill_near(on, fast, 0, present))
    if as_json:
        show.jsonl([{"addresses": seen, "articles": near}])
    else:
        typer.echo(f"{seen:,} addresses and {near:,} articles are in Redis")


def _figures(fast: "Fast") -> dict[str, Any]:
    from pipelines.store.candidates import indexed
    from pipelines.store.database import reading
    from spiders.job import now

    trouble, gauge, kinds = fast.trouble(settings().redis_bytes), fast.gauge(), fast.kinds()
    if gauge is None or kinds is None:
        raise PortalwatchError(_AWAY)
    with reading(open_store(settings())) as session:
        stories = indexed(session, now())
    seen, near = kinds["seen"], kinds["postings"]
    return {
        **asdict(gauge),
        "budget": settings().redis_bytes,
        "bytes_per_url": round(seen.bytes / seen.entries, 1) if seen.entries else None,
        "bytes_per_story": round(near.bytes / stories, 1) if stories else None,
        "trouble": trouble,
        "kinds": {name: asdict(kind) for name, kind in kinds.items()},
    }


def _shown(what: str, total: int, batches: Iterator[int]) -> int:
    """Go through the batches under a bar on a terminal, and in a few lines elsewhere; gives the sum."""
    return _bar(what, total, batches) if sys.stderr.isatty() else _lines(what, total, batches)


def _bar(what: str, total: int, batches: Iterator[int]) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done = 0
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=total)
        for count in batches:
            done += count
            progress.update(task, completed=done)
    return done


def _lines(what: str, total: int, batches: Iterator[int]) -> int:
    done, told = 0, 0
    for count in batches:
        done += count
        if done * LINES >= total * (told + 1):
            told = done * LINES // max(1, total)
            typer.echo(f"{what}: {done:,} of {total:,}", err=True)
    return done
