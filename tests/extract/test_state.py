"""A page that carries its article only in the state of its script is read by the same rules as any other."""

import json
from collections.abc import Callable

import pytest

from pipelines.extract.ladder import extract
from pipelines.models import Page, PageKind
from pipelines.sheet import Sheet
from tests.extract.shared import sheet

TEXT = ["河口的渡轮周一恢复夜航，末班船改到十一点四十分，票价不变。", "渡轮公司说，新船比旧船少用三成的油，噪音也低得多。"]


def rules(**extract: object) -> Sheet:
    keys = {"slug": "cape", "articles": [{"pattern": r"^https://cape\.example/(?P<id>\d+)", "key": "{id}"}], "hosts": ["cape.example"]}
    return Sheet.model_validate(sheet("dw_zh").model_dump(by_alias=True) | keys | {"timezone": "Asia/Shanghai", "extract": extract})


RULES = rules(
    state={"title": "page.story.headline", "time": "page.story.at", "body": "page.story.body", "caption": "page.story.images[].caption"},
    article=['[data-state="body"]'],
    zones=['[data-state="body"]'],
    title=[{"css": '[data-state="title"]'}],
    published=[{"css": '[data-state="time"]'}],
    captions=['[data-state="caption"]'],
    remove=[".ad"],
)


def story(**changes: object) -> dict[str, object]:
    body = f"<p>{TEXT[0]}</p><div class=ad>本版广告</div><p>{TEXT[1]}</p>"
    return {"headline": "夜航恢复", "at": 1772420400, "body": body, "images": [{"caption": "试航的渡轮。"}, {"caption": None}]} | changes


def page(script: str) -> Page:
    html = f"<html><head><title>x</title></head><body><div id=root></div><script>{script}</script></body></html>"
    return Page(url="https://cape.example/7", body=html.encode())


def plain(value: object) -> str:
    return f"window.__INITIAL_STATE__ = {json.dumps(value, ensure_ascii=False)};"


def quoted(value: object) -> str:
    return f"window.__staticRouterHydrationData = JSON.parse({json.dumps(json.dumps(value))});"


@pytest.mark.parametrize("written", [plain, quoted])
def test_the_article_is_read_from_the_state(written: Callable[[object], str]) -> None:
    article = extract(page(written({"page": {"story": story()}})), RULES).article
    assert article is not None
    assert (article.title, article.text.split("\n"), article.captions) == ("夜航恢复", TEXT, ("试航的渡轮。",))
    assert article.published_at is not None
    assert article.published_at.isoformat() == "2026-03-02T11:00:00+08:00"


@pytest.mark.parametrize(
    "script",
    [
        quoted({"page": {"story": None}}),
        quoted({"page": "story"}),
        'window.__staticRouterHydrationData = JSON.parse("{\\"page\\": ',
        'window.__staticRouterHydrationData = JSON.parse("' + "[" * 100_000 + '");',
        plain({"page": {"story": story(body={"deep": True})}}),
        plain({"page": {"story": story(body=[[]] * 1000)}}),
    ],
)
def test_a_state_without_the_article_is_no_article(script: str) -> None:
    assert extract(page(script + " " * 200), RULES).kind in (PageKind.MISSING, PageKind.EMPTY)


def test_control_characters_and_broken_markup_in_a_state_do_no_harm() -> None:
    body = f"\x00<p>{TEXT[0]}\x0b<p>{TEXT[1]}</b></div></article><script>alert(1)</script>"
    article = extract(page(plain({"page": {"story": story(body=body)}}).replace("</", "<\\/")), RULES).article
    assert article is not None
    assert article.text.split("\n") == TEXT
