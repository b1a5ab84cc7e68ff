"""The query card evaluated the slow and obvious way: every position of every text is tried. Knows nothing of the engine."""

import re

from pipelines.text import fold
from pipelines.watch.aliases import AliasLists
from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Kind, Near, Node, Not, Term, is_place
from pipelines.watch.readable import Readable
from pipelines.watch.terms import key, spellings

Found = set[tuple[str, str, int, int]]  # term, field, start, end in the original


class Field:
    """One text of an article."""

    def __init__(self, name: str, text: str, shown: int) -> None:
        self.name, self.text, self.folded, self.shown = name, text, fold(text), shown


class Reference:
    """Evaluates trees against one article."""

    def __init__(self, readable: Readable, lists: AliasLists, taken: tuple[str, ...]) -> None:
        self.readable, self.lists, self.taken = readable, lists, taken

    def fields(self, scope: str) -> list[Field]:
        """The texts that a scope reads."""
        article = self.readable
        named = {
            "": [("title", article.title), ("text", article.text)],
            "title": [("title", article.title)],
            "body": [("text", article.text)],
            "lead": [("text", article.text)],
            "comments": [(f"comments[{index}]", text) for index, text in enumerate(article.comments)],
            "author": [("author", article.author or "")],
            "publisher": [("publisher", text) for text in article.publisher],
            "section": [("section", article.section or "")],
        }[scope]
        return [Field(name, text, 200 if scope == "lead" else len(text)) for name, text in named]

    def find(self, node: Node, scope: str = "") -> Found | None:  # noqa: PLR0911  one return a kind of node
        """The occurrences that satisfy the node, None where it does not hold."""
        match node:
            case In(field=field, item=item):
                return self.find(item, field)
            case And(items=items):
                return self.together([self.find(item, scope) for item in items], len(items))
            case AtLeast(items=items, least=least):
                chosen = items if least == 1 else self.different(items)
                return self.together([self.find(item, scope) for item in chosen], least)
            case Not(item=item):
                return set() if self.find(item, scope) is None else None
            case Near(left=left, right=right, distance=distance):
                return self.near(left, right, distance, scope)
            case Count(item=item, times=times):
                return self.count(item, times, scope)
        hits = {hit for field in self.fields(scope) for hit in self.hits(node, field, None)}
        return hits or None

    def different(self, items: tuple[Node, ...]) -> list[Node]:
        """The first of each meaning."""
        first: dict[object, Node] = {}
        for item in items:
            first.setdefault(self.meaning(item), item)
        return list(first.values())

    def meaning(self, node: Node) -> object:
        return frozenset(self.meanings(node)) if is_place(node) else re.sub(r"offset=\d+", "", repr(node))

    def meanings(self, node: Node) -> list[object]:
        match node:
            case Term(kind=Kind.PLAIN, text=text):
                known = self.lists.meaning(text, self.taken)
                return [frozenset(known.forms if known else spellings(text))]
            case Group(name=name):
                group = self.lists.named(name)
                assert group is not None
                return [frozenset(group.forms)]
            case Except(item=item, exclusions=exclusions):
                bars = frozenset(bar for part in exclusions for bar in self.meanings(part))
                return [(inner, bars) for inner in self.meanings(item)]
            case AtLeast(items=items):
                return [inner for item in items for inner in self.meanings(item)]
        return [(node.kind, node.text)] if isinstance(node, Term) else [node]

    @staticmethod
    def together(found: list[Found | None], least: int) -> Found | None:
        there = [hits for hits in found if hits is not None]
        return set().union(*there) if len(there) >= least else None

    def near(self, left: Node, right: Node, distance: int, scope: str) -> Found | None:
        hits: Found = set()
        for field in self.fields(scope):
            lefts, rights = widest(self.spans(left, field)), widest(self.spans(right, field))
            pairs = [(one, other) for one in lefts for other in rights if close(one, other, distance)]
            hits |= self.hits(left, field, {one for one, _ in pairs}) | self.hits(right, field, {other for _, other in pairs})
        return hits or None

    def count(self, item: Node, times: int, scope: str) -> Found | None:
        total = 0
        for field in self.fields(scope):
            reach = 0
            for start, end in sorted(widest(self.spans(item, field)), key=lambda span: span[1]):
                if start >= reach:
                    total, reach = total + 1, end
        return {hit for field in self.fields(scope) for hit in self.hits(item, field, None)} if total >= times else None

    def hits(self, node: Node, field: Field, only: set[tuple[int, int]] | None) -> Found:
        return {
            (shown, field.name, *field.folded.original(*span))
            for shown, spans in self.places(node, field)
            for span in spans
            if only is None or span in only
        }

    def spans(self, node: Node, field: Field) -> set[tuple[int, int]]:
        return {span for _, spans in self.places(node, field) for span in spans}

    def places(self, node: Node, field: Field) -> list[tuple[str, set[tuple[int, int]]]]:
        """Each term below the node with its places in the folded text."""
        match node:
            case Term():
                return [(node.shown, self.term(node, field))]
            case Group(name=name):
                meaning = self.lists.named(name)
                assert meaning is not None
                return [(f"@{name}", widest({span for form in meaning.forms for span in plain(form, field)}))]
            case AtLeast(items=items):
                return [place for item in items for place in self.places(item, field)]
            case Except(item=item, exclusions=exclusions):
                bars = {span for part in exclusions for span in self.spans(part, field)}
                return [
                    (shown, {span for span in spans if not any(inside(span, bar) for bar in bars)})
                    for shown, spans in self.places(item, field)
                ]
        raise AssertionError(node)

    def term(self, term: Term, field: Field) -> set[tuple[int, int]]:
        if term.kind is Kind.EXACT:
            return exact(term.text, field)
        if term.kind is Kind.PREFIX:
            return prefix(key(term.text), field)
        meaning = self.lists.meaning(term.text, self.taken)
        found = {span for form in spellings(term.text) for span in plain(form, field)}
        for form in meaning.forms if meaning else ():
            longer = {span for name in meaning.shields.get(form, ()) for span in plain(name, field)} if meaning else set()
            found = {span for span in found if field.folded.text[slice(*span)] != form}
            found |= {span for span in plain(form, field) if not any(inside(span, bar) for bar in longer)}
        return widest(found)


