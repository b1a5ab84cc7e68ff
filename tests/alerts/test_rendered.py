"""The mail in a real browser: nothing overflows a phone, dark mode is dark, and no script of a page runs."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pipelines.alerts.mail import Sender, compose
from pipelines.models import Message
from tests.alerts.messages import HOSTILE, NEW, REVISION

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PROBE = """<iframe id=f style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe><script>
addEventListener("load", () => {{
  const d = document.getElementById("f").contentDocument, colour = n => getComputedStyle(d.querySelector(n)).backgroundColor;
  document.title = [d.documentElement.scrollWidth - d.documentElement.clientWidth, colour("body"), colour(".card"), d.querySelectorAll("script,img").length].join("|");
}});
</script>"""


def measured(message: Message, width: int, folder: Path, *options: str) -> tuple[int, str, str, int]:
    """Pixels by which the page overflows, background, card, and the number of elements that only an injection brings."""
    body = compose(message, Sender(address="alerts@watch.example.org")).get_body(("html",))
    assert body is not None
    page = folder / "mail.html"
    source = str(body.get_content()).replace("&", "&amp;").replace('"', "&quot;")
    page.write_text(PROBE.format(width=width, page=source), encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        f"--user-data-dir={folder}/profile",
    ]
    done = subprocess.run(
        [str(CHROMIUM), *flags, *options, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=60, check=True
    )
    title = re.search(r"<title>(\d+)\|(.*?)\|(.*?)\|(\d+)</title>", done.stdout)
    assert title, done.stdout[-300:]
    return int(title[1]), title[2], title[3], int(title[4])


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
@pytest.mark.parametrize("message", [NEW, REVISION, HOSTILE], ids=["new", "revision", "hostile"])
def test_the_mail_fits_a_phone_and_runs_nothing(message: Message, tmp_path: Path) -> None:
    assert measured(message, 340, tmp_path) == (0, "rgb(243, 244, 246)", "rgb(255, 255, 255)", 0)


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_dark_mode_is_dark(tmp_path: Path) -> None:
    assert measured(NEW, 700, tmp_path, "--blink-settings=preferredColorScheme=0")[1:3] == ("rgb(22, 24, 28)", "rgb(31, 34, 39)")
