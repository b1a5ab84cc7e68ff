"""Suggested aliases as YAML to paste, and as JSON."""

import re
from collections.abc import Sequence
from typing import Any

import yaml

from pipelines.watch.aliases import AliasLists
from pipelines.watch.alignment import representatives
from pipelines.watch.mining import Suggestion
from portalwatch import show

SUGGESTED = "suggested"


def as_yaml(found: Sequence[Suggestion], lists: AliasLists) -> str:
    """The suggestions as an alias list; what an existing group should get stands there as a comment."""
    lines: list[str] = []
    groups = 0
    for terms, suggestions in _groups(found):
        for each in suggestions:
            contexts = " | ".join(f"{side}: {show.plain(text)}" for side, text in zip(each.sides, each.examples[0].contexts, strict=True))
            lines.append(f"  # {each.stories} stories, left as it is in {each.kept}. {contexts}")
        held = [".".join(group) for term in terms for group in lists.groups_of(term)]
        own = [term for term in terms if not lists.groups_of(term)]
        if held:
            lines.append(f"  # add to {' or '.join(dict.fromkeys(held))}: {_flow(own)}")
        else:
            lines.append(f"  {_flow([_name(terms[0])])[1:-1]}: {_flow(terms)}")
            groups += 1
    return "\n".join([f"{SUGGESTED}:", *lines] if groups else lines)


def as_line(each: Suggestion) -> dict[str, Any]:
    """A suggestion as a JSON object; an example is its two contexts."""
    return {
        "terms": list(each.terms),
        "sides": list(each.sides),
        "stories": each.stories,
        "kept": each.kept,
        "known": each.known,
        "examples": [list(example.contexts) for example in each.examples],
    }


def _groups(found: Sequence[Suggestion]) -> list[tuple[list[str], list[Suggestion]]]:
    """Suggestions that share a term are one group, the best supported first."""
    standing = representatives(each.terms for each in found)
    groups: dict[str, tuple[list[str], list[Suggestion]]] = {}
    for each in found:
        terms, suggestions = groups.setdefault(standing[each.terms[0]], ([], []))
        terms += [term for term in each.terms if term not in terms]
        suggestions.append(each)
    return list(groups.values())


def _flow(terms: Sequence[str]) -> str:
    return yaml.safe_dump(list(terms), allow_unicode=True, default_flow_style=True, width=10_000).strip()


def _name(term: str) -> str:
    return re.sub(r"[^\w-]+", "_", term).strip("_") or "x"