def ascii_at(text: str, index: int) -> bool:
    return 0 <= index < len(text) and text[index].isascii() and text[index].isalnum()


def touched(text: str, start: int, end: int) -> tuple[bool, bool]:
    """Whether an ASCII letter touches a guarded edge, left and right."""
    left = text[start].isascii() and text[start].isalnum() and ascii_at(text, start - 1)
    right = text[end - 1].isascii() and text[end - 1].isalnum() and ascii_at(text, end)
    return left, right


def everywhere(form: str, text: str) -> list[tuple[int, int]]:
    return [(at, at + len(form)) for at in range(len(text)) if text[at : at + len(form)] == form]


def shown(field: Field, spans: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {span for span in spans if field.folded.original(*span)[1] <= field.shown}


def plain(form: str, field: Field) -> set[tuple[int, int]]:
    text = field.folded.text
    return shown(field, {span for span in everywhere(form, text) if not any(touched(text, *span))})


def prefix(form: str, field: Field) -> set[tuple[int, int]]:
    text, spans = field.folded.text, set()
    for start, end in everywhere(form, text):
        if not touched(text, start, end)[0]:
            stop = end
            while ascii_at(text, stop):
                stop += 1
            spans.add((start, stop))
    return shown(field, spans)


def exact(written: str, field: Field) -> set[tuple[int, int]]:
    """In texts where NFC changes nothing."""
    wanted = {span for span in everywhere(written, field.text) if not any(touched(field.text, *span))}
    size, longest = len(field.folded.text), len(written)  # folding makes nothing longer
    folded = {
        (start, end)
        for start in range(size)
        for end in range(start + 1, min(start + longest, size) + 1)
        if field.folded.original(start, end) in wanted
    }
    return shown(field, {span for span in folded if field.folded.original(*span) in wanted})


def inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return other[0] <= span[0] and span[1] <= other[1]


def widest(spans: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {span for span in spans if not any(inside(span, other) for other in spans if other != span)}


def close(one: tuple[int, int], other: tuple[int, int], distance: int) -> bool:
    (_, first), (second, _) = sorted([one, other])
    return second - first <= distance and not inside(one, other) and not inside(other, one)
