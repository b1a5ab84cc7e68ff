"""A file of JSON lines that only grows, so that what arrived survives a restart."""

import json
import threading
from pathlib import Path
from typing import Any


class Journal:
    """The entries of one file, oldest first, in memory and on disk; any thread may write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writing = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._entries = _entries(path)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """A copy of all entries, oldest first."""
        with self._writing:
            return list(self._entries)

    def add(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Keep `entry` under the next number `n`, counted from 1; the entry as kept, half characters (lone surrogates) as `?`."""
        with self._writing:
            line = json.dumps({"n": len(self._entries) + 1, **entry}, ensure_ascii=False).encode("utf-8", "replace")
            with self._path.open("ab") as file:
                file.write(line + b"\n")
            kept: dict[str, Any] = json.loads(line)
            self._entries.append(kept)
            return kept


def _entries(path: Path) -> list[dict[str, Any]]:
    """The whole lines of the file; a line torn by a kill is cut off, so that the next one starts clean."""
    if not path.exists():
        return []
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if whole != data:
        path.write_bytes(whole)
    return [json.loads(line) for line in whole.splitlines()]
