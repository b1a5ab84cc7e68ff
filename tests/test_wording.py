"""What is wrong with a value, in words that tell what to write instead."""

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from pipelines.config import Settings
from pipelines.wording import in_words
from portalwatch.cli import app


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("script", "han", "`han` is none of hans, hant; did you mean `hant`?"),
        ("script", "klingon", "`klingon` is none of hans, hant"),
        ("smtp_port", "many", "`many` is no whole number"),
        ("smtp_port", "0", "`0` is too small: 1 at least"),
        ("smtp_port", "65536", "`65536` is too large: 65535 at most"),
        ("archive_gb", "0", "`0` is too small: more than 0.0"),
        ("archive", "vielleicht", "`vielleicht` is neither true nor false"),
        ("timezone", "Asia/Taipeh", "`Asia/Taipeh` is no time zone; write one such as Asia/Taipei"),
    ],
)
def test_a_wrong_value_is_told_with_what_is_wanted(name: str, value: str, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate({name: value})
    assert [in_words(item) for item in caught.value.errors()] == [said]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("stories show abc", "`abc` is no whole number"),
        ("stories list --limit 0", "`0` is too small: 1 at least"),
        ("alerts list --state ded", "`ded` is none of held, owed, sending, retrying, sent, dead; did you mean `dead`?"),
    ],
)
def test_a_wrong_argument_is_told_the_same_way(command: str, said: str) -> None:
    done = CliRunner().invoke(app, command.split())
    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())
