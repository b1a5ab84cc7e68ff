"""Why an article matches: the answer of `portalwatch explain`, and what a query really looks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.watch.aliases import TERRITORIES, AliasLists
from pipelines.watch.clauses import clauses, told
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.nodes import Kind
from pipelines.watch.plan import Lookup
from pipelines.watch.readable import Readable
from pipelines.watch.view import Form
from pipelines.watch.watchlist import Watchlist


def explain(matcher: Matcher, readable: Readable, id: object) -> dict[str, Any]:  # noqa: A002  the key in the answer
    """{"id", "topics": [{"topic", "terms": [{"term", "as_written", "start", "end", "field"}]}]}; offsets in code points."""
    return {
        "id": id,
        "topics": [
            {
                "topic": match.topic,
                "terms": [told(hit) for hit in match.hits],
            }
            for match in matcher.match(readable)
        ],
    }


def clauses_of(watchlist: Watchlist, slug: str, readable: Readable) -> dict[str, Any]:
    """{"topic", "clauses"} of one topic, whether it matches or not; see `Clause.as_json`."""
    topic = watchlist.topics[slug]
    return {"topic": slug, "clauses": [each.as_json() for each in clauses(topic.asked, topic.aliases, watchlist.aliases, readable)]}


def readable_from(item: Mapping[str, Any]) -> Readable:
    """The Readable of one JSON object of `portalwatch explain`; unknown keys are ignored, ValueError for a wrong type."""
    return Readable(
        title=_text(item, "title") or "",
        text=_text(item, "text") or "",
        portal=_text(item, "portal"),
        publisher=tuple(_texts(item, "publisher")),
        author=_text(item, "author"),
        section=_text(item, "section"),
        comments=tuple(_texts(item, "comments")),
        language=_text(item, "language"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Expanded:
    """A term as the query writes it, the folded strings that it looks for, and those inside which none of them counts."""

    term: str
    forms: tuple[str, ...]
    not_inside: tuple[str, ...]


def expansion(query: str, aliases: AliasLists, taken: tuple[str, ...] = (TERRITORIES,)) -> list[Expanded]:
    """Each term of the query, a negated one too, once."""
    part = Compiler(aliases).asked(query, taken)
    return [_expanded(*each) for each in dict.fromkeys((leaf.shown, leaf.lookup) for leaf in part.leaves())]


def _expanded(shown: str, lookup: Lookup) -> Expanded:
    shields = (longer for each in lookup.shields.values() for longer in each)
    around = dict.fromkeys(map(_written, (*(form for bar in lookup.barred for form in bar.forms), *shields)))
    return Expanded(term=shown, forms=tuple(map(_written, lookup.forms)), not_inside=tuple(around))


def _written(form: Form) -> str:
    return {Kind.PLAIN: form.text, Kind.PREFIX: f"{form.text}*", Kind.EXACT: f"={form.written}"}[form.kind]


def _text(item: Mapping[str, Any], key: str) -> str | None:
    value = item.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"`{key}` is no string")
    return value


def _texts(item: Mapping[str, Any], key: str) -> list[str]:
    value = item.get(key) or []
    values = [value] if isinstance(value, str) else value
    texts = [entry.get("text") or "" if isinstance(entry, dict) else entry for entry in values]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError(f"`{key}` holds something that is no string")
    return texts
