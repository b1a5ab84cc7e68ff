"""The stage of `make demo`: its phase, and a world that is away."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo import play
from demo.play import ENV, Stage
from demo.serve import running
from pipelines.errors import PortalwatchError
from portalwatch.children import free_port


def stage(home: Path, port: int) -> Stage:
    return Stage(
        home=home, world_port=port, smtp_port=0, secret="s", phase=1, phase_since=datetime.now(UTC), world=["demo", "--phase", "1"]
    )


def test_a_phase_that_a_dead_world_did_not_hear_of_has_not_begun(tmp_path: Path) -> None:
    away = stage(tmp_path, free_port(18700))
    away.advance()
    assert (away.phase, away.world[-1], (tmp_path / "world.json").exists()) == (1, "1", False)


def test_a_phase_begins_for_the_world_the_stage_and_the_next_start(tmp_path: Path) -> None:
    with running(phase=1, state_dir=tmp_path / "world") as up:
        there = stage(tmp_path, int(up.url.rpartition(":")[2]))
        there.advance()
        assert (there.phase, there.world[-1], up.world.phase) == (2, "2", 2)
    assert '"phase": 2' in (tmp_path / "world.json").read_text(encoding="utf-8")


def test_another_terminal_reads_the_demos_settings_from_a_file_of_the_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    home = tmp_path / "a demo's home"
    play._environment(stage(home, 18700))
    told = subprocess.run(
        ["sh", "-c", f'. "{home / ENV}"; echo "$PORTALWATCH_HOME $DEMO_HOOK_SECRET"; command -v portalwatch'],
        env={"PATH": "/bin:/usr/bin"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout.splitlines() == [f"{home} s", str(Path(sys.executable).parent / "portalwatch")]
    assert (home / ENV).stat().st_mode & 0o777 == 0o600


def test_a_second_start_says_that_it_goes_on_and_how_to_begin_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class StartedError(Exception):
        pass

    def start() -> str:
        with pytest.raises(StartedError):
            play._play(play._options(["--world-port", "0", "--smtp-port", "0"]), home)
        return capsys.readouterr().err

    def world(_: Stage) -> None:
        raise StartedError

    home = tmp_path / "a demo"
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(play, "_world", world)
    assert "going on" not in start()
    assert f"going on from what is in {home}, phase 0; to begin anew: rm -r '{home}'\n" in start()
    with play.home_lock(play.settings()), pytest.raises(PortalwatchError, match="another portalwatch runs"):
        play._play(play._options([]), home)
    assert "going on" not in capsys.readouterr().err
