"""Mistakes of sheets that read: told with their place, and no good sheet is blamed."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.sheet import read_sheet
from spiders.lint.example import example, is_explosive
from spiders.lint.findings import between, of_sheet
from tests.extract.shared import SHEETS

GOOD = {"pattern": r"^https?://cape\.example/article/(?P<id>\d+)", "key": "{id}"}
SHIPPED = sorted(SHEETS.glob("*.yaml"))


def write(folder: Path, slug: str = "cape", **keys: Any) -> Path:
    path = folder / f"{slug}.yaml"
    sheet = {
        "name": "海岬日報", "language": "zh-Hant", "timezone": "Asia/Taipei", "hosts": ["cape.example"],
        "discovery": [{"type": "listing", "url": "https://cape.example/list", "item": "#news li"}], "articles": [GOOD],
    }  # fmt: skip
    path.write_text(yaml.safe_dump(sheet | keys, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def found(path: Path) -> list[str]:
    return [str(finding) for finding in of_sheet(read_sheet(path), path)]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_sheet_is_blamed(path: Path) -> None:
    assert [finding for finding in of_sheet(read_sheet(path, base=SHEETS), path) if finding.is_problem] == []


def test_most_patterns_of_shipped_sheets_can_be_tried() -> None:
    patterns = [identity.pattern for path in SHIPPED for identity in read_sheet(path, base=SHEETS).articles]
    tried = [None not in (example(pattern), example(pattern, 1)) for pattern in patterns]
    assert sum(tried) >= 0.8 * len(patterns)


def test_the_shipped_sheets_do_not_read_one_portal_twice() -> None:
    sheets = {path.stem: read_sheet(path, base=SHEETS) for path in SHIPPED}
    paths = {path.stem: path for path in SHIPPED}
    assert [finding for finding in between(sheets, paths, list(sheets)) if finding.is_problem] == []


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ({"key": "article"}, "gets the key `article`: all articles would be one"),
        ({"pattern": r"^https?://cape\.example/(?P<kind>a|b)/(?P<id>\d+)", "key": "x{kind}"}, ""),
        (
            {"pattern": r"^https?://cape\.example/(?P<kind>article)/(?P<id>\d+)", "key": "{kind}"},
            "get one key, `article`: one article would hide",
        ),
        ({"pattern": r"^https?://cape\.example/(?:(?P<day>\d+)/)?(?P<id>\d+)", "key": "{day}{id}"}, "the group `day` may be absent"),
        ({"url": "https://cape.example/read?id={id}"}, "which no pattern matches"),
        ({"url": "https://cape.example/article/1{id}"}, "which has another key"),
        ({"url": "https://other.example/?u=https://cape.example/article/{id}"}, "which no pattern matches"),
        ({"pattern": r"cape\.example/article/(?P<id>\d+)", "url": "https://other.example/cape.example/article/{id}"}, "on none of `hosts`"),
        ({"pattern": r"^https?://cape\.example/(?:[\w-]+)+/(?P<id>\d+)"}, "can make it run for ever"),
    ],
)
def test_an_identity_that_loses_or_swallows_articles_is_told_with_its_place(tmp_path: Path, identity: dict[str, str], says: str) -> None:
    told = found(write(tmp_path, articles=[GOOD | identity]))
    assert (len(told) == 1 and says in told[0]) if says else told == []
    assert all(re.match(rf"{re.escape(str(tmp_path))}/cape\.yaml:1\d:\d+: ", line) for line in told)


def test_patterns_of_the_rules_are_looked_at_too(tmp_path: Path) -> None:
    path = write(tmp_path, extract={"drop": ["^ok$", "^(a+)+$"], "title": [{"css": "h1", "pattern": "(?:x*)*"}]})
    assert [line.rpartition("yaml:")[2].partition(":")[0] for line in found(path)] == ["19", "16"]


def test_a_listing_that_would_never_be_fetched_is_told(tmp_path: Path) -> None:
    assert "feeds.example is none of `hosts`" in found(write(tmp_path, discovery=[{"type": "feed", "url": "https://feeds.example/a"}]))[0]


def pair(tmp_path: Path, **keys: Any) -> list[str]:
    paths = {"cape": write(tmp_path), "other": tmp_path / "other.yaml"}
    paths["other"].write_text(yaml.safe_dump({"extends": "cape"} | keys), encoding="utf-8")
    sheets = {slug: read_sheet(path, base=tmp_path) for slug, path in paths.items()}
    assert list(between(sheets, paths, [])) == []
    return [str(finding) for finding in between(sheets, paths, ["other"])]


def test_a_portal_that_two_sheets_read_is_told_with_the_remedy(tmp_path: Path) -> None:
    told = pair(tmp_path, schedule="*/5 * * * *")
    assert len(told) == 1
    assert "`cape` and `other` both read https://cape.example/list" in told[0]
    assert "call its file cape.yaml" in told[0]


def test_a_host_that_two_sheets_serve_is_only_warned_of(tmp_path: Path) -> None:
    told = pair(tmp_path, discovery=[{"type": "feed", "url": "https://cape.example/sports.xml"}])
    assert len(told) == 1
    assert "warning: `cape` and `other` serve cape.example" in told[0]


@pytest.mark.parametrize("pattern", ["(a+)+", "(?:a*)*b", r"(\w+\s?)*$", "(a|b+)+", "(?:(?:x+)?)+", "((ab?)+c?)*"])
def test_nested_repeats_are_explosive(pattern: str) -> None:
    assert is_explosive(pattern)


@pytest.mark.parametrize(
    "pattern", [r"\d+", "(?:a-)+", r"(?:[a-z]+-)*", r"(?:/[^/]+)+/", "(?:ab+c)*", "(?:a+){2,3}", r"(?:utm_\w+=[^&#]*&)*"]
)
def test_repeats_with_something_between_them_are_not(pattern: str) -> None:
    assert not is_explosive(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^https?://(?:www\.)?a\.b/(?P<id>[0-9a-f]{8,})(?:[/?#]|$)", r"(?!x)(?P<a>[^/]+)-(?P=a)", r"^\w{3}\W\s\S\D.$", r"(?i:A|B)(?>c+)d*+",
        r"/v\?(?=(?:[^#]*&)?act=view(?:[&#]|$))(?:[^#]*&)?nid=(?P<id>\d+)", "[^a]b|^$", r"\bx\b",
    ],
)  # fmt: skip
def test_an_example_is_found_by_its_pattern(pattern: str) -> None:
    for variant in (0, 1):
        made = example(pattern, variant)
        assert made is not None
        assert re.search(pattern, made)


def test_of_a_pattern_that_finds_nothing_there_is_no_example() -> None:
    assert example("a(?<!a)") is None
