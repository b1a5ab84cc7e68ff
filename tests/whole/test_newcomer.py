"""What a newcomer meets: lists, and mistakes that are told so that the next try is right."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from pipelines.config import Settings
from pipelines.errors import PortalwatchError, WrongUseError
from pipelines.store.database import open_store, writing
from pipelines.store.tables import Run
from pipelines.watch.query import parse
from portalwatch import show
from spiders.job import now
from tests.whole.test_verdicts import TEXTS, run, watchlist

__all__ = ["watchlist"]


def titles(*options: str) -> list[str]:
    return [json.loads(line)["title"] for line in run("articles", "list", "--json", *options).stdout.splitlines()]


@pytest.mark.usefixtures("watchlist")
def test_articles_are_listed_newest_first_by_portal_time_and_topic() -> None:
    newest_first = list(reversed(TEXTS))
    assert titles() == newest_first
    assert titles("--limit", "1") == newest_first[:1]
    assert titles("--portal", "dw_zh", "--since", f"{now():%Y-%m-%d}") == newest_first
    assert titles("--portal", "cna") == titles("--since", "2100-01-01") == titles("--topic", "none") == []
    assert titles("--topic", "ferry") == newest_first
    line = run("articles", "list", "--topic", "ferry", "--limit", "1").stdout.splitlines()[1]
    assert "ferry" in line.split("\t")[4]
    assert isinstance(wrong := run("articles", "list", "--portal", "dw_zn").exception, WrongUseError)
    assert "did you mean `dw_zh`" in str(wrong)


@pytest.mark.usefixtures("watchlist")
def test_a_running_crawl_is_told_as_running() -> None:
    def went() -> str:
        return next(line.split("\t")[5] for line in run("portals", "list").stdout.splitlines() if line.startswith("dw_zh\t"))

    assert went() == "not run yet"
    with writing(open_store(Settings())) as session:
        session.add(Run(portal="dw_zh", started_at=now(), learning=False))
    assert went() == "running"
    with writing(open_store(Settings())) as session:
        session.add(Run(portal="dw_zh", started_at=now(), finished_at=now(), learning=False, succeeded=False))
    assert went() == "FAILED"


@pytest.mark.usefixtures("watchlist")
def test_a_dry_run_that_finds_no_commenter_is_no_success() -> None:
    assert isinstance(wrong := run("forget", "nobody", "--dry-run").exception, PortalwatchError)
    assert "no comment of `nobody` is kept" in str(wrong)


def test_a_watchlist_that_is_not_there_is_told_by_its_name(watchlist: Path) -> None:
    assert isinstance(wrong := run("topics", "check", "nofile.yaml").exception, WrongUseError)
    assert str(wrong) == f"nofile.yaml: no such file; the configuration's is {watchlist}"


@pytest.mark.usefixtures("watchlist")
def test_redis_tells_sizes_for_people_and_bytes_for_machines(configured: Callable[..., Settings], valkey: str) -> None:
    configured(redis_url=valkey)
    told = json.loads(run("redis", "info", "--json").stdout)
    said = dict(line.split("\t") for line in run("redis", "info").stdout.splitlines() if line.count("\t") == 1)
    assert said["used"] == show.size(told["used"])
    assert "trouble" not in said


@pytest.mark.usefixtures("watchlist")
def test_a_redis_that_is_away_is_told_with_what_to_do() -> None:
    assert str(run("redis", "info").exception).startswith("there are no figures: Redis does not answer; `portalwatch up` starts")


@pytest.mark.parametrize(
    ("number", "said", "size"),
    [(0, "0 topics", "0.0 kB"), (1, "1 topic", "0.0 kB"), (2500, "2,500 topics", "2.5 kB"), (10**8, "100,000,000 topics", "100.0 MB")],
)
def test_one_is_singular_and_bytes_have_a_unit(number: int, said: str, size: str) -> None:
    assert (show.counted(number, "topic"), show.size(number)) == (said, size)


def test_the_queries_of_the_topics_page_are_good_yaml_and_good_queries() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "topics.md").read_text(encoding="utf-8")
    block = page.partition("**In YAML**")[2].partition("```yaml\n")[2].partition("```")[0]
    queries = [yaml.safe_load(line)["query"] for line in block.splitlines()]
    assert len(queries) == 4
    for query in queries:
        parse(query)
