"""The script that a reader wants to read, for what is printed; never for what is compared."""

from functools import lru_cache
from typing import TYPE_CHECKING

import typer

from pipelines.config import settings

if TYPE_CHECKING:
    from opencc import OpenCC

_CONFIGURATIONS = {"hans": "t2s", "hant": "s2t"}
HELP = "hans or hant: show it in one script; that of PORTALWATCH_SCRIPT, or of each telling, where it is left out."


def in_script(text: str, script: str | None) -> str:
    """The text's characters in the script, by that of the settings where it is None; words stay what they are."""
    wanted = settings().script if script is None else script
    if wanted and wanted not in _CONFIGURATIONS:
        raise typer.BadParameter(f"--script: `{wanted}` is none; write hans or hant")
    return _converter(_CONFIGURATIONS[wanted]).convert(text) if wanted else text


@lru_cache(maxsize=2)
def _converter(configuration: str) -> "OpenCC":
    from opencc import OpenCC

    return OpenCC(configuration)
