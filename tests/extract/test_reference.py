"""The bars: both reference articles whole, and the recorded pages of publishers that no rule names."""

import gzip
import json
import unicodedata
from datetime import datetime
from statistics import mean
from typing import Any

import pytest

from pipelines.extract.answers import answers
from pipelines.extract.ladder import extract
from pipelines.models import Article, Page
from tests.extract.shared import gram_f1, shared, sheet

STORM = "https://www.storm.mg/article/4869000"
PARK6 = "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=680000"


def _read(name: str, url: str, slug: str) -> tuple[Article, dict[str, Any]]:
    page = Page(url=url, body=shared("portals", "seeds", f"{name}.html").read_bytes(), content_type="text/html")
    article = extract(page, sheet(slug)).article
    assert article is not None
    return article, json.loads(shared("portals", "seeds", f"{name}.gt.json").read_text(encoding="utf-8"))


def test_the_storm_article_comes_out_whole() -> None:
    article, truth = _read("storm_2023_seed", STORM, "storm_mg")
    assert article.text.split("\n") == truth["body"]
    assert (article.title, article.publisher, article.author) == (truth["title"], ("德國之聲",), "德國之聲")
    assert article.published_at == datetime.fromisoformat("2023-09-13T19:51:00+08:00")
    assert (article.rights, article.captions) == (truth["copyright"], (truth["caption"],))
    assert (article.language, article.script) == ("zh", "Hant")


def test_the_6park_article_comes_out_whole() -> None:
    article, truth = _read("6park_2024_seed", PARK6, "park6")
    assert article.text.split("\n") == truth["body"]
    assert (article.title, article.publisher) == (truth["title"], ("德国之声", "BBC中文网"))
    assert article.published_at == datetime.fromisoformat("2024-06-18T01:44:59+08:00")
    assert (article.published_raw, article.codec, article.script) == ("2024-06-18 1:44:59", "gb18030", "Hans")
    assert (list(article.captions), article.comment_count, dict(article.reactions)) == (truth["captions"], 27, {"鲜花": 0, "鸡蛋": 3})


def test_the_6park_article_s_comments_come_out_whole() -> None:
    article, truth = _read("6park_2024_seed", PARK6, "park6")
    shown = [(said.author, "".join(said.badges), said.text.split("\n"), said.up) for said in article.comments]
    assert shown == [(said["user"], said["badges"], said["text"], int(said["votes"].strip() or 0)) for said in truth["comments"]]
    assert str(article.comments[0].at) == "2024-06-18 07:26:00+08:00"


@pytest.mark.parametrize(("language", "text"), [("zh-Hans", 0.985), ("zh-Hant", 0.97), ("ja", 0.94)])
def test_recorded_pages_reach_the_bars(language: str, text: float, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = shared("pages", "manifest.jsonl")
    monkeypatch.chdir(manifest.parent)
    rows = [row for line in manifest.read_text(encoding="utf-8").splitlines() if (row := json.loads(line))["language"] == language]
    got = list(answers([{"file": row["file"], "url": row["url"]} for row in rows], lambda url: None))
    assert [each["file"] for each in got if each["outcome"] != "article"] == []
    truths = [json.loads((manifest.parent / row["truth"]).read_text(encoding="utf-8")) for row in rows]
    pairs = list(zip(got, truths, strict=True))
    assert mean(gram_f1(_flat("\n".join(truth["body"])), _flat(each["text"])) for each, truth in pairs) >= text
    titled = [_flat(each["title"]) == _flat(truth["title"]) for each, truth in pairs if truth.get("title")]
    dated = [(each["published_at"] or "")[:10] == truth["date"][:10] for each, truth in pairs if truth.get("date")]
    timed = [
        (each["published_at"] or "")[:16] == truth["date"][:16].replace(" ", "T")
        for each, truth in pairs
        if len(truth.get("date") or "") >= 16
    ]
    assert mean(titled) >= 0.97
    assert mean(dated) == 1.0
    assert mean(timed) >= 0.97


def test_a_recorded_bbc_page_loses_neither_paragraphs_nor_gains_cards() -> None:
    with gzip.open(shared("portals", "html", "BBC_2026_04_25.html.gz")) as file:
        page = Page(url="https://www.bbc.com/zhongwen/articles/clymn8zyrp9o/simp", body=file.read())
    article = extract(page, sheet("bbc_zh")).article
    assert article is not None
    assert "It has not sent troops to fight in Ukraine" in article.text
    assert "Falklands" not in article.text


def _flat(text: str | None) -> str:
    return "".join(unicodedata.normalize("NFKC", text or "").split())
