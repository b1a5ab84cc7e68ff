"""The README's recipes, carried out as they stand."""

import json
import re
import shlex
from pathlib import Path

import pytest

from tests.extract.shared import SHEETS
from tests.whole.conftest import House

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def block(language: str, recipe: str) -> str:
    found = re.search(rf"```{language} {recipe}\n(.*?)```", README, re.S)
    assert found, f"no {language} block for {recipe}"
    return found[1]


def carry_out(house: House, recipe: str) -> str:
    env, told = {}, ""
    for line in block("sh", recipe).splitlines():
        words = shlex.split(line)
        if words[0] == "export":
            env |= dict(word.split("=", 1) for word in words[1:])
        else:
            done = house.run(*words[1:], **{name: value for name, value in env.items() if name != "PORTALWATCH_SMTP_HOST"})
            assert done.returncode == 0, done.stderr
            told += done.stdout
    return told


@pytest.fixture
def config(fresh: House) -> Path:
    """The house's configuration: the recipes' watchlist, and the shipped aliases."""
    root = Path(__file__).resolve().parents[2]
    folder = fresh.home / "config"
    text = f"topics:\n{block('yaml', 'topic')}channels:\n{block('yaml', 'channel')}"
    (folder / "watchlist.yaml").write_text(text, encoding="utf-8")
    (folder / "aliases.yaml").write_bytes((root / "config" / "aliases.yaml").read_bytes())
    return folder


def test_a_topic(fresh: House, config: Path) -> None:
    assert "1 topic, 1 channel" in carry_out(fresh, "topic")
    given = json.dumps({"id": 1, "title": "普丁:朝鲜铁路明年开通", "text": ""})
    told = json.loads(fresh.run("explain", "-", stdin=given).stdout)
    assert [topic["topic"] for topic in told["topics"]] == ["rail-link"]


def test_a_channel(fresh: House, config: Path) -> None:
    assert "night@example.org: ok" in carry_out(fresh, "channel")
    assert "test message" in fresh.world.inbox()[0]["subject"]


def test_a_portal(fresh: House, config: Path) -> None:
    (config / "portals" / "cape_news.yaml").write_text(block("yaml", "portal"), encoding="utf-8")
    shipped = len(list(SHEETS.glob("*.yaml")))
    assert f"{shipped + 1} sheets read" in carry_out(fresh, "portal")
    assert "cape_news" in fresh.run("portals", "list").stdout


def test_the_shipped_configuration_is_good(fresh: House) -> None:
    root = Path(__file__).resolve().parents[2]
    assert fresh.run("topics", "check", str(root / "config" / "watchlist.yaml")).returncode == 0


def test_the_readme_stays_short() -> None:
    assert len(README.splitlines()) < 110
