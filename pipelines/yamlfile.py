"""YAML files that an operator edits: read once, every complaint with file:line:column and a suggestion."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from pipelines.errors import ConfigError
from pipelines.wording import in_words
from pipelines.yamlplace import place_of

_BASE: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_YAML_1_1_ONLY = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:timestamp"}


class _Loader(_BASE):  # type: ignore[valid-type, misc]
    """PyYAML with the scalars of YAML 1.2: `no`, `on`, 1:30 and 2024-01-01 stay strings."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Take over what `<<` names, but for merges of merges that would fill the memory."""
        own = len(node.value)
        super().flatten_mapping(node)
        if len(node.value) > own + MOST_MERGED:
            raise yaml.constructor.ConstructorError(None, None, f"`<<` takes over more than {MOST_MERGED} keys", node.start_mark)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag not in _YAML_1_1_ONLY] for first, rules in _BASE.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false|True|False)$"), list("tfTF"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), list("-+0123456789"))

_KEY = "[key]"  # the last step of pydantic's path to a key of a mapping
MOST_MERGED = 10_000  # keys that one mapping takes over from others
DEEPEST = 100  # lists and mappings within one another; libyaml's stack ends at some thousands, and the process with it
_ADVICE = (  # what the parser said and the line that it stood in, and what to do
    (re.compile(r"""\bquery:\s*["'@`%&*!\[{]"""), "; put the query in '…'"),
    (re.compile(r"^mapping values.*\n[^:]*:\s+[^\s].*:(\s|$)"), "; put a value with a colon in '…'"),
    (re.compile(r"^(mapping values|did not find expected key)"), "; is this line indented as those that it belongs to?"),
)
M = TypeVar("M", bound=BaseModel)
Path_ = tuple[str | int, ...]
_Pair = tuple[yaml.Node, yaml.Node]  # a key and its value


class PlacedError(ValueError):
    """What a model's validator refuses, with the `path` below the model to the value that is to blame."""

    def __init__(self, path: Path_, message: str) -> None:
        self.path = path
        super().__init__(message)


class Document:
    """A parsed file: `data`, and `where(path)` for the place of any value in it, or in the file that it takes values over from."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.extended: Document | None = None
        self._children: dict[int, dict[str, _Pair]] = {}
        try:
            _refuse_depth(text)
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self.data: Any = loader.construct_document(self._root) if self._root is not None else {}
            doubles = list(_duplicates(self._root))
        except yaml.MarkedYAMLError as error:
            mark, said = _trouble(text, error)
            place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
            raise ConfigError(f"{place}: not valid YAML: {said}") from None
        except yaml.reader.ReaderError as error:
            place = _place_of_byte(name, text.encode("utf-8", "surrogatepass"), error.position)
            raise ConfigError(f"{place}: not valid YAML: {error.reason}") from None
        except RecursionError:
            raise ConfigError(f"{name}:1:1: not valid YAML: nested too deeply") from None
        except (yaml.YAMLError, ValueError, AttributeError) as error:
            raise ConfigError(f"{name}: not valid YAML: {str(error) or type(error).__name__}"[:300]) from None
        duplicates = [f"{self._place(key)}: `{key.value}` stands twice; the first at {self._place(first)}" for key, first in doubles]
        if duplicates:
            raise ConfigError(duplicates)

    def where(self, path: Path_, *, key: bool = False, offset: int = 0) -> str:
        """`file:line:column` of the value at `path` (of its key with `key`), `offset` characters into a scalar's value."""
        if self.extended is not None and self.pair(path[:1]) is None and self.extended.pair(path[:1]) is not None:
            return self.extended.where(path, key=key, offset=offset)
        node, at = self._root, self._root
        for step in self.written(path):
            at, node = self._child(node, step) or (at, node)
        return self._place(at if key else node, offset)

    def written(self, path: Path_) -> Path_:
        """The steps of `path` that stand in the file: pydantic puts the tags of unions between them."""
        if self.extended is not None and self.pair(path[:1]) is None and self.extended.pair(path[:1]) is not None:
            return self.extended.written(path)
        node, steps = self._root, list[str | int]()
        for step in path:
            if found := self._child(node, step):
                node = found[1]
                steps.append(step)
        return tuple(steps)

    def pair(self, path: Path_) -> _Pair | None:
        """The nodes of the key and the value at `path`, None where there is no such value."""
        found: _Pair | None = None
        for step in path:
            found = self._child(found[1] if found else self._root, step)
            if found is None:
                return None
        return found

    def _child(self, node: yaml.Node | None, step: str | int) -> _Pair | None:
        """The nodes of a key and its value; a mapping's are sorted out once, for thousands may be complained of."""
        if isinstance(node, yaml.MappingNode):
            if id(node) not in self._children:
                self._children[id(node)] = {str(key.value): (key, value) for key, value in reversed(node.value)}
            return self._children[id(node)].get(str(step))
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            return node.value[step], node.value[step]
        return None

    def _place(self, node: yaml.Node | None, offset: int = 0) -> str:
        line, column = place_of(self.text, node, offset) if node is not None else (0, 0)
        return f"{self.name}:{line + 1}:{column + 1}"


def read_yaml(path: Path) -> Document:
    """The file as a Document; ConfigError where it cannot be read, is no UTF-8, or is not YAML."""
    return Document(str(path), text_of(path))


