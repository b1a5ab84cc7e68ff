"""The command line: one command a question, results on stdout, progress and logs on stderr, exit codes 0, 1 and 2."""

import contextlib
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
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

MODULES: dict[str, tuple[str, ...]] = {
    "up": ("service",),
    "crawl": ("service",),
    "doctor": ("service",),
    "serve": ("serve",),
    "canary": ("watcher",),
    "backfill": ("backfill",),
    "forget": ("forget",),
    "retention": ("retention",),
    "why": ("why",),
    "reextract": ("replay",),
    "same": ("same",),
    "extract": ("plumbing",),
    "explain": ("plumbing",),
    "db": ("service",),
    "airflow": ("watcher",),
    "portals": ("portals", "drafts", "checks", "replay"),
    "topics": ("topics", "lint", "trials", "changes"),
    "aliases": ("aliases",),
    "articles": ("articles",),
    "stories": ("stories", "chain", "rulings"),
    "alerts": ("alerts", "verdicts", "mutes"),
    "health": ("health",),
    "redis": ("redis",),
    "archive": ("archive",),
}
"""{command: modules of `portalwatch.commands` that hang it in}. A command imports its own alone: all of them take seconds."""


class _Commands(Mapping[str, Any]):
    """{name: command}, each made when it is asked for."""

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)

    def __getitem__(self, name: str) -> Any:
        return _command(MODULES[name], name)


@cache
def _command(modules: tuple[str, ...], name: str) -> Any:
    own = typer.Typer(rich_markup_mode="markdown")
    for module in [import_module(f"portalwatch.commands.{module}") for module in modules]:
        module.add_to(own)
    return typer.main.get_group(own).commands[name]


class _Group(TyperGroup):
    """Imports what it is asked for alone, and says what is wrong with an argument in our words."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Commands()  # type: ignore[assignment]

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
    cls=_Group,
    help="Watch news portals: crawl, read, join copies, match topics, alert. `portalwatch COMMAND --help` shows an example of each.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
)


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
