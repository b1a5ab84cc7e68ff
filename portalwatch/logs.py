"""How commands log: a word and a sentence a line, or one JSON object a line where PORTALWATCH_LOG asks for it; never a secret."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import TextIO

from pipelines.config import Settings, settings
from pipelines.errors import ConfigError
from pipelines.hiding import Hiding, hidden
from portalwatch.show import plain

LOUD = ("scrapy", "twisted", "asyncio", "filelock", "trafilatura", "httpx", "httpcore", "alembic", "mail.log")
_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Json(logging.Formatter):
    """One object a line: timestamp, level, logger, event, exception, as structlog calls them, and what a record was given as `extra`."""

    def __init__(self, wanted: Settings) -> None:
        super().__init__()
        self._wanted = wanted

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **{key: value for key, value in vars(record).items() if key not in _OWN},
        }
        if record.exc_info or record.exc_text:
            told["exception"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return hidden(json.dumps(told, ensure_ascii=False, default=str), self._wanted)


class _ToStderr(logging.StreamHandler[TextIO]):
    """Writes to what stderr is when something is logged."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The present stderr."""
        return sys.stderr


def set_up(wanted: Settings, *, verbose: bool) -> None:
    """Log to stderr from now on."""
    handler = _ToStderr()
    handler.setFormatter(Json(wanted) if wanted.log == "json" else logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(Hiding(wanted))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if verbose else logging.WARNING)
    logging.getLogger("portalwatch" if not verbose else "").setLevel(logging.DEBUG if verbose else logging.INFO)
    if wanted.log == "json":
        for ours in ("pipelines", "spiders"):
            logging.getLogger(ours).setLevel(logging.DEBUG if verbose else logging.INFO)
    for loud in LOUD:
        logging.getLogger(loud).setLevel(logging.INFO if verbose else logging.ERROR)


def tell(trouble: str) -> None:
    """The lines on stderr with which a command ends that could not do what it was asked; what they quote takes over no terminal."""
    lines = "\n".join(map(plain, trouble.split("\n")))
    try:
        wanted = settings()
    except ConfigError:
        print(f"portalwatch: {lines}", file=sys.stderr)
        return
    if wanted.log == "json":
        logging.getLogger("portalwatch").error("%s", trouble)
    else:
        print(f"portalwatch: {hidden(lines, wanted)}", file=sys.stderr)


def crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """For `sys.excepthook`: what nobody foresaw, with its traceback and without secrets."""
    try:
        wanted = settings()
    except ConfigError:
        sys.__excepthook__(kind, error, trace)
        return
    if wanted.log == "json":
        logging.getLogger("portalwatch").critical("%s", kind.__name__, exc_info=(kind, error, trace))
    else:
        print(hidden("".join(traceback.format_exception(kind, error, trace)), wanted), end="", file=sys.stderr)
