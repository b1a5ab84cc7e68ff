"""The watchlist to begin with."""

from pathlib import Path

from pipelines.errors import ConfigError, WrongUseError

STARTER = Path(__file__).with_name("starter.yaml")


def write_starter(path: Path) -> None:
    """Write it to `path`, with the folders above. WrongUseError where something is there, ConfigError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(STARTER.read_text(encoding="utf-8"))
    except FileExistsError:
        raise WrongUseError(f"{path}: is there already, and stays as it is") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
