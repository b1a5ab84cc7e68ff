"""Channels of one's own: a Python file beside the watchlist, with a function `send`; see docs/channels.md."""

import importlib.util
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from pipelines.errors import ConfigError
from pipelines.models import Answer, Message
from pipelines.yamlfile import suggestion


class OwnChannel(Protocol):
    """What this channel reads of its entry in the watchlist; its file reads the `options`."""

    @property
    def file(self) -> str: ...
    @property
    def options(self) -> Mapping[str, str]: ...


class OwnContext(Protocol):
    """What this channel reads of the settings."""

    @property
    def folder(self) -> Path | None: ...


def send(channel: OwnChannel, message: Message, context: OwnContext) -> Answer:
    """One attempt by the file's own `send(channel, message, context)`; ConfigError where there is none."""
    path = file_of(channel, context.folder or Path("channels"))
    answer = _sender(path, path.stat().st_mtime_ns)(channel, message, context)
    if not isinstance(answer, Answer):
        raise ConfigError(f"{path}: `send` gave {type(answer).__name__}, not an Answer")
    return answer


def file_of(channel: OwnChannel, folder: Path) -> Path:
    """The channel's file; ConfigError where there is none."""
    path = folder / f"{channel.file}.py"
    if not path.is_file():
        known = sorted(each.stem for each in folder.glob("*.py"))
        raise ConfigError(f"there is no {path}{suggestion(channel.file, known)}")
    return path


@lru_cache(maxsize=32)
def _sender(path: Path, _changed: int) -> Any:
    """The function of that file as it is now."""
    spec = importlib.util.spec_from_file_location(f"portalwatch_channel_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"{path} cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, "send", None)):
        raise ConfigError(f"{path} has no function `send(channel, message, context)`")
    return module.send
