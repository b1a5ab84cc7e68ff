"""Who first published an article, each with the place and the words that say so."""

import pytest

from pipelines.extract.ladder import extract
from pipelines.models import Page
from tests.extract.shared import PAGES, sheet

TEXT = "".join(f"<p>第{n}座石桥的修缮从星期三开始，工程师说要到明年四月才能完成，费用由市里和省里分担。</p>" for n in range(6))


@pytest.mark.parametrize(
    ("head", "line", "told"),
    [
        ("", "2026-03-02 08:15 来源：河口日报 作者：林秋雨", [("河口日报", "credit line")]),
        ("", "来源：德国之声/BBC中文网 于2026-03-02 1:44:59", [("德国之声", "credit line"), ("BBC中文网", "credit line")]),
        ("", "2026-03-02 来源：新京报举报", [("新京报", "credit line")]),
        ("", "（中央社記者林秋雨台北2日電）港務公司表示，候船室下月啟用。", [("中央社", "by-line")]),
        ('<meta name="source" content="河口晚报">', "", [("河口晚报", "meta source")]),
        ('<meta name="author" content="德國之聲">', "", [("德國之聲", "meta author")]),
        (
            '<script type="application/ld+json">{"@type":"NewsArticle","publisher":{"name":"島嶼日報"}}</script>',
            "",
            [("島嶼日報", "JSON-LD publisher")],
        ),
        ('<meta property="og:site_name" content="河口网">', "", [("河口网", "meta og:site_name")]),
        ("", "", []),
    ],
)
def test_a_publisher_is_told_with_its_evidence(head: str, line: str, told: list[tuple[str, str]]) -> None:
    body = f"<html><head><title>石桥</title>{head}</head><body><h1>石桥</h1><div>{line}</div><div>{TEXT}</div></body></html>"
    article = extract(Page(url="", body=body.encode())).article
    assert article is not None
    assert [(credit.publisher, credit.where) for credit in article.publisher_from] == told
    assert article.publisher == tuple(name for name, _ in told)
    assert all(credit.publisher in credit.raw for credit in article.publisher_from)


def test_a_sheet_s_rule_is_the_evidence_of_what_it_reads() -> None:
    page = Page(
        url="https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=690001", body=(PAGES / "park6_newscontent.html").read_bytes()
    )
    article = extract(page, sheet("park6")).article
    assert article is not None
    assert len(article.publisher_from) == len(article.publisher) >= 1
    assert all(credit.where.startswith("credit line ") for credit in article.publisher_from)


@pytest.mark.parametrize("author", ["name, email@example.org", "https://example.org/a", "admin"])
def test_what_is_no_name_is_no_author(author: str) -> None:
    body = f'<html><head><meta name="author" content="{author}"></head><body><h1>石桥</h1><div>{TEXT}</div></body></html>'
    article = extract(Page(url="", body=body.encode())).article
    assert article is not None
    assert article.author is None
