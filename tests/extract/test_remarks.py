"""Comments of hostile pages: numbers that no column holds, and texts without an end."""

import pytest
from lxml import html

from pipelines.extract.dates import Clock
from pipelines.extract.remarks import LONGEST, comment_count_of, comments_of, reactions_of
from pipelines.extract.rules import Rules

RULES = Rules.model_validate(
    {
        "comments": {"item": ".c", "text": "p", "floor": {"css": ".f"}, "up": {"css": ".u"}},
        "comment_count": [{"css": ".n"}],
        "reactions": [{"css": ".r", "pattern": r"(?P<name>鮮花)(?P<count>\d+)"}],
    }
)


@pytest.mark.parametrize(("printed", "number"), [("12", 12), ("1,234", 1234), ("9" * 9, 999_999_999), ("9" * 10, None), ("9" * 5000, None)])
def test_a_number_that_no_column_holds_is_none(printed: str, number: int | None) -> None:
    tree = html.document_fromstring(f"<b class=n>{printed}</b><i class=r>鮮花{printed.replace(',', '')}</i><p class=c><p>好</p>")
    assert comment_count_of(tree, RULES) == number
    assert reactions_of(tree, RULES) == ({} if number is None else {"鮮花": number})


def test_a_comment_is_read_to_its_longest() -> None:
    tree = html.document_fromstring(f"<div class=c><b class=f>{'9' * 30}</b><p>{'好' * 1_000_000}</p></div>")
    comment = comments_of(tree, RULES, Clock(zone=None, said_by="test"))[0]
    assert (comment.floor, len(comment.text)) == (None, LONGEST)
