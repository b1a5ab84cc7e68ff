"""The pages that a person opens in a browser: home, inbox, one mail, webhooks. No script runs on any of them."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

TEMPLATES = Path(__file__).with_name("templates")
_SHUT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# A mail's own styles and inlined pictures show inside its sandboxed frame, which inherits this policy; nothing is fetched.
CSP = {"page": f"{_SHUT}; style-src 'self'", "mail": f"{_SHUT}; style-src 'self' 'unsafe-inline'; img-src data:"}
ENTRANCES = (
    (
        "風傳媒 storm_mg",
        ("www.storm.mg/articles", "www.storm.mg/category/117", "www.storm.mg/feeds/all", "www.storm.mg/sitemaps/1/article-news-1.xml"),
    ),
    ("留园网 park6", ("www.6parknews.com/newspark/index.php?p=1", "local.6parknews.com/index.php?type_id=11&p=1")),
    ("DW 中文 dw_zh", ("www.dw.com/zh/在线报导/s-9058", "rss.dw.com/rdf/rss-chi-all")),
    ("BBC 中文 bbc_zh", ("feeds.bbci.co.uk/zhongwen/simp/rss.xml", "feeds.bbci.co.uk/zhongwen/trad/rss.xml")),
)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["pretty"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return templates


def page(template: str, title: str, values: Mapping[str, Any], *, policy: str = "page") -> HTMLResponse:
    """A page under a strict policy; every value in it is escaped."""
    body = _templates().get_template(template).render({**values, "title": title})
    return HTMLResponse(
        body, headers={"Content-Security-Policy": CSP[policy], "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    )


def style() -> Response:
    """The one style sheet."""
    return Response((TEMPLATES / "style.css").read_bytes(), media_type="text/css")