def text_of(path: Path) -> str:
    """What stands in the file; ConfigError where it cannot be read or is no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        place = _place_of_byte(str(path), error.object, error.start)
        raise ConfigError(f"{place}: not UTF-8 at byte {error.start}; save the file as UTF-8") from None


def validated(model: type[M], document: Document) -> M:
    """The document as a `model`; ConfigError names every problem with its place and a did-you-mean."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise ConfigError([_problem(model, document, item) for item in error.errors()]) from None


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean X?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _place_of_byte(name: str, content: bytes, at: int) -> str:
    before = content[:at].decode("utf-8", "replace").replace("\r\n", "\n")
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


def _trouble(text: str, error: yaml.MarkedYAMLError) -> tuple[yaml.Mark | None, str]:
    """Where the parser met what it could not read, and what to do about it."""
    said, mark = str(error.problem or error.context), error.problem_mark
    if error.context == "while scanning a quoted scalar" and said.endswith("end of stream"):
        return error.context_mark, "the quotation mark is not closed; a query that begins with one goes whole into '…'"
    lines = text.removeprefix("\ufeff").splitlines()
    line = lines[mark.line] if mark and mark.line < len(lines) else ""
    if mark and line[mark.column : mark.column + 1] == "\t":
        return mark, f"{said}: a tab; indent with spaces"
    return mark, said + next((advice for pattern, advice in _ADVICE if pattern.search(f"{said}\n{line}")), "")


def _problem(model: type[BaseModel], document: Document, item: Any) -> str:
    path: Path_ = (*item["loc"], *getattr(item.get("ctx", {}).get("error"), "path", ()))
    if item["type"] == "union_tag_invalid":
        what, tag = str(path[0]).removesuffix("s"), item["ctx"]["tag"]
        known = re.findall("'([^']*)'", item["ctx"]["expected_tags"])
        place = document.where((*path, item["ctx"]["discriminator"].strip("'")))
        return f"{place}: `{tag}` is no type of {what}: {', '.join(known)}{suggestion(tag, known)}"
    if item["type"] == "union_tag_not_found":
        return f"{document.where(path, key=True)}: `{item['ctx']['discriminator'].strip(chr(39))}` is missing"
    if item["type"] == "extra_forbidden":
        word = str(path[-1])
        hint = "; inside {…} a comma parts keys: put a value that has one in '…'" if _is_cut_off(document, path) else ""
        return f"{document.where(path, key=True)}: unknown key `{word}`{suggestion(word, _keys_at(model, document, path[:-1])) or hint}"
    if item["type"] == "missing":
        return f"{document.where(path[:-1], key=True)}: `{path[-1]}` is missing"
    named = ".".join(map(str, document.written(path)))
    return f"{document.where(path, key=path[-1:] == (_KEY,))}: {named}: {in_words(item)}"


def _is_cut_off(document: Document, path: Path_) -> bool:
    """Whether a key is the rest of a value that a comma inside {…} cut off: it has no value of its own."""
    around, pair = document.pair(path[:-1]), document.pair(path)
    is_inside = around is not None and isinstance(around[1], yaml.MappingNode) and around[1].flow_style
    return bool(is_inside and pair and pair[1].start_mark.index == pair[1].end_mark.index)


def _keys_at(model: type[BaseModel], document: Document, path: Path_) -> list[str]:
    """The keys that may stand at the path; those of all the file where that cannot be told."""
    kinds, written = [cast("Any", model)], list(document.written(path))
    for step in path:
        if written[:1] == [step]:
            del written[0]
            kinds = [each for kind in kinds for each in _kinds(_inside(kind, step))]
        else:
            kinds = [each for each in kinds if _is_tagged(each, step)] or kinds
    return sorted({name for each in kinds for name in getattr(each, "model_fields", ())} or _fields(model))


def _kinds(annotation: Any) -> list[Any]:
    """What a value may be, one by one."""
    is_choice = get_origin(annotation) in (Annotated, Union, UnionType)
    return [kind for each in get_args(annotation) for kind in _kinds(each)] if is_choice else [annotation]


def _inside(kind: Any, step: str | int) -> Any:
    """What stands in a model, a mapping or a list at that key or place; None where nothing may."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind.model_fields[step].annotation if step in kind.model_fields else None
    return next((each for each in reversed(get_args(kind)) if each is not Ellipsis), None)


def _is_tagged(kind: Any, tag: str | int) -> bool:
    """Whether pydantic chooses it from a union by that tag: its name, or the only value of one of its fields."""
    fields = getattr(kind, "model_fields", {}).values()
    return tag == getattr(kind, "__name__", None) or any(get_args(info.annotation) == (tag,) for info in fields)


def _fields(model: type[BaseModel], seen: set[type] | None = None) -> set[str]:
    seen = seen if seen is not None else set()
    if model in seen:
        return set()
    seen.add(model)
    names = set(model.model_fields)
    for info in model.model_fields.values():
        for inner in _models(info.annotation):
            names |= _fields(inner, seen)
    return names


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def _refuse_depth(text: str) -> None:
    loader, depth = _Loader(text), 0
    while loader.check_event():
        event = loader.get_event()
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, "nested too deeply", event.start_mark)


def _duplicates(node: yaml.Node | None, met: set[int] | None = None) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    met = set() if met is None else met
    if id(node) in met:
        return
    met.add(id(node))
    if isinstance(node, yaml.MappingNode):
        first: dict[str, yaml.Node] = {}
        for key, value in node.value:
            if str(key.value) in first:
                yield key, first[str(key.value)]
            first.setdefault(str(key.value), key)
            yield from _duplicates(value, met)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _duplicates(item, met)
