"""The canary's portal: its two pages, and the configuration under which an ordinary crawl reads them."""

from datetime import UTC, datetime
from pathlib import Path
from random import Random
from string import Template

from pipelines.sheet import Sheet, read_sheet

HOST = "canary.example"
SLUG, TOPIC = "canary", "canary"
SECRET_VARIABLE = "CANARY_HOOK_SECRET"  # noqa: S105 - a variable's name
NOTES = "天地山水風雲雨雪日月星河花草木石春夏秋冬東西南北上下左右前後遠近高低長短輕重清明新舊青白紅黃"
SHEET = Path(__file__).with_name("canary.yaml")

_LISTING = Template(
    """<!doctype html><html lang="zh-Hant"><meta charset="utf-8"><title>金絲雀</title>
<ul><li><a href="/story/$token.html">第 $token 次測試</a></ul>"""
)
_ARTICLE = Template(
    """<!doctype html><html lang="zh-Hant"><head><meta charset="utf-8"><title>金絲雀第 $token 次測試</title></head><body>
<article><h1>金絲雀第 $token 次測試</h1><time datetime="$now">$now</time><div class="text">
<p>金絲雀第 $token 次飛出籠子。</p>
$song
<p>記號是 $token,只用一次。</p></div></article></body></html>"""
)
_WATCHLIST = Template(
    """topics:
  canary: {title: 金絲雀, query: 金丝雀, portals: [canary], channels: [mail, hook]}
channels:
  mail: {type: mail, to: [canary@localhost]}
  hook: {type: webhook, url: "$gateway/hook", secret_env: $secret}
"""
)


def listing(token: str) -> bytes:
    """The page that names the article of this flight."""
    return _LISTING.substitute(token=token).encode()


def article(token: str) -> bytes:
    """The article. Its song is drawn by the token, so that no flight tells the story of an earlier one."""
    dice = Random(token)  # noqa: S311 - a text, no secret
    song = "\n".join(f"<p>{','.join(''.join(dice.choices(NOTES, k=7)) for _ in range(9))}。</p>" for _ in range(3))
    return _ARTICLE.substitute(token=token, now=datetime.now(UTC).isoformat(timespec="seconds"), song=song).encode()


def write_config(folder: Path, gateway: str) -> Sheet:
    """Write watchlist, aliases and sheet for a portal behind `gateway`; gives the sheet."""
    portals = folder / "portals"
    portals.mkdir(parents=True, exist_ok=True)
    (folder / "watchlist.yaml").write_text(_WATCHLIST.substitute(gateway=gateway, secret=SECRET_VARIABLE), encoding="utf-8")
    path = portals / f"{SLUG}.yaml"
    path.write_text(SHEET.read_text(encoding="utf-8") + f'gateway: "{gateway}"\n', encoding="utf-8")
    return read_sheet(path)
