"""A sheet's mistakes are named where they stand, before any page is fetched."""

from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.sheet import read_sheet
from tests.extract.shared import SHEETS, sheet

SHEET = """\
name: 河口网
language: zh-Hans
timezone: Asia/Shanghai
hosts: [news.example.org]
discovery: [{type: feed, url: "https://news.example.org/rss"}]
articles: [{pattern: "/(?P<id>\\\\d+)", key: "{id}"}]
extract:
"""


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("  zones: ['div[']", "is no CSS selector"),
        ("  zones: ['p:contains(\"a\")']", ":contains() is not safe here"),
        ("  drop: ['(']", "is not a regular expression"),
        ("  zone: [p]", "did you mean `zones`"),
        ("  source_lines: [{css: p, pattern: '来源(.*)'}]", "must name its groups"),
        ("  source_lines: [{css: p, pattern: '(?P<editor>.*)'}]", "must name its groups"),
        ("  reactions: [{css: p, pattern: '(?P<name>x)'}]", "must name the groups"),
        ("  comments: {item: li}", "`text` is missing"),
        ("  pages: {url: '/{id}/{n}'}", "belong together"),
        ("  pages: {link: a.next, url: '/{id}', count: {css: i}}", "it needs {n}"),
        ("  comments: {item: li, text: p, pages: {most: 3}}", "either `url`, with {n} in it, or `link`"),
        ("  comments: {item: li, text: p, pages: {link: 'a['}}", "is no CSS selector"),
        ("  title: [{css: h1, attribute: x}]", "unknown key `attribute`"),
        ("  state: {body: 'page['}", "is no JMESPath"),
        ("  state: {'a b': page}", "state"),
    ],
)
def test_a_wrong_rule_is_refused_with_its_place(tmp_path: Path, rules: str, complaint: str) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(SHEET + rules + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"river\.yaml:8:") as refused:
        read_sheet(path)
    assert complaint in str(refused.value)


def test_an_address_out_of_groups_that_no_pattern_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "river.yaml"
    path.write_text(SHEET + "  comments: {item: li, text: p, pages: {url: '/talk/{nid}?p={n}'}}\n", encoding="utf-8")
    with pytest.raises(
        ConfigError, match=r"river\.yaml:\d+:\d+: extract\.comments\.pages\.url: no pattern of `articles` names all of {nid}"
    ):
        read_sheet(path)


def test_a_mistake_that_is_taken_over_is_named_in_the_file_that_holds_it(tmp_path: Path) -> None:
    """Both ways: a wrong value of the other sheet, and a right one that this sheet's own articles make wrong."""
    (tmp_path / "river.yaml").write_text(SHEET + "  pages: {url: '/{id}_{n}', count: {css: i}}\nschedule: never\n", encoding="utf-8")
    own = tmp_path / "own" / "river.yaml"
    own.parent.mkdir()
    own.write_text("extends: river\nname: 海岬\nscedule: x\n", encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        read_sheet(own, base=tmp_path)
    assert f"{tmp_path / 'river.yaml'}:9:11: schedule: " in str(refused.value)
    assert f"{own}:3:1: unknown key `scedule`" in str(refused.value)
    own.write_text("extends: river\nschedule: every 90 s\narticles: [{pattern: '/(?P<nid>.+)', key: '{nid}'}]\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"names all of \{id\}") as refused:
        read_sheet(own, base=tmp_path)
    assert f"{tmp_path / 'river.yaml'}:8:16: extract.pages.url: " in str(refused.value)


@pytest.mark.parametrize("slug", sorted(path.stem for path in SHEETS.glob("*.yaml")))
def test_a_shipped_sheet_is_valid_and_says_what_an_article_is(slug: str) -> None:
    shipped = sheet(slug)
    assert shipped.slug == slug
    assert shipped.extract.article
    assert shipped.extract.zones


SAME = [
    (
        "storm_mg",
        "4869000",
        "https://www.storm.mg/article/4869000?mode=whole",
        ["https://www.storm.mg/article/4869000", "http://www.storm.mg/article/4869000/"],
    ),
    (
        "storm_mg",
        "4869000",
        "https://www.storm.mg/article/4869000?mode=whole",
        ["https://www.storm.mg/4869000?utm_source=rss", "https://storm.mg/new7/article/4869000"],
    ),
    ("storm_mg", "411305", "https://www.storm.mg/lifestyle/411305?mode=whole", ["https://www.storm.mg/lifestyle/411305?srcid=x#c"]),
    (
        "park6",
        "news:680000",
        "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=680000",
        [
            "https://www.6parknews.com/newspark/view.php?app=news&act=view&nid=680000",
            "https://www.6parknews.com/newspark/index.php?act=view&nid=680000",
            "http://news.6park.com/newspark/view.php?app=news&act=view&nid=680000&rand=1",
            "https://news.6parker.com/newspark/index.php?nid=680000&act=view",
            "https://www.toutiaoabc.com/index.php?act=view&nid=680000",
        ],
    ),
    (
        "park6",
        "local:680000",
        "https://local.6parknews.com/index.php?app=news&act=view&nid=680000",
        [
            "https://local.6parknews.com/index.php?app=news&act=view&nid=680000",
            "http://local.6park.com/index.php?app=news&act=view&nid=680000",
        ],
    ),
    (
        "dw_zh",
        "68117411",
        "https://www.dw.com/zh/石桥/a-68117411",
        ["https://www.dw.com/zh/石桥/a-68117411", "https://m.dw.com/zh/石桥/a-68117411?maca=x"],
    ),
    (
        "bbc_zh",
        "c0a1b2c3d4eo",
        "https://www.bbc.com/zhongwen/articles/c0a1b2c3d4eo/simp",
        [
            "https://www.bbc.com/zhongwen/articles/c0a1b2c3d4eo/trad",
            "https://www.bbc.com/zhongwen/articles/c0a1b2c3d4eo/simp?at_medium=RSS",
        ],
    ),
    (
        "bbc_zh",
        "chinese-news-52148354",
        "https://www.bbc.com/zhongwen/simp/chinese-news-52148354",
        ["https://www.bbc.com/zhongwen/trad/chinese-news-52148354", "http://www.bbc.co.uk/zhongwen/simp/chinese-news-52148354?x=1"],
    ),
]


@pytest.mark.parametrize(("slug", "key", "fetched", "urls"), SAME)
def test_every_address_of_an_article_has_one_identity(slug: str, key: str, fetched: str, urls: list[str]) -> None:
    assert {sheet(slug).identify(url) for url in urls} == {(key, fetched)}


@pytest.mark.parametrize(
    ("slug", "url"),
    [
        ("storm_mg", "https://www.storm.mg/category/117"),
        ("storm_mg", "https://www.storm.mg/authors/101052/x"),
        ("park6", "https://www.6parknews.com/newspark/index.php?act=newsreply&nid=680000"),
        ("park6", "https://www.6parknews.com/newspark/index.php?p=2"),
        ("park6", "https://www.cool18.com/index.php?act=view&nid=680000"),
        ("dw_zh", "https://www.dw.com/zh/在线报导/s-9058"),
        ("dw_zh", "https://www.dw.com/en/bridges/a-68117411"),
        ("bbc_zh", "https://www.bbc.com/zhongwen/topics/simp"),
        ("bbc_zh", "https://www.bbc.com/news/articles/c0a1b2c3d4eo"),
    ],
)
def test_an_address_of_something_else_is_no_article(slug: str, url: str) -> None:
    assert sheet(slug).identify(url) is None
