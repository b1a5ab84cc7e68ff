"""The count that a terminal shows while something long is read."""

import io

import pytest

from portalwatch import logs, show


class Screen(io.StringIO):
    """A terminal that keeps what it was shown."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_the_newest_count_and_then_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(show, "SECOND", 0.001)
    with show.counting("reading w.yaml") as tell:
        tell(1_500, 20_000)
        while "1,500 of 20,000" not in screen.getvalue():
            pass
    assert "reading w.yaml: 1,500 of 20,000" in screen.getvalue()
    assert screen.getvalue().endswith("\r\x1b[K")


def test_what_takes_less_than_a_second_shows_no_count(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with show.counting("reading w.yaml") as tell:
        tell(1, 2)
    assert screen.getvalue() == "\r\x1b[K"


def test_a_file_gets_no_count(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "SECOND", 0.001)
    with show.counting("reading w.yaml") as tell:
        tell(1, 2)
    assert capsys.readouterr().err == ""


def test_what_an_error_quotes_takes_over_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    logs.tell("w.yaml:4:5: unknown key `qu\x1b[31m\u202ery`\nw.yaml:5:1: `\x07` is no slug")
    assert capsys.readouterr().err == "portalwatch: w.yaml:4:5: unknown key `qu[31mry`\nw.yaml:5:1: `` is no slug\n"
