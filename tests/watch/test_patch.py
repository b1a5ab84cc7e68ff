"""The watchlist's text changed in place: one topic's query and sample, and not a character more."""

import difflib

import pytest

from pipelines.errors import ConfigError
from pipelines.watch.patch import patched
from pipelines.yamlfile import Document

NEW, SAMPLE = "北韓 NOT 足球隊", "朝鲜足球队: 「惜敗」 # it's"

FILES = {
    "plain": ("topics:\n  a:\n    query: 北韓   # why\n    title: 甲\n", [("    query: 北韓   # why", f"    query: {NEW}   # why")]),
    "quoted": ("topics:\n  a: # first\n    query: '北韓'\n", [("    query: '北韓'", f"    query: '{NEW}'")]),
    "double": ('topics:\n  a:\n    query: "北\\u97d3"\n    aliases: []\n', [('    query: "北\\u97d3"', f"    query: '{NEW}'")]),
    "astral": ("# 😀𠮷\ntopics:\n  a:\n    query: 北韓 # 😀\n", [("    query: 北韓 # 😀", f"    query: {NEW} # 😀")]),
    "block": (
        "topics:\n  a:\n    query: |\n      北韓\n      OR 俄國\n\n    # the title\n    title: 甲\n",
        [("      北韓\n      OR 俄國", f"      {NEW}")],
    ),
    "flow": ("topics:\n  a: {query: 北韓, title: 甲}  # one\n", [("{query: 北韓, ", f"{{query: {NEW}, ")]),
    "last": ("topics:\n  a:\n    query: 北韓", [("    query: 北韓", f"    query: {NEW}")]),
}


@pytest.mark.parametrize("name", FILES)
def test_the_query_alone_is_changed(name: str) -> None:
    text, changes = FILES[name]
    expected = text
    for old, new in changes:
        expected = expected.replace(old, new)
    assert patched("w.yaml", text, "a", NEW, None) == expected


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("sample", [SAMPLE, {"title": SAMPLE, "text": "第一行"}])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_sample_is_added_where_there_is_none(name: str, sample: str | dict[str, str], line_break: str) -> None:
    text = FILES[name][0].replace("\n", line_break)
    changed = patched("w.yaml", text, "a", NEW, sample)
    entry = Document("w.yaml", changed).data["topics"]["a"]
    assert (entry["query"].strip(), entry["must_not_match"]) == (NEW, [sample])
    assert changed.count(line_break) == changed.count("\n")
    assert [part for part in text.split("#")[1:] if part.split("\n")[0].strip() not in changed] == []


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ("    must_not_match: [甲, 乙]  # kept", "    must_not_match: [甲, 乙, '丙']  # kept"),
        ("    must_not_match: []", "    must_not_match: ['丙']"),
        ("    must_not_match: [甲,]", "    must_not_match: [甲, '丙',]"),
        (
            "    must_not_match:\n      - 甲 # one\n      - 乙 # two",
            "    must_not_match:\n      - 甲 # one\n      - 乙 # two\n      - '丙'",
        ),
        ("    must_not_match:\n    - 甲", "    must_not_match:\n    - 甲\n    - '丙'"),
        (
            "    must_not_match:\n      - title: 甲\n        text: 乙 # two",
            "    must_not_match:\n      - title: 甲\n        text: 乙 # two\n      - '丙'",
        ),
        ("    must_not_match:\n      - >\n        甲\n        乙", "    must_not_match:\n      - >\n        甲\n        乙\n      - '丙'"),
    ],
)
def test_a_sample_joins_those_that_are_there(samples: str, expected: str) -> None:
    text = f"topics:\n  a:\n{samples}\n    # of the query\n    query: 北韓\n  b: {{query: 俄國}}\n"
    assert patched("w.yaml", text, "a", "北韓", "丙") == text.replace(samples, expected)


def test_a_query_of_many_lines_keeps_them() -> None:
    text = "topics:\n  a:\n    query: >-\n      (北韓 OR 朝鲜)\n      俄國\n  # b\n  b: {query: 俄國}\n"
    changed = patched("w.yaml", text, "a", "(北韓\nOR 朝鲜) 俄國 NOT 足球", None)
    assert changed == text.replace("      (北韓 OR 朝鲜)\n      俄國", "      (北韓\n      OR 朝鲜) 俄國 NOT 足球").replace(">-", "|-")


def test_a_query_that_needs_quotes_gets_them() -> None:
    changed = patched("w.yaml", "topics:\n  a: {query: 北韓}\n", "a", '(北韓 NOT "a: b") EXCEPT (x, y)', None)
    assert changed == "topics:\n  a: {query: '(北韓 NOT \"a: b\") EXCEPT (x, y)'}\n"


def test_a_query_that_several_topics_share_is_left_alone() -> None:
    text = "topics:\n  a: {query: &q 北韓}\n  b: {query: *q}\n"
    with pytest.raises(ConfigError, match=r"w.yaml:2:14: cannot be changed in place; write the query yourself: 俄國"):
        patched("w.yaml", text, "b", "俄國", None)


def test_the_same_query_is_not_written_anew() -> None:
    text = 'topics:\n  a:\n    query: "北韓"\n'
    changed = patched("w.yaml", text, "a", "北韓", "丙")
    assert [line for line in difflib.ndiff(text.splitlines(), changed.splitlines()) if line[0] in "+-"] == ["+     must_not_match: ['丙']"]
