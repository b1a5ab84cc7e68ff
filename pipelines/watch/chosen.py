"""Some topics of a watchlist, or a query of nobody's, compiled by themselves."""

from collections.abc import Iterable

from pipelines.errors import WrongUseError
from pipelines.watch.aliases import TERRITORIES, AliasLists, unknown_name
from pipelines.watch.compiler import Compiler
from pipelines.watch.program import Plan
from pipelines.watch.query import parse
from pipelines.watch.watchlist import Watchlist

TRIED = "query"  # what a query of nobody's is called


def plans_of(watchlist: Watchlist, slugs: Iterable[str]) -> list[Plan]:
    """These topics, for matching."""
    compiler = Compiler(watchlist.aliases)
    topics = [watchlist.topics[slug] for slug in slugs]
    return [Plan(topic.slug, compiler.part(parse(topic.asked), topic.aliases), frozenset(topic.portals)) for topic in topics]


def known(watchlist: Watchlist, slugs: Iterable[str]) -> list[str]:
    """The slugs, each of a topic of the watchlist; WrongUseError with a suggestion where one is of none."""
    asked = list(slugs)
    for slug in asked:
        if slug not in watchlist.topics:
            raise WrongUseError(f"{watchlist.name}: {unknown_name(slug, list(watchlist.topics), 'topic')}")
    return asked


def plan_of(query: str, aliases: AliasLists, taken: tuple[str, ...] = (TERRITORIES,)) -> Plan:
    """A query with the alias lists that it takes. QueryError where it does not read, WrongUseError for an unknown list."""
    for name in taken:
        if name not in aliases.lists:
            raise WrongUseError(unknown_name(name, sorted(aliases.lists), "alias list"))
    return Plan(TRIED, Compiler(aliases).asked(query, taken))
