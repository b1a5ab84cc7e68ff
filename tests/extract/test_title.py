"""Headlines without the site's name and without (图)."""

import pytest

from pipelines.extract.head import read_head
from pipelines.extract.lines import PageLines
from pipelines.extract.rules import Rules
from pipelines.extract.title import clean, title_of
from pipelines.extract.tree import parse


@pytest.mark.parametrize(
    ("printed", "wanted"),
    [
        ("石桥修缮(图)", "石桥修缮"),
        ("石桥修缮（组图）", "石桥修缮"),
        ("石桥修缮(多图/视频)", "石桥修缮"),
        ("石橋修繕【影片】", "石橋修繕"),
        ("石桥修缮(图)(视频)", "石桥修缮"),
        ("地图（图谱）与人", "地图（图谱）与人"),
        ("石桥修缮（上）", "石桥修缮（上）"),
        ("(图)", "(图)"),
        ("A bridge (video tour)", "A bridge (video tour)"),
    ],
)
def test_what_hangs_below_the_text_is_no_part_of_the_headline(printed: str, wanted: str) -> None:
    assert clean(printed) == wanted


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<title>老城石桥分批修缮_河口新闻网</title>", "老城石桥分批修缮"),
        ("<title>老城石橋分批修繕 | 島嶼日報</title>", "老城石橋分批修繕"),
        ('<title>老城石桥-分批修缮-X</title><meta property="og:site_name" content="X">', "老城石桥-分批修缮"),
        ('<title>老城石桥分批修缮 - 国内 - 河口</title><meta property="og:title" content="老城石桥分批修缮">', "老城石桥分批修缮"),
        (
            "<title>A bridge for the old town - The Harbour Post</title><body><h1>A bridge for the old town</h1>",
            "A bridge for the old town",
        ),
        ("<title>河口新闻网</title><body><h1>老城石桥分批修缮</h1>", "河口新闻网"),
        ("<body><h1>老城石桥分批修缮</h1>", "老城石桥分批修缮"),
        ("<title>老城石桥——一座城的账本_河口网</title><body><h2>老城石桥——一座城的账本</h2><h3>河口网</h3>", "老城石桥——一座城的账本"),
        ("<p>没有标题的页面</p>", None),
    ],
)
def test_the_site_s_name_is_no_part_of_the_headline(html: str, wanted: str | None) -> None:
    tree = parse(f"<html>{html}</html>")
    assert title_of(tree, read_head(tree), Rules(), PageLines(tree)) == wanted
