"""The published JSON Schema is that of the models, takes what we take and refuses a misspelt key."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipelines.watch.file import schema_of
from pipelines.watch.watchlist import SHIPPED_ALIASES

PUBLISHED = Path(__file__).resolve().parents[2] / "docs" / "watchlist.schema.json"
SCHEMA = Draft202012Validator(schema_of())


def test_the_published_schema_is_the_one_of_the_models() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema_of()


def test_the_shipped_watchlist_is_valid() -> None:
    text = SHIPPED_ALIASES.with_name("watchlist.yaml").read_text(encoding="utf-8")
    assert list(SCHEMA.iter_errors(yaml.load(text, yaml.BaseLoader))) == []


@pytest.mark.parametrize(
    "data",
    [
        {"topics": {"x": {"qeury": "北韓"}}},
        {"topics": {"x": {"query": "北韓", "revisions": "sometimes"}}},
        {"topics": {}, "channels": {"desk": {"type": "fax"}}},
    ],
)
def test_a_mistake_is_refused(data: dict[str, object]) -> None:
    assert not SCHEMA.is_valid(data)
