"""Queries that read and cannot be meant are refused with what to write instead; what may be meant is not."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.config import Settings
from pipelines.errors import QueryError
from pipelines.watch.aliases import TERRITORIES, AliasLists
from pipelines.watch.compiler import Compiler
from portalwatch.cli import app

LISTS = AliasLists({"leaders": {"putin": ("普京", "Putin")}})
TAKEN = (TERRITORIES, "leaders")


@pytest.mark.parametrize(
    ("query", "offset", "told"),
    [
        ("中共 EXCEPT (人民)", 11, "`人民` does not hold the term, so it takes nothing away"),
        ("中共 EXCEPT (其中共, 人民)", 16, "write NOT 人民"),
        ("乙 NOT (甲 OR 中共 EXCEPT (共有))", 23, "`共有` does not hold the term"),
        ("普京 EXCEPT (普丁大學 OR 人民)", 11, "none of these words holds the term"),
        ("trump* EXCEPT (clinton*)", 15, "write NOT clinton*"),
        ("刚果（布）", 0, 'reads as `刚果 AND 布`; quote the name: `"刚果(布)"`'),
        ("(甲 OR title:(剛果(金) 乙))", 13, 'quote the name: `"剛果(金)"`'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(query: str, offset: int, told: str) -> None:
    with pytest.raises(QueryError) as refused:
        Compiler(LISTS).asked(query, TAKEN)
    assert (refused.value.offset, told in refused.value.message) == (offset, True), refused.value


@pytest.mark.parametrize(
    "query",
    [
        "(中共 OR 人民) EXCEPT (其中共, 商人民宿)", "普丁 EXCEPT (普京大學)", "@putin EXCEPT (\"Putin University\")", "trump* EXCEPT (trumpet)",
        "Trumpet EXCEPT (trump*)", "刚果 (布)", '"刚果"(布)', '"刚果（布）"', "甲(乙)", "美國 EXCEPT (中美國防)", "=AI EXCEPT (AI芯片)", "中共 EXCEPT (人民 OR 其中共)",
    ],
)  # fmt: skip
def test_what_may_be_meant_is_taken(query: str) -> None:
    Compiler(AliasLists({"leaders": {"putin": ("普京", "普丁", "Putin")}})).asked(query, TAKEN)


def test_check_and_expand_answer_in_json(tmp_path: Path) -> None:
    path, run = tmp_path / "watchlist.yaml", CliRunner()
    good = "topics:\n  a: {query: '中共 EXCEPT (其中共)', channels: [d]}\nchannels:\n  d: {type: mail, to: [desk@example.org]}\n"
    path.write_text(good, encoding="utf-8")
    told = json.loads(run.invoke(app, ["topics", "check", str(path), "--json"]).stdout)
    assert (told["topics"], told["channels"], told["problems"], len(told["needs"])) == (1, 1, [], 1)
    path.write_text(good.replace("其中共", "人民"), encoding="utf-8")
    done = run.invoke(app, ["topics", "check", str(path), "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["version"], len(told["problems"])) == (1, None, 1)
    assert told["problems"][0].startswith(f"{path}:2:26: `人民` does not hold the term")
    lines = run.invoke(app, ["topics", "expand", "中共 EXCEPT (其中共) NOT 计划", "--json"]).stdout.splitlines()
    assert json.loads(lines[0]) == {"term": "中共", "forms": ["中共"], "not_inside": ["其中共"]}
    assert len(lines) == 2


def test_a_topic_is_expanded_by_its_name(configured: Callable[..., Settings], tmp_path: Path) -> None:
    text = "topics:\n  missiles: {query: 飛彈, aliases: [words], channels: [d]}\nchannels:\n  d: {type: mail, to: [desk@example.org]}\n"
    (tmp_path / "watchlist.yaml").write_text(text, encoding="utf-8")
    configured(config=tmp_path)
    told = CliRunner().invoke(app, ["topics", "expand", "missiles"]).stdout.splitlines()
    assert told[0] == "topic missiles asks for 飛彈"
    assert "导弹" in told[1]
    assert "missiles" in CliRunner().invoke(app, ["topics", "expand", '"missiles"']).stdout.splitlines()[0]
    (tmp_path / "watchlist.yaml").write_text("topics: [", encoding="utf-8")
    assert CliRunner().invoke(app, ["topics", "expand", "missiles"]).stdout.startswith("missiles: missiles")
