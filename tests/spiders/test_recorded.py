"""Pages that an operator keeps: recorded without names, replayed without the network, told where they read otherwise."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.errors import ConfigError, PortalwatchError
from pipelines.models import Page
from pipelines.yamlfile import Document, validated
from spiders.prospect.reader import Reader
from spiders.recorded import Difference, Recorded, folder, name_of, record, replay
from tests.extract.shared import PAGES, ROOT, sheet

PARK6 = sheet("park6")
URL = json.loads((PAGES / "park6_newscontent.json").read_text(encoding="utf-8"))["url"]
PAGE = Page(url=URL, body=(PAGES / "park6_newscontent.html").read_bytes(), content_type="text/html")


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader() as made:
        yield made


def recorded(config: Path, reader: Reader, **options: bool) -> Path:
    return record(folder(config, "park6"), "a", PAGE, reader.read(PAGE, PARK6), **options)


def differences(config: Path, reader: Reader) -> list[Difference]:
    return [each for _, found in replay(PARK6, config, reader) for each in found]


def test_what_was_recorded_reads_as_recorded(tmp_path: Path, reader: Reader) -> None:
    file = recorded(tmp_path, reader)
    assert [(name, list(found)) for name, found in replay(PARK6, tmp_path, reader)] == [("a", [])]
    kept = json.loads(file.read_text(encoding="utf-8"))
    assert kept["expect"]["outcome"] == "article"
    assert len(kept["expect"]["text"]) > 1
    assert gzip.decompress(file.with_suffix(".html.gz").read_bytes()) == PAGE.body


def test_commenters_names_are_recorded_only_where_they_are_asked_for(tmp_path: Path, reader: Reader) -> None:
    assert "comments" not in json.loads(recorded(tmp_path, reader).read_text(encoding="utf-8"))["expect"]
    named = json.loads(recorded(tmp_path, reader, comments=True, force=True).read_text(encoding="utf-8"))
    assert named["expect"]["comments"][0]["author"]
    assert differences(tmp_path, reader) == []


def test_only_what_stands_in_the_file_is_compared_and_the_place_is_shown(tmp_path: Path, reader: Reader) -> None:
    file = recorded(tmp_path, reader)
    kept = json.loads(file.read_text(encoding="utf-8"))
    whole = kept["expect"]["text"]
    kept["expect"] = {
        "title": "應有的標題",
        "publisher": kept["expect"]["publisher"],
        "text": [whole[0], whole[1][:-3] + "不同。", *whole[2:]],
    }
    file.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    told = [str(each) for each in differences(tmp_path, reader)]
    assert len(told) == 2
    assert told[0].startswith(f"{file}: title: expected '應有的標題', read '")
    assert f"{file}: text: {len(whole)} expected, {len(whole)} read; number 2: expected" in told[1]
    assert "不同。" in told[1]


def test_a_missing_paragraph_is_told(tmp_path: Path, reader: Reader) -> None:
    file = recorded(tmp_path, reader)
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["expect"]["text"].append("讀不到的一段")
    file.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
    assert "expected '讀不到的一段', read None" in str(differences(tmp_path, reader)[0])


def test_a_page_is_kept_anew_only_where_that_is_asked_for(tmp_path: Path, reader: Reader) -> None:
    recorded(tmp_path, reader)
    with pytest.raises(PortalwatchError, match="is there already"):
        recorded(tmp_path, reader)


def test_a_page_with_letters_that_no_file_takes_is_recorded_all_the_same(tmp_path: Path, reader: Reader) -> None:
    odd = '渡輪\x85\x9f\u2028復航\ufeff「"\\\t/」' + "夜間航班恢復。" * 30
    page = Page(url=URL, body=f"<html><head><title>{odd}</title></head><body><h1>{odd}</h1><div id=shownewsc>{odd}</div></body>".encode())
    reading = reader.read(page, PARK6)
    assert reading.article
    record(folder(tmp_path, "park6"), "odd", page, reading)
    assert differences(tmp_path, reader) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"url": "u",\n "expect": {"titel": "x"}}', r"a\.json:2:13: unknown key `titel`; did you mean `title`\?"),
        ('{"expect": {}}', "`url` is missing"),
        ('{"url": "u", "expect": {"text": "a"}}', r"a\.json:1:33: expect\.text"),
        ("{", "not valid YAML"),
    ],
)
def test_a_file_that_is_none_is_told_with_its_place(tmp_path: Path, reader: Reader, text: str, says: str) -> None:
    folder(tmp_path, "park6").mkdir(parents=True)
    (folder(tmp_path, "park6") / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        differences(tmp_path, reader)


def test_a_page_that_is_gone_is_told(tmp_path: Path, reader: Reader) -> None:
    recorded(tmp_path, reader).with_suffix(".html.gz").unlink()
    with pytest.raises(PortalwatchError, match=r"a\.html\.gz: cannot be read"):
        differences(tmp_path, reader)


def test_a_page_is_called_by_its_key(tmp_path: Path) -> None:
    assert name_of(PARK6, "https://local.6parknews.com/index.php?app=news&act=view&nid=702488") == "local_702488"
    assert name_of(sheet("dw_zh"), "https://www.dw.com/zh/a/a-79200001") == "79200001"


def test_the_documented_file_is_one() -> None:
    text = re.search(r"```json\n(.*?)```", (ROOT / "docs" / "portals.md").read_text(encoding="utf-8"), re.S)
    assert text
    assert validated(Recorded, Document("docs/portals.md", text[1])).expect.text == ["第一段。", "第二段。"]
