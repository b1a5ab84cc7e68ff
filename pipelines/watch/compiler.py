"""Makes a query's tree into its plan: looks aliases up, spells every term out, binds every part to its fields."""

from collections.abc import Hashable, Iterable, Sequence
from itertools import pairwise
from typing import cast

from pipelines.errors import QueryError
from pipelines.watch.aliases import AliasLists, unknown_name
from pipelines.watch.nodes import And, AtLeast, Count, Except, Group, In, Kind, Near, Node, Not, Regex, Term, below, is_place, offset_of
from pipelines.watch.plan import All, Expression, Leaf, Lookup, NearEach, Part, Place, Repeated, Some, Without
from pipelines.watch.query import compiled_regex, parse
from pipelines.watch.terms import key, spellings
from pipelines.watch.view import Form

ANYWHERE = "title and body"


class Compiler:
    """Compiles queries against one set of alias lists; terms that mean the same share one Lookup."""

    def __init__(self, aliases: AliasLists) -> None:
        self._aliases = aliases
        self._lookups: dict[Hashable, Lookup] = {}

    def asked(self, query: str, taken: tuple[str, ...]) -> Part:
        """The evaluable form of a query as somebody wrote it; QueryError also for what reads and cannot be meant."""
        tree = parse(query)
        for node in below(tree):
            match node:
                case And(items=items):
                    self._refuse_names(items, taken)
                case Except(item=item, exclusions=exclusions):
                    self._refuse_idle(item, exclusions, taken)
        return self.part(tree, taken)

    def _refuse_names(self, items: Sequence[Node], taken: tuple[str, ...]) -> None:
        """A name with brackets, such as 刚果（布）, reads as two terms."""
        for one, other in pairwise(items):
            if isinstance(one, Term) and isinstance(other, Term) and other.offset == one.offset + len(one.text) + 1:
                name = f"{one.text}({other.text})"
                if self._aliases.meaning(name, taken):
                    raise QueryError(f'this reads as `{one.text} AND {other.text}`; quote the name: `"{name}"`', one.offset)

    def _refuse_idle(self, item: Node, exclusions: Sequence[Node], taken: tuple[str, ...]) -> None:
        """An exclusion that holds none of what it excludes takes nothing away."""
        forms = [form.text for leaf in self._leaves(item, taken) for form in leaf.lookup.forms]
        for part in exclusions:
            leaves = list(self._leaves(part, taken))
            if not any(_bars(bar, form) for leaf in leaves for bar in leaf.lookup.forms for form in forms):
                told = "none of these words holds" if len(leaves) > 1 else f"`{leaves[0].shown}` does not hold"
                advice = f"EXCEPT takes longer words around it; to leave out articles that have it, write NOT {leaves[0].shown}"
                raise QueryError(f"{told} the term, so it takes nothing away: {advice}", offset_of(part))

    def part(self, node: Node, taken: tuple[str, ...], scope: str = ANYWHERE) -> Part:  # noqa: PLR0911  one return a kind of node
        """The evaluable form of a (pushed) tree for a topic that takes these alias lists; QueryError for an unknown `@name`."""
        if is_place(node):
            return self._place(node, taken, scope)
        match node:
            case In(field=field, item=item):
                return self.part(item, taken, field)
            case And(items=items):
                return All(tuple(self.part(item, taken, scope) for item in items))
            case AtLeast():
                return self._at_least(node, taken, scope)
            case Not(item=item):
                return Without(self.part(item, taken, scope))
            case Near(left=left, right=right, distance=distance):
                return NearEach(self._place(left, taken, scope), self._place(right, taken, scope), distance)
            case Count(item=item, times=times):
                return Repeated(self._place(item, taken, scope), times)
            case Regex(pattern=pattern, offset=offset):
                return Expression(pattern, scope, compiled_regex(pattern, offset))
        raise AssertionError(node)

    def _at_least(self, node: AtLeast, taken: tuple[str, ...], scope: str) -> Part:
        parts = [self.part(item, taken, scope) for item in node.items]
        if node.least == 1:
            return Some(tuple(parts))
        different = {_meaning(part): part for part in reversed(parts)}
        if len(different) < node.least:
            raise QueryError(f"{node.least} OF a list with {len(different)} different ones: the others mean the same", node.offset)
        return Some(tuple(reversed(different.values())), node.least)

    def _place(self, node: Node, taken: tuple[str, ...], scope: str) -> Place:
        return Place(tuple(self._leaves(node, taken)), scope)

    def _leaves(self, node: Node, taken: tuple[str, ...]) -> Iterable[Leaf]:
        match node:
            case Term(shown=shown):
                yield Leaf(shown, self._term(node, taken))
            case Group(name=name):
                yield Leaf(f"@{name}", self._group(node))
            case AtLeast(items=items):
                for item in items:
                    yield from self._leaves(item, taken)
            case Except(item=item, exclusions=exclusions):
                barred = tuple(leaf.lookup for part in exclusions for leaf in self._leaves(part, taken))
                for leaf in self._leaves(item, taken):
                    yield Leaf(leaf.shown, self._barred(leaf.lookup, barred))

    def _term(self, term: Term, taken: tuple[str, ...]) -> Lookup:
        known: Hashable = (term.text, term.kind, taken if term.kind is Kind.PLAIN else ())
        if known not in self._lookups:
            self._lookups[known] = self._looked_up(term, taken)
        return self._lookups[known]

    def _looked_up(self, term: Term, taken: tuple[str, ...]) -> Lookup:
        if term.kind is not Kind.PLAIN:
            form = Form(key(term.text), term.kind, term.text if term.kind is Kind.EXACT else "")
            return self._shared(form, (form,))
        found = self._aliases.meaning(term.text, taken)
        forms = _plain([*spellings(term.text), *(found.forms if found else ())])
        if found is None:
            return self._shared(frozenset(forms), forms)
        shields = {form: _plain(longer) for form, longer in found.shields.items()}
        return self._shared(frozenset(_plain(found.forms)), forms, shields, within=frozenset(forms))

    def _group(self, group: Group) -> Lookup:
        found = self._aliases.named(group.name)
        if found is None:
            raise QueryError(unknown_name(group.name, self._aliases.names(), "alias group or list"), group.offset)
        shields = {form: _plain(longer) for form, longer in found.shields.items()}
        forms = _plain(found.forms)
        return self._shared(frozenset(forms), forms, shields, within=frozenset(forms))

    def _barred(self, lookup: Lookup, barred: tuple[Lookup, ...]) -> Lookup:
        if (lookup, barred) not in self._lookups:
            inner = lookup.barred + barred
            meaning = (lookup.meaning, frozenset(bar.meaning for bar in inner))
            self._lookups[lookup, barred] = Lookup(lookup.forms, lookup.shields, inner, meaning)
        return self._lookups[lookup, barred]

    def _shared(
        self, meaning: Hashable, forms: tuple[Form, ...], shields: dict[str, tuple[Form, ...]] | None = None, within: Hashable = None
    ) -> Lookup:
        shared = ("shared", meaning, within, frozenset(shields or ()))
        if shared not in self._lookups:
            self._lookups[shared] = Lookup(forms, shields or {}, (), meaning)
        return self._lookups[shared]


def _bars(bar: Form, form: str) -> bool:
    """Whether an occurrence of the form can lie inside one of the bar."""
    return form in bar.text or (bar.kind is Kind.PREFIX and form.startswith(bar.text))


def _plain(texts: Iterable[str]) -> tuple[Form, ...]:
    return tuple(Form(text) for text in dict.fromkeys(texts))


def _meaning(part: Part) -> Hashable:
    """What makes two parts of `k OF` the same: terms of one alias group are one."""
    match part:
        case Place(leaves_=leaves, scope=scope):
            return (frozenset(leaf.lookup.meaning for leaf in leaves), scope)
        case _:
            return cast(Hashable, part)
