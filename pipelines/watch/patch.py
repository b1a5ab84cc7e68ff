"""A topic changed inside the watchlist's text: comments, order and quoting of everything else stay as they are.

Places come from the YAML node tree. What comes out is read again and must say what was meant, or nothing is changed.
"""

import copy
from typing import Any

import yaml

from pipelines.errors import ConfigError
from pipelines.yamlfile import Document

SAMPLES = "must_not_match"


def patched(name: str, text: str, topic: str, query: str, sample: str | dict[str, str] | None) -> str:
    """The text with the topic's new query and, where there is one, a new `must_not_match` sample (of one line, printable).

    ConfigError where the file writes them in a way that cannot be changed in place (anchors).
    """
    document = Document(name, text)
    wanted = _wanted(document.data, topic, query, sample)
    for quoted in (False, True):
        changed = _with_query(document, topic, query, quoted=quoted)
        try:
            changed = _with_sample(Document(name, changed), topic, sample) if sample is not None else changed
            if _told(Document(name, changed).data, topic) == _told(wanted, topic):
                return changed
        except ConfigError:
            continue
    place = document.where(("topics", topic, "query"))
    raise ConfigError(f"{place}: cannot be changed in place; write the query yourself: {query}")


def _wanted(data: Any, topic: str, query: str, sample: str | dict[str, str] | None) -> Any:
    wanted = copy.deepcopy(data)
    entry = wanted["topics"][topic]
    entry["query"] = query
    if sample is not None:
        entry[SAMPLES] = [*(entry.get(SAMPLES) or []), sample]
    return wanted


def _told(data: Any, topic: str) -> Any:
    """What a file says; the line breaks of this query are no difference."""
    told = copy.deepcopy(data)
    told["topics"][topic]["query"] = _one_line(told["topics"][topic]["query"])
    return told


def _one_line(query: str) -> str:
    return " ".join(query.splitlines()).strip()


def _with_query(document: Document, topic: str, query: str, *, quoted: bool) -> str:
    if query == document.data["topics"][topic]["query"]:
        return document.text
    _, value = _entry(document, topic, "query")
    assert isinstance(value, yaml.ScalarNode), value
    start, end = value.start_mark.index, value.end_mark.index
    if value.style in ("|", ">") and not quoted:
        return document.text[:start] + _block(document.text[start:end], query) + document.text[end:]
    if value.style in ("|", ">"):
        end = start + len(document.text[start:end].rstrip())
    scalar = _quoted(_one_line(query)) if quoted or value.style in ("'", '"') else _one_line(query)
    return document.text[:start] + scalar + document.text[end:]


def _block(block: str, query: str) -> str:
    """A block scalar with other lines, as far in as its own; its header and what follows it are kept."""
    header, line_break, lines = block.partition("\r\n" if "\r\n" in block else "\n")
    indent = lines[: len(lines) - len(lines.lstrip(" "))]
    tail = block[len(block.rstrip()) :]
    return line_break.join([header.replace(">", "|", 1), *(indent + line for line in query.strip().splitlines())]) + tail


def _with_sample(document: Document, topic: str, sample: str | dict[str, str]) -> str:
    text = document.text
    written = _flow(sample)
    found = document.pair(("topics", topic, SAMPLES))
    if found is not None and isinstance(found[1], yaml.SequenceNode):
        samples = found[1]
        if samples.flow_style:
            return _into_list(text, samples, written)
        last = samples.value[-1]
        at, line_break = _line_end(text, _end(last))
        return f"{text[:at]}{line_break}{_indent(text, samples.value[0])}- {written}{text[at:]}"
    key, value = _entry(document, topic, "query")
    mapping = document.pair(("topics", topic))
    if mapping is not None and isinstance(mapping[1], yaml.MappingNode) and mapping[1].flow_style:
        end = value.end_mark.index
        return f"{text[:end]}, {SAMPLES}: [{written}]{text[end:]}"
    at, line_break = _line_end(text, _end(value))
    return f"{text[:at]}{line_break}{' ' * key.start_mark.column}{SAMPLES}: [{written}]{text[at:]}"


def _into_list(text: str, samples: yaml.SequenceNode, written: str) -> str:
    if not samples.value:
        at = samples.start_mark.index + 1
        return f"{text[:at]}{written}{text[at:]}"
    at = samples.value[-1].end_mark.index
    return f"{text[:at]}, {written}{text[at:]}"


def _entry(document: Document, topic: str, key: str) -> tuple[yaml.Node, yaml.Node]:
    found = document.pair(("topics", topic, key))
    assert found is not None, (topic, key)
    return found


def _end(node: yaml.Node) -> int:
    """Where the node's own text ends; a block collection's mark lies behind what follows it."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)


def _line_end(text: str, at: int) -> tuple[int, str]:
    """Where the line of a place ends (behind its comment), and the file's line break."""
    line_break = "\r\n" if "\r\n" in text else "\n"
    if at and text[at - 1] == "\n":  # a block scalar's end is the next line's beginning
        at = len(text[:at].rstrip())
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return (end - 1 if text[end - 1 : end] == "\r" else end), line_break


def _indent(text: str, first: yaml.Node) -> str:
    """What stands before the first item's dash."""
    line = text[text.rfind("\n", 0, first.start_mark.index) + 1 : first.start_mark.index]
    return line[: len(line) - len(line.lstrip())]


def _flow(sample: str | dict[str, str]) -> str:
    if isinstance(sample, str):
        return _quoted(sample)
    return "{" + ", ".join(f"{key}: {_quoted(value)}" for key, value in sample.items()) + "}"


def _quoted(text: str) -> str:
    """A single-quoted scalar of one line."""
    return "'" + text.replace("'", "''") + "'"
