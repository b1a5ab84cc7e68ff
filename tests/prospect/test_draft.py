"""The draft's YAML, and the guesses in it: it reads back as meant, and a file is written whole or not at all."""

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import PortalwatchError
from pipelines.identity import Identity
from pipelines.sheet import Expect, Sheet
from pipelines.sources import Feed, Listing, Sitemap
from pipelines.yamlfile import Document
from spiders.prospect import guesses
from spiders.prospect.draft import Draft, scalar, write_new
from spiders.prospect.names import is_stable
from spiders.prospect.zones import Zones

WHOLE = Draft(
    slug="cape",
    name="海岬日報: 第一",
    origin="https://cape.example/",
    language="zh-Hant",
    timezone="Asia/Taipei",
    hosts=["cape.example"],
    discovery=[
        Sitemap(type="sitemap", url="https://cape.example/news.xml"),
        Feed(type="feed", url="https://cape.example/rss?a=1&b=[2]"),
        Listing(type="listing", url="https://cape.example/list", item="#news li", next="https://cape.example/list/{n}", pages=3),
    ],
    articles=[Identity(pattern=r"^https?://cape\.example/it's/(?P<id>\d+)", key="{id}", url="https://cape.example/{id}")],
    charset="big5",
    delay=10.0,
    gateway="http://127.0.0.1:8700",
    a_day=80,
    article=("#text", 'meta[property="og:type"]'),
    zones=Zones(zones=("#text",), remove=(".ad", "[data-x='y']")),
    suffixes=(r"\s*-海岬'日報",),
    published=('meta[name="date"]', "content"),
    notes={"timezone": "a guess", "https://cape.example/news.xml": "40 links"},
    more_feeds=["https://cape.example/rss/sports"],
    gaps=["no `zones`"],
)


def test_a_draft_reads_back_as_meant_and_is_readable() -> None:
    sheet = WHOLE.sheet()
    assert (sheet.name, sheet.hosts, sheet.pace.delay, sheet.expect, sheet.gateway) == (
        WHOLE.name, ["cape.example"], 10.0, Expect(articles_a_day=80), WHOLE.gateway,
    )  # fmt: skip
    assert sheet.discovery == list(WHOLE.discovery)
    assert sheet.articles == list(WHOLE.articles)
    assert (sheet.extract.zones, sheet.extract.remove, sheet.extract.title_suffixes) == (("#text",), WHOLE.zones.remove, WHOLE.suffixes)
    assert sheet.extract.published[0].attr == "content"
    for line in ("timezone: Asia/Taipei  # a guess", "# - no `zones`", '  # - {type: feed, url: "https://cape.example/rss/sports"}'):
        assert line in WHOLE.text.split("\n")
    assert 'url: "https://cape.example/news.xml"}  # 40 links' in WHOLE.text


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_scalar_that_reads_back_or_a_blank_for_what_is_no_text(text: str) -> None:
    for written in (f"a: {scalar(text, block=True)}", f"a: [{scalar(text)}]"):
        read = Document("t", written).data["a"]
        read = read[0] if isinstance(read, list) else read
        assert read == text or any(ord(letter) < 32 or 127 <= ord(letter) < 160 or ord(letter) > 8000 for letter in text)
        assert yaml.safe_load(written)
        assert "\n" not in written


def test_a_file_is_written_whole_never_over_another_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "portals" / "cape.yaml"
    write_new(path, "a: 1\n")
    with pytest.raises(PortalwatchError, match="is there already"):
        write_new(path, "a: 2\n")
    write_new(path, "a: 3\n", force=True)
    assert path.read_text(encoding="utf-8") == "a: 3\n"
    with pytest.raises(UnicodeEncodeError):
        write_new(path, "\ud800", force=True)
    assert [each.name for each in path.parent.iterdir()] == ["cape.yaml"]
    assert path.read_text(encoding="utf-8") == "a: 3\n"


@pytest.mark.parametrize(
    ("host", "slug"),
    [
        ("www.dw.com", "dw"), ("news.ltn.com.tw", "ltn"), ("rss.dw.com", "dw"), ("udn.com", "udn"), ("news.com.au", "news"), ("m.thepaper.cn", "thepaper"),
        ("6parknews.com", "portal_6parknews"), ("x.com", "x_portal"), ("xn--fiqs8s.cn", "xn_fiqs8s"), ("www.gov.cn", "gov"), ("localhost", "localhost"),
        ("a-b-c.example", "a_b_c"), ("127.0.0.1", "portal_0"),
    ],
)  # fmt: skip
def test_a_slug_comes_from_the_host(host: str, slug: str) -> None:
    assert guesses.slug(host) == slug


def test_a_slug_is_free() -> None:
    assert guesses.slug("www.dw.com", {"dw", "dw_2"}) == "dw_3"


@given(st.text())
def test_any_text_makes_a_slug_that_a_sheet_may_have(text: str) -> None:
    assert re.fullmatch(Sheet.model_fields["slug"].metadata[0].pattern, guesses.safe(text))


@pytest.mark.parametrize(
    ("host", "language", "declared", "offsets", "zone"),
    [
        ("udn.com.tw", "zh-Hant", [], [], "Asia/Taipei"),
        ("a.hk", "zh-Hant", [], [], "Asia/Hong_Kong"),
        ("a.com", "zh-Hant", ["zh-HK"], [], "Asia/Hong_Kong"),
        ("a.com", "zh-Hans", ["zh"], [9.0], "Etc/GMT-9"),
        ("a.com", "zh-Hans", ["zh"], [8.0], "Asia/Shanghai"),
        ("a.com", "zh-Hant", [], [0.0], "Asia/Taipei"),
        ("a.com", "ja", [], [], "Asia/Tokyo"),
        ("a.com", "en", [], [8.0, 9.0], "UTC"),
    ],
)
def test_a_time_zone_is_guessed_with_its_reason(host: str, language: str, declared: list[str], offsets: list[float], zone: str) -> None:
    guessed, why = guesses.timezone(host, language, declared, offsets)
    assert guessed == zone
    assert "guess" in why


@pytest.mark.parametrize(
    ("declared", "scripts", "language"),
    [
        (["zh-TW"], ["Hans", "Hans"], "zh-Hans"),
        (["zh"], ["Hant", "mixed"], "zh-Hant"),
        (["en_US"], ["", ""], "en-US"),
        ([], [], "und"),
        (["zh"], ["mixed"], "zh"),
    ],
)
def test_the_characters_know_the_language_better_than_an_attribute(declared: list[str], scripts: list[str], language: str) -> None:
    assert guesses.language(declared, scripts)[0] == language


def test_hosts_are_named_once_without_www_and_what_lies_below() -> None:
    urls = ["https://www.dw.com/a", "https://rss.dw.com/b", "http://feeds.bbci.co.uk/c", "https://DW.com/d"]
    assert guesses.hosts(urls) == ["dw.com", "feeds.bbci.co.uk"]


@pytest.mark.parametrize("name", ["content", "article-body", "newscontent_2", "CMS_wrapper", "d_list", "articleContent"])
def test_a_name_that_a_person_chose_is_stable(name: str) -> None:
    assert is_stable(name)


@pytest.mark.parametrize(
    "name",
    [
        "css-1x2y3z",
        "Card_title__3xYz1",
        "post-128733",
        "active",
        "col-md-8",
        "e1j2237y4",
        "sc-bdnxRM",
        "row",
        "mt-4",
        "text-LcrEruCc",
        "x" * 60,
    ],
)
def test_a_name_that_a_machine_chose_or_that_passes_is_not(name: str) -> None:
    assert not is_stable(name)
