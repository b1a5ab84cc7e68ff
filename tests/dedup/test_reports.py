"""One desk that fills in its form again prints a new report; whoever else prints the same text copies it."""

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.dedup.pair import Text, pair
from pipelines.dedup.reports import AGAIN, distinction
from pipelines.dedup.shingles import Issue, Sketch, sketch

FORM = "縣政府人事處公告:任命{0}為水利處處長,原任職務的人員另有任用。任命自公告當日起生效,交接手續由主任秘書監交,並報請銓敘機關備查。"
AT = datetime(2026, 11, 22, 8, tzinfo=UTC)
DESK, OTHER = ("cape", "海岬日報"), ("harbour", "海岬日報")


def report(name: str, by: tuple[str, ...] = DESK, after: timedelta = timedelta()) -> Sketch:
    return sketch("人事公告", FORM.format(name), Issue(by=by, at=AT + after))


@pytest.mark.parametrize("after", [AGAIN, timedelta(days=3), -AGAIN])
def test_one_desk_that_changes_a_name_hours_later_reports_something_else(after: timedelta) -> None:
    found = distinction(report("趙啟明"), report("孫若梅", after=after))
    assert found is not None
    assert "the same desk filled in the same form" in found.why
    assert tuple(found.why.split(": ")[1].split(" and ")) == ("赵启明", "孙若梅")


@pytest.mark.parametrize(
    "other",
    [
        report("孫若梅", after=timedelta(hours=5)),
        report("孫若梅", OTHER, timedelta(days=1)),
        report("趙啟明", after=timedelta(days=1)),
        sketch("人事公告", FORM.format("孫若梅")),
    ],
    ids=["within hours", "another portal", "the same words", "no known desk"],
)
def test_what_may_be_a_corrected_copy_is_one(other: Sketch) -> None:
    assert distinction(report("趙啟明"), other) is None


def test_a_pair_tells_the_rule_and_the_hours() -> None:
    one, other = (
        Text(title="人事公告", text=each.text, issue=each.issue) for each in (report("趙啟明"), report("孫若梅", after=2 * AGAIN))
    )
    found = pair(one, other)
    assert not found.same
    assert (found.threshold.name, found.threshold.needed, found.threshold.reached) == ("hours between two reports of one desk", 6, 12)
