"""The query language as a newsdesk meets it: the articles of desk.yaml, each word that is told in its very place."""

import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.watch.aliases import read_aliases
from pipelines.watch.compiler import Compiler
from pipelines.watch.engine import Matcher
from pipelines.watch.program import Plan, program_of
from pipelines.watch.query import parse
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import SHIPPED_ALIASES
from pipelines.yamlfile import read_yaml

SECTIONS: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("desk.yaml")).data
COMPILER = Compiler(read_aliases(read_yaml(SHIPPED_ALIASES)))
Words = set[tuple[str, int, int]]  # field, start, end


def unmarked(field: str, marked: str) -> tuple[str, Words]:
    """The text of one field, and where its marked words stand in it."""
    words, text = set(), ""
    for index, part in enumerate(re.split("[⟦⟧]", marked)):
        if index % 2:
            words.add((field, len(text), len(text) + len(part)))
        text += part
    return text, words


def article(written: str | dict[str, Any]) -> tuple[Readable, Words, bool]:
    """The article, the words that are to be told, whether it is to match."""
    fields = {"text": written} if isinstance(written, str) else dict(written)
    title, text, *comments = fields.pop("text").split("‖") if "‖" in fields["text"] else ("", fields.pop("text"))
    named = [("title", title), ("text", text), *((f"comments[{index}]", comment) for index, comment in enumerate(comments))]
    texts, words = zip(*(unmarked(*each) for each in named), strict=True)
    marked = set[tuple[str, int, int]]().union(*words)
    found = fields.pop("found", bool(marked))
    publisher = tuple(fields.pop("publisher", ()))
    return Readable(title=texts[0], text=texts[1], comments=texts[2:], publisher=publisher, **fields), marked, found


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: f"{section['about']}-{'+'.join(section['take'])}")
def test_no_wrong_answer(section: dict[str, Any]) -> None:
    wrong = []
    for query, *articles in section["rows"]:
        matcher = Matcher(program_of([Plan("topic", COMPILER.part(parse(query), tuple(section["take"])))]))
        for written in articles:
            readable, words, found = article(written)
            matches = matcher.match(readable)
            told = {(hit.field, hit.start, hit.end) for match in matches for hit in match.hits}
            if bool(matches) != found or (words and told != words):
                wrong.append((query, written, told))
    assert wrong == []


def test_the_table_is_read() -> None:
    assert sum(len(row) - 1 for section in SECTIONS for row in section["rows"]) > 1000
    assert article("x⟦ab⟧y⟦c⟧‖⟦d⟧") == (Readable(title="xabyc", text="d"), {("title", 1, 3), ("title", 4, 5), ("text", 0, 1)}, True)
