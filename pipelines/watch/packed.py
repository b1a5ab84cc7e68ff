"""A checked and compiled watchlist as the sections of a file, and back."""

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path

from pipelines.watch.file import Channel, WatchlistFile
from pipelines.watch.flat import Lists, Rows
from pipelines.watch.program import Program
from pipelines.watch.topic import Topics

# What decides on the compiled form besides our own code.
_LIBRARIES = ("babel", "daachorse", "google-re2", "lark", "numpy", "opencc", "pydantic", "PyYAML")
_TABLES = ("waiting", "second", "partners", "strings", "lookups", "topics")


def pack(topics: Topics, channels: Mapping[str, Channel], program: Program, ops: Sequence[str] = ()) -> dict[str, bytes | memoryview]:
    """All that a process needs to match and to alert."""
    head = {
        "slugs": list(topics),
        "channels": {name: channel.model_dump(mode="json") for name, channel in channels.items()},
        "ops": list(ops),
        "always": program.always,
        "fields": program.fields,
    }
    sections: dict[str, bytes | memoryview] = {
        "head": json.dumps(head).encode("ascii"), "automaton": program.automaton, "edges": program.edges,
        "entries": topics.rows.values, "entries ends": topics.rows.ends,
    }  # fmt: skip
    for name in _TABLES:
        table: Lists | Rows = getattr(program, name)
        sections |= {name: table.values, f"{name} ends": table.ends}
    return sections


def unpack(sections: Mapping[str, memoryview]) -> tuple[Topics, Mapping[str, Channel], Program, tuple[str, ...]]:
    """What `pack` was given."""
    head = json.loads(bytes(sections["head"]))

    def lists(name: str) -> Lists:
        return Lists.read(sections[name], sections[f"{name} ends"])

    def rows(name: str) -> Rows:
        return Rows.read(sections[name], sections[f"{name} ends"])

    program = Program(
        automaton=bytes(sections["automaton"]), edges=bytes(sections["edges"]), always=tuple(head["always"]), fields=tuple(head["fields"]),
        waiting=lists("waiting"), second=lists("second"), partners=lists("partners"),
        strings=rows("strings"), lookups=rows("lookups"), topics=rows("topics"),
    )  # fmt: skip
    channels = WatchlistFile.model_validate({"topics": {}, "channels": head["channels"]}).channels
    return Topics(head["slugs"], rows("entries")), channels, program, tuple(head["ops"])


def key_of(source: tuple[str, str]) -> str:
    """Names the compiled form of a watchlist's and its aliases' text, by this code and these libraries on this kind of machine."""
    digest = hashlib.sha256(_made_by())
    for text in source:
        digest.update(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
    return digest.hexdigest()[:32]


@cache
def _made_by() -> bytes:
    digest = hashlib.sha256()
    for path in sorted([*Path(__file__).parent.glob("*.*"), *Path(__file__).parents[1].glob("*.*")]):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    known = [sys.version, sys.byteorder, platform.machine(), *(f"{name} {version(name)}" for name in _LIBRARIES)]
    digest.update("\n".join(known).encode())
    return digest.digest()
