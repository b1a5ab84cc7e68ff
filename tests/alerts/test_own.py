"""A channel of one's own is one file beside the watchlist and one word in it."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.alerts.channels import Sender, Sending, Smtp, send
from pipelines.models import Answer
from pipelines.watch.file import WatchlistFile
from tests.alerts.messages import NEW

DOCS = Path(__file__).resolve().parents[2] / "docs" / "channels.md"


@dataclass(frozen=True)
class Own:
    file: str = "pager"
    options: dict[str, str] = field(default_factory=lambda: {"room": "7", "key_env": "PAGER_KEY"})
    type: str = "own"


def attempt(folder: Path, channel: Own | None = None) -> Answer:
    sending = Sending(
        smtp=Smtp(host="127.0.0.1"),
        sender=Sender(address="a@example.org"),
        zone=ZoneInfo("UTC"),
        secrets={"PAGER_KEY": "pl4nted", "PAGER_URL": "https://pager.example/hook/pl4nted-in-address"},
        folder=folder,
    )
    return send(channel or Own(), NEW, sending)


def put(folder: Path, body: str) -> None:
    (folder / "pager.py").write_text(f"from pipelines.models import Answer\n\n\n{body}", encoding="utf-8")


def test_a_file_beside_the_watchlist_is_a_channel(tmp_path: Path) -> None:
    put(tmp_path, "def send(channel, message, context):\n    return Answer(ok=True, detail=f\"{channel.options['room']} {message.id}\")\n")
    assert attempt(tmp_path) == Answer(ok=True, detail="7 m-0001")


def test_the_example_of_the_docs_works_as_it_stands(tmp_path: Path) -> None:
    example = DOCS.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    (tmp_path / "pager.py").write_text(example, encoding="utf-8")
    answer = attempt(tmp_path, Own(options={"path": str(tmp_path / "news.txt")}))
    assert answer.ok, answer
    assert NEW.url in (tmp_path / "news.txt").read_text(encoding="utf-8")


def test_its_secrets_are_hidden_in_its_answer(tmp_path: Path) -> None:
    put(tmp_path, 'def send(channel, message, context):\n    return Answer(ok=False, detail=context.secrets["PAGER_KEY"])\n')
    assert "pl4nted" not in attempt(tmp_path).detail


def test_parts_of_an_address_that_is_secret_are_hidden(tmp_path: Path) -> None:
    put(tmp_path, 'def send(channel, message, context):\n    return Answer(ok=False, detail="no /hook/pl4nted-in-address")\n')
    assert attempt(tmp_path, Own(options={"address_env": "PAGER_URL"})).detail == "no /hook/•••"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ok=True, detail=None", Answer(ok=True, detail="None")),
        ("ok=1, detail='a\\ud800b\\0\\n' * 400", None),
        ("ok=False, detail='', retry_after=1e300", Answer(ok=False, detail="", retry_after=86400.0)),
        ("ok=False, detail='', retry_after=float('nan')", Answer(ok=False, detail="")),
        ("ok=False, detail='', retry_after='soon'", Answer(ok=False, detail="")),
    ],
)
def test_whatever_it_answers_can_be_kept(tmp_path: Path, given: str, kept: Answer | None) -> None:
    put(tmp_path, f"def send(channel, message, context):\n    return Answer({given})\n")
    answer = attempt(tmp_path)
    assert answer == (kept or answer)
    assert (type(answer.ok), len(answer.detail) <= 500, "\0" not in answer.detail) == (bool, True, True)
    assert answer.detail.encode()[:1] in (b"", b"a", b"N")


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    for number, word in enumerate(("one", "two"), 1):
        put(tmp_path, f'def send(channel, message, context):\n    return Answer(ok=True, detail="{word}")\n')
        os.utime(tmp_path / "pager.py", (number, number))
        assert attempt(tmp_path).detail == word


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def sent(): ...\n", "has no function `send"),
        ("def send(channel, message, context):\n    return True\n", "gave bool, not an Answer"),
        ("def send(channel, message, context):\n    raise RuntimeError('x')\n", "RuntimeError inside portalwatch"),
        ("def send(:\n", "SyntaxError inside portalwatch"),
    ],
)
def test_a_file_that_is_none_is_told_and_stops_nothing(tmp_path: Path, body: str, told: str) -> None:
    put(tmp_path, body)
    answer = attempt(tmp_path)
    assert (answer.ok, told in answer.detail) == (False, True)


def test_a_misspelt_file_gets_a_suggestion(tmp_path: Path) -> None:
    put(tmp_path, "")
    assert "did you mean `pager`" in attempt(tmp_path, Own(file="pagre")).detail


@pytest.mark.parametrize("file", ["../pager", "Pager", "a/b", "", "pager.py"])
def test_a_file_is_named_by_its_stem_only(file: str) -> None:
    with pytest.raises(ValueError, match="file"):
        WatchlistFile.model_validate({"topics": {}, "channels": {"p": {"type": "own", "file": file}}})


def test_the_words_of_the_watchlist_are_the_words_of_the_table() -> None:
    found = {
        "mail": {"to": ["a@example.org"]},
        "webhook": {"url": "https://a.example", "secret_env": "S"},
        "chat": {"url_env": "U"},
        "own": {"file": "pager"},
    }
    WatchlistFile.model_validate({"topics": {}, "channels": {word: {"type": word, **entry} for word, entry in found.items()}})
    from pipelines.alerts.channels import CHANNELS

    assert set(CHANNELS) == set(found)
