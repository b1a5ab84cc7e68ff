"""Where a character of a YAML value stands in the file: quoting, escapes, indentation and folded lines move it."""

import re

import yaml

_CHARACTERS = {"'": "''|.", '"': r"\\(?:x..|u.{4}|U.{8}|\r\n|.)|."}
_ANCHOR = re.compile(r"(?:[&!]\S*\s+)+")
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def place_of(text: str, node: yaml.Node, offset: int = 0) -> tuple[int, int]:
    """Line and column, both from 0, of the node; of a scalar's value that of the character at `offset`, or the end before it."""
    text = text.removeprefix("\ufeff")  # libyaml does not count it
    mark, is_block = node.start_mark, getattr(node, "style", None) in ("|", ">")
    if not isinstance(node, yaml.ScalarNode) or not (offset or is_block):
        return mark.line, mark.column
    lines = _BREAK.split(text[mark.index : _index(text, node, offset)])
    return mark.line + len(lines) - 1, len(lines[-1]) + (mark.column if len(lines) == 1 else 0)


def _index(text: str, node: yaml.ScalarNode, offset: int) -> int:
    """The characters of a value stand in the file in their order; only white space is another there, so it is not counted."""
    style, start = node.style or "", _behind_anchor(text, node.start_mark.index)
    first = _behind_header(text, start) if style in ("|", ">") else start + (style in _CHARACTERS)
    found = re.compile(_CHARACTERS.get(style, "."), re.DOTALL).finditer(text, first, node.end_mark.index)
    ink = [each.span() for each in found if not _is_white(each[0])]
    before = len("".join(node.value[:offset].split()))
    if node.value[offset : offset + 1].strip():
        return ink[before][0]
    return ink[before - 1][1] if before else first


def _behind_anchor(text: str, start: int) -> int:
    found = _ANCHOR.match(text, start)
    return found.end() if found else start


def _behind_header(text: str, start: int) -> int:
    found = _BREAK.search(text, start)
    return found.end() if found else len(text)


def _is_white(written: str) -> bool:
    return written.isspace() or (
        written[0] == "\\" and written[1:] in ("n", "t", "r", "v", "f", " ", "\t", "\n", "\r\n", "_", "N", "L", "P")
    )
