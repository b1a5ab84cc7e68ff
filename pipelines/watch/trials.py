"""Several queries asked of an article at once: a query beside its own variants, or one small query for every term."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipelines.models import Hit
from pipelines.watch.aliases import AliasLists
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query and the alias lists that it takes. `portals` empty: all."""

    query: str
    taken: tuple[str, ...]
    portals: frozenset[str] = frozenset()


class Trials:
    """Queries compiled together; answers go by their place in the list. QueryError where one does not read."""

    def __init__(self, aliases: AliasLists, asked: Sequence[Asked]) -> None:
        compiler = Compiler(aliases)
        parts = [compiler.part(parse(each.query), each.taken) for each in asked]
        plans = [Plan(str(index), part, each.portals) for index, (part, each) in enumerate(zip(parts, asked, strict=True))]
        self._matcher = Matcher(program_of(plans))

    def hits(self, readable: Readable) -> dict[int, tuple[Hit, ...]]:
        """The occurrences that satisfy each query that the article satisfies."""
        return next(self.hits_in([readable]))

    def hits_in(self, readables: Iterable[Readable]) -> Iterator[dict[int, tuple[Hit, ...]]]:
        """`hits` of each, in order."""
        for matches in self._matcher.match_many(readables):
            yield {int(match.topic): match.hits for match in matches}
