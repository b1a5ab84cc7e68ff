"""What a topic reads at all, said by its keys and asked as clauses of its query: publishers and languages, and what is left out."""

from collections.abc import Sequence
from typing import Protocol


class Narrowing(Protocol):
    """The keys of a topic that narrow its query; `portals` is not among them, since an unknown portal passes it."""

    @property
    def query(self) -> str: ...
    @property
    def not_portals(self) -> tuple[str, ...]: ...
    @property
    def publishers(self) -> tuple[str, ...]: ...
    @property
    def not_publishers(self) -> tuple[str, ...]: ...
    @property
    def languages(self) -> tuple[str, ...]: ...


def narrowed(topic: Narrowing) -> str:
    """The whole query: the topic's own with a clause for each of its narrowing keys."""
    wanted = [_any("publisher", topic.publishers), _any("language", topic.languages)]
    unwanted = [_any("publisher", topic.not_publishers), _any("portal", topic.not_portals)]
    clauses = [f"AND {each}" for each in wanted if each] + [f"NOT {each}" for each in unwanted if each]
    return " ".join([f"({topic.query})", *clauses]) if clauses else topic.query


def _any(field: str, names: Sequence[str]) -> str:
    quoted = [f'"{name}"' for name in names]
    return f"{field}:({' OR '.join(quoted)})" if len(quoted) > 1 else f"{field}:{quoted[0]}" if quoted else ""
