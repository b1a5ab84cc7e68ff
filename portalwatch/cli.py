"""The command line: one command a question, results on stdout, progress and logs on stderr, exit codes 0, 1 and 2."""

import contextlib
import logging
import os
import sys
from importlib.metadata import version
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from typer.core import TyperGroup

from pipelines.config import settings, unknown_variables
from pipelines.errors import ConfigError, PortalwatchError, WrongUseError
from pipelines.store import database
from pipelines.wording import in_words
from portalwatch import logs
from portalwatch.commands import (
    alerts,
    aliases,
    archive,
    articles,
    backfill,
    chain,
    changes,
    checks,
    drafts,
    forget,
    health,
    lint,
    mutes,
    plumbing,
    portals,
    redis,
    replay,
    retention,
    rulings,
    same,
    serve,
    service,
    stories,
    topics,
    trials,
    verdicts,
    watcher,
    why,
)


class _InWords(TyperGroup):
    """Says what is wrong with an argument in our words."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        """Run the command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            if isinstance(error.__cause__, ValidationError):
                error.message = "; ".join(in_words(item) for item in error.__cause__.errors())
            raise


app = typer.Typer(
    name="portalwatch",
    cls=_InWords,
    help="Watch news portals: crawl, read, join copies, match topics, alert. `portalwatch COMMAND --help` shows an example of each.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
_GROUPS = (
    service,
    serve,
    watcher,
    backfill,
    portals,
    drafts,
    checks,
    topics,
    aliases,
    lint,
    trials,
    changes,
    articles,
    stories,
    chain,
    rulings,
    alerts,
    verdicts,
    mutes,
    forget,
    health,
    retention,
    redis,
    why,
    archive,
    replay,
    same,
    plumbing,
)
for group in _GROUPS:
    group.add_to(app)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"portalwatch {version('portalwatch')}")
        raise typer.Exit


@app.callback()
def _options(
    _show: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_version)] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every page.")] = False,
) -> None:
    with contextlib.suppress(ConfigError):  # a command that needs them says so itself
        logs.set_up(settings(), verbose=verbose)
    for trouble in unknown_variables():
        logging.getLogger("portalwatch").warning(trouble)


def main() -> None:
    """Run the command line; what a person can mend is told in plain words, without a traceback."""
    sys.excepthook = logs.crashed
    try:
        app()
    except PortalwatchError as error:
        logs.tell(str(error))
        sys.exit(2 if isinstance(error, WrongUseError) else 1)
    except OperationalError as error:
        logs.tell(database.in_words(error))
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


if __name__ == "__main__":
    main()
