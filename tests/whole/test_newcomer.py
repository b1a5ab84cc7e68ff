"""What a newcomer meets: lists, and mistakes that are told so that the next try is right."""

import json
import re
import socket
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
    assert said["budget"] == show.size(told["budget"])
    number, unit = said["used"].split(" ")  # other tests fill and empty the same server between the two
    assert abs(float(number) * {"kB": 10**3, "MB": 10**6}[unit] - told["used"]) < told["used"] / 2
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


def test_the_first_hour_writes_into_no_file_of_the_clone_and_names_no_number_that_may_not_be_there(
    configured: Callable[..., Settings], tmp_path: Path
) -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "docs" / "first-hour.md").read_text(encoding="utf-8")
    shell = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.S))
    assert not re.search(r"config/watchlist\.yaml|stories show \d", page)
    folder = next(line.partition("=")[2] for line in shell.splitlines() if line.startswith("PORTALWATCH_CONFIG="))
    assert f"/{folder}/" in (root / ".gitignore").read_text(encoding="utf-8").splitlines()
    configured(config=tmp_path / folder, home=tmp_path)
    assert "portalwatch topics init " in shell
    assert run("topics", "init").exit_code == 0
    written = tmp_path / folder / "watchlist.yaml"
    assert f"`{folder}/watchlist.yaml`" in page
    assert "desk: {type: mail, to: [desk@example.org]}" in written.read_text(encoding="utf-8")
    assert "`desk@example.org`" in page
    assert run("topics", "check").exit_code == 0


def test_what_is_named_and_not_there_is_wrong_use(configured: Callable[..., Settings], tmp_path: Path) -> None:
    for command in (
        ("portals", "import", "nosuch.opml"),
        ("portals", "check", "nosuch.yaml"),
        ("topics", "lint", "nosuch.yaml"),
        ("explain", "--watchlist", "nosuch.yaml"),
    ):
        assert isinstance(wrong := run(*command).exception, WrongUseError), command
        assert "nosuch." in str(wrong)
    configured(portals="storm_mgg", home=tmp_path)
    assert isinstance(wrong := run("portals", "check").exception, WrongUseError)
    assert "did you mean `storm_mg`" in str(wrong)


def test_an_unusable_database_is_told_with_an_example_and_without_its_password(configured: Callable[..., Settings], tmp_path: Path) -> None:
    for address in ("nonsense", "oops://me:hunter2@host/x"):
        configured(database_url=address, home=tmp_path)
        assert isinstance(wrong := run("articles", "list").exception, WrongUseError)
        assert "write one such as postgresql://user:password@host" in str(wrong)
        assert "hunter2" not in str(wrong)


@pytest.mark.usefixtures("watchlist")
def test_alerts_of_an_unknown_topic_are_wrong_use() -> None:
    assert isinstance(wrong := run("alerts", "list", "--topic", "fery").exception, WrongUseError)
    assert "did you mean `ferry`?" in str(wrong)
    assert run("alerts", "list", "--topic", "ferry").exit_code == 0


@pytest.mark.usefixtures("watchlist")
def test_a_feed_without_a_public_address_is_where_serve_answers(configured: Callable[..., Settings]) -> None:
    done = run("alerts", "feed", "ferry", "--url")
    assert done.stdout.startswith("http://127.0.0.1:8780/feeds/ferry.atom?token=")
    assert "PORTALWATCH_PUBLIC_URL" in done.stderr
    configured(public_url="https://news.example.org/")
    done = run("alerts", "feed", "ferry", "--url")
    assert (done.stdout.partition("feeds")[0], done.stderr) == ("https://news.example.org/", "")


@pytest.mark.usefixtures("watchlist")
def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        wrong = run("serve", "--port", str(port)).exception
    assert str(wrong) == f"port {port} is taken: stop what listens there or use --port"


@pytest.mark.usefixtures("watchlist")
def test_nobodys_verdict_is_no_share() -> None:
    def relevant() -> str:
        return next(line.split("\t")[4] for line in run("topics", "list").stdout.splitlines() if line.startswith("ferry\t"))

    assert relevant() == ""
    assert run("alerts", "relevant", "1").exit_code == 0
    assert relevant() == "100% of 4"


@pytest.mark.usefixtures("watchlist")
def test_why_tells_the_answer_first_and_the_hosts_that_are_watched(configured: Callable[..., Settings]) -> None:
    configured(portals="dw_zh")
    first = run("why", "https://nobody.example/x").stdout.splitlines()
    assert first[0].split("\t")[:3] == ["✗", "answer", "no portal is watched under this host"]
    assert "dw.com" in first[1]
    assert "storm.mg" not in first[1]


def test_trying_a_new_sheet_points_to_its_check(configured: Callable[..., Settings], tmp_path: Path) -> None:
    configured(home=tmp_path)
    (tmp_path / "cape.yaml").write_text("name: x", encoding="utf-8")
    done = run("portals", "try", str(tmp_path / "cape.yaml"))
    assert done.exit_code == 2
    assert "no sheet in force" in done.output


def test_topics_check_tells_places_and_what_channels_need(watchlist: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTALWATCH_SMTP_HOST", raising=False)
    done = run("topics", "check", str(watchlist))
    assert (done.exit_code, "PORTALWATCH_SMTP_HOST" in done.stderr) == (0, True)
    text = "topics: {a: {query: x, portals: [storm_mgg], channels: [hook]}}\nchannels: {hook: {type: chat, url_env: NO_SUCH}}"
    watchlist.write_text(text, encoding="utf-8")
    wrong = str(run("topics", "check").exception)
    assert wrong.startswith(f"{watchlist}:1:34: topic `a`: no portal is called `storm_mgg`; did you mean `storm_mg`?")
    asked = text.replace("query: x, portals: [storm_mgg]", "query: '稀土 portal:(dw_zh OR storm_mgg)'")
    watchlist.write_text(asked, encoding="utf-8")
    wrong = str(run("topics", "check").exception)
    column = asked.index("storm_mgg") + 1
    assert wrong.startswith(f"{watchlist}:1:{column}: topic `a`: no portal is called `storm_mgg`; did you mean `storm_mg`?")
    watchlist.write_text(text.replace("mgg", "mg"), encoding="utf-8")
    assert "channel `hook` needs the environment variable NO_SUCH" in run("topics", "check").stderr
