"""The watchlist file: what it takes, what it refuses and where, its version, its recipients, and its way back from stored text."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import pytest
from pydantic import ValidationError

from pipelines.errors import ConfigError
from pipelines.watch.file import WatchlistFile
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import SHIPPED_ALIASES, Watchlist, compile_watchlist, load_watchlist

ALIASES = """\
leaders:
  putin: [普京, 普丁, 蒲亭, Putin]
  kim: [金正恩, Kim Jong Un]
"""
GOOD = """\
topics:
  dprk-russia:
    title: 俄朝往來
    query: (北韓 OR 金正恩) AND (俄羅斯 OR 普京) NOT 足球
    aliases: [territories, leaders]
    portals: [storm_mg, park6]
    channels: [desk, crm]
    must_match: [北韓領導人訪問俄羅斯]
    must_not_match: [朝鲜足球队客场挑战俄罗斯]
channels:
  desk: {type: mail, to: [desk@example.org, night@example.org]}
  crm: {type: webhook, url: "https://crm.example.org/hook", secret_env: CRM_HOOK_SECRET}
"""


def problems(text: str, aliases: str = ALIASES) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Watchlist.from_text(text, "w.yaml", aliases)
    return caught.value.problems


def test_the_designs_example_reads_and_matches() -> None:
    watchlist = Watchlist.from_text(GOOD, "w.yaml", ALIASES)
    topic = watchlist.topics["dprk-russia"]
    assert (topic.title, topic.aliases, topic.portals) == ("俄朝往來", ("territories", "leaders"), ("storm_mg", "park6"))
    assert watchlist.recipients(topic) == (("desk", "desk@example.org"), ("desk", "night@example.org"), ("crm", "crm"))
    matches = compile_watchlist(watchlist).match(Readable(title="普丁", text="會見Kim Jong Un", portal="park6"))
    assert [(hit.term, hit.as_written, hit.field) for hit in matches[0].hits] == [
        ("普京", "普丁", "title"),
        ("金正恩", "Kim Jong Un", "text"),
    ]


def test_what_is_left_out_has_its_default() -> None:
    topic = Watchlist.from_text("topics: {x: {query: 北韓}}").topics["x"]
    assert (topic.title, topic.aliases, topic.portals, topic.channels) == ("x", ("territories",), (), ())
    assert (topic.revisions, topic.priority, topic.tags, topic.owner, topic.expires) == ("material", "normal", (), None, None)
    assert topic.is_active(date.max)


def test_the_optional_keys_read() -> None:
    text = "topics: {x: {query: 北韓, aliases: [], revisions: never, priority: high, tags: [a], owner: me, expires: 2030-12-31}}"
    topic = Watchlist.from_text(text).topics["x"]
    assert (topic.aliases, topic.revisions, topic.priority, topic.tags, topic.owner) == ((), "never", "high", ("a",), "me")
    assert topic.is_active(date(2030, 12, 31))
    assert not topic.is_active(date(2031, 1, 1))


@pytest.mark.parametrize(
    ("change", "to", "problem"),
    [
        ("足球\n", "足球)\n", "w.yaml:4:46: `)` closes no bracket"),
        ("query: (", "query: (@leadrs ", "w.yaml:4:13: no alias group or list is called `leadrs`; did you mean `leaders`?"),
        ("title:", "titel:", "w.yaml:3:5: unknown key `titel`; did you mean `title`?"),
        ("[desk, crm]", "[desk, crn]", "w.yaml:7:22: no channel is called `crn`; did you mean `crm`?"),
        ("[desk, crm]", "[night]", "w.yaml:7:16: no channel is called `night`; write it under `channels:`"),
        (
            "query: (",
            "query: @leaders AND (",
            "w.yaml:4:12: not valid YAML: found character that cannot start any token; put the query in '…'",
        ),
        ("query: (", "query: '北韓' AND (", "w.yaml:4:"),
        (
            "type: webhook",
            "type: webhok",
            "w.yaml:12:15: `webhok` is no type of channel: mail, webhook, chat, own; did you mean `webhook`?",
        ),
        ("type: webhook, ", "", "w.yaml:12:3: `type` is missing"),
        ("leaders]", "leader]", "w.yaml:5:28: no alias list is called `leader`; did you mean `leaders`?"),
        ("[北韓領導人", "[韓領導人", "w.yaml:8:18: must_match: the query of `dprk-russia` does not match"),
        ("[朝鲜足球", "[朝鲜籃球", "w.yaml:9:22: must_not_match: the query of `dprk-russia` matches by 朝鲜, 俄罗斯"),
        ("query: (", "query: [", "w.yaml:5:12: not valid YAML"),
        ("channels:\n", "channels:\n  desk: {type: mail, to: [a@b.org]}\n", "w.yaml:12:3: `desk` stands twice; the first at w.yaml:11:3"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(change: str, to: str, problem: str) -> None:
    found = problems(GOOD.replace(change, to, 1))
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("'don''t OR @putni'", "3:23"),
        (r'"\u5317\u97d3 \"a\" OR @putni"', "3:35"),
        ('"😀𠮷 \\\n      A @putni"', "4:9"),
        ("北韓 AND\n\n      (A OR @putni)", "5:13"),
        (">-\n      北韓\n      OR @putni\n", "5:10"),
        ("|2  # 北韓\r\n      北韓 OR\r\n        @putni", "5:9"),
        ("|\n      北韓 (A\n", "4:12"),
        ("北韓 (A  # open", "3:17"),
        ("&q !!str '北韓 OR @putni'", "3:28"),
    ],
)
def test_a_complaint_points_at_the_character_however_the_query_is_written(query: str, place: str) -> None:
    for mark in ("", "\ufeff"):
        text = f"{mark}topics:\n  x:\n    query: {query}\n    title: 甲\n"
        assert problems(text)[0].startswith(f"w.yaml:{place}: ")


@pytest.mark.parametrize(
    ("change", "to", "said"),
    [
        ("desk@example", "deskexample", "is no mail address"),
        ("desk@example.org, night@example.org", "desk@exa mple.org", "is no mail address"),
        ("desk@example.org, night@example.org", "", "at least 1"),
        ("https://crm.example.org/hook", "ftp://crm.example.org", "no address for a webhook"),
        ("https://crm.example.org/hook", "https://", "no address for a webhook"),
        ("https://crm.example.org/hook", "https://x:99999/", "no address for a webhook"),
        ("secret_env", "secrt_env", "did you mean `secret_env`"),
        ("secret_env: CRM_HOOK_SECRET", "secret_env: X, headers: {'a b': c}", "no header"),
        ("type: mail", "type: mial", "mail"),
        ("topics:", "topcs:", "did you mean `topics`"),
        ("storm_mg", "storm mg", "is no slug"),
        ("title: 俄朝往來", "expires: soon", "date"),
        ("title: 俄朝往來", "revisions: sometimes", "never"),
    ],
)
def test_a_wrong_value_is_refused_and_explained(change: str, to: str, said: str) -> None:
    assert said in "\n".join(problems(GOOD.replace(change, to, 1)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("topics:\n  t:\n    query: title: 北韓\n", "w.yaml:3:17: not valid YAML: mapping values are not allowed in this context; put a value with a colon"),
        ('topics:\n  t:\n    query: "北韓\n', "w.yaml:3:12: not valid YAML: the quotation mark is not closed; a query that begins with one goes whole"),
        ("topics:\n\tt: {query: 北韓}\n", "w.yaml:2:1: not valid YAML: found character that cannot start any token: a tab; indent with spaces"),
        ("topics:\n  t:\n    query: 北韓\n   title: 甲\n", "w.yaml:4:4: not valid YAML: did not find expected key; is this line indented"),
        ("topics: {t: {query: 2 OF (甲, 乙)}}", "w.yaml:1:30: unknown key `乙)`; inside {…} a comma parts keys"),
        ("topics: {t: {query: 北韓, titel}}", "w.yaml:1:25: unknown key `titel`; did you mean `title`?"),
        ("topics:\n  T 1:\n    query: 北韓\n", "w.yaml:2:3: topics.T 1: `T 1` is no slug"),
        ("topics: {t: 北韓}", "w.yaml:1:13: topics.t: a single value where a mapping such as {key: value} is expected"),
        ("topics:\n  t:\n", "w.yaml:2:5: topics.t: nothing where a mapping such as {key: value} is expected"),
        ("topics:\n  - query: 北韓\n", "w.yaml:2:3: topics: a list where a mapping such as {key: value} is expected"),
        ("topics: {t: {query: }}", "w.yaml:1:21: topics.t.query: nothing where a text is expected"),
        ("topics: {t: {query: 北韓, tags: {a: b}}}", "w.yaml:1:31: topics.t.tags: a mapping where a list is expected"),
        ("topics: {t: {query: 北韓, must_match: 朝鲜}}", "w.yaml:1:37: topics.t.must_match: `朝鲜` is no list: write [朝鲜]"),
        ("topics: {t: {query: 北韓, languages: [chinese]}}", "w.yaml:1:37: topics.t.languages.0: `chinese` is no language: write zh,"),
        ("topics: {t: {query: 北韓, languages: [cn]}}", "w.yaml:1:37: topics.t.languages.0: `cn` is no language that an article is in; did you mean zh-Hans?"),
        ("topics: {t: {query: 北韓, publishers: ['a\"b']}}", "w.yaml:1:38: topics.t.publishers.0: `a\"b` is no publisher's name"),
        ("topics: {t: {query: 北韓, expires: 2027-02-30}}", "w.yaml:1:34: topics.t.expires: `2027-02-30` is no date: write one such as"),
        ("topics: {t: {query: 北韓, storm: 20}}", "w.yaml:1:32: topics.t.storm: `20` is no cap: write one such as `20 per hour`"),
        ("topics: {t: {query: 北韓, quiet: 23}}", "w.yaml:1:32: topics.t.quiet: `23` is no span of hours: write one such as"),
        ("topics: {t: {query: 北韓, digest: 8}}", "w.yaml:1:33: topics.t.digest: `8` names no moments: write five cron fields"),
    ],
)  # fmt: skip
def test_a_value_of_another_shape_is_refused_at_its_place_with_what_to_write(text: str, problem: str) -> None:
    assert problems(text)[0].startswith(problem)


@pytest.mark.parametrize("name", ["crm", "mail", "url", "to"])
@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("{type: chat, url: 'tgram://x'}", "unknown key `url`; did you mean `url_env`?"),
        ("{type: webhook, url: 'https://crm.example.org', secret: S}", "unknown key `secret`; did you mean `secret_env`?"),
        ("{type: mail, to: [a@example.org], url: x}", "unknown key `url`"),
        ("{type: mail, to: [a@example.org], must: x}", "unknown key `must`"),
    ],
)
def test_a_key_is_compared_with_those_that_may_stand_there(name: str, channel: str, said: str) -> None:
    told = problems(f"topics: {{t: {{query: 北韓}}}}\nchannels: {{{name}: {channel}}}")
    assert [each.partition(": ")[2] for each in told if "unknown key" in each] == [said]


def test_what_may_be_a_secret_is_not_repeated() -> None:
    channel = "{type: webhook, url: 'https://crm.example.org', secret_env: %s, headers: %s}"
    for secret_env, headers in (("pl4nted!", "{}"), ("S", "pl4nted")):
        told = problems(f"topics: {{t: {{query: 北韓}}}}\nchannels: {{crm: {channel % (secret_env, headers)}}}")
        assert len(told) == 1
        assert "pl4nted" not in told[0]


def test_every_problem_is_told_at_once() -> None:
    text = "topics: {a: {query: (x}, b: {query: y, channels: [none]}, c: {query: NOT z}}"
    columns = [text.index("}") + 1, text.index("none") + 1, text.index("NOT") + 1]
    assert [problem.split(": ")[0] for problem in problems(text)] == [f"w.yaml:1:{column}" for column in columns]


@pytest.mark.parametrize(
    ("aliases", "problem"),
    [
        ("leaders:\n  putin: [普京, '']\n", "aliases.yaml:2:15: `` is an empty term"),
        ("leaders:\n  putin: ['=普京']\n", "aliases.yaml:2:11: `=普京` is read as plain text"),
        ("leaders:\n  putin: []\n", "aliases.yaml:2:3: `putin` has no terms"),
        ("leaders:\n  pu tin: [a]\n", "aliases.yaml:2:3: `pu tin` is no name"),
        ("territories: {a: [b]}\n", "aliases.yaml:1:1: `territories` is built in"),
        ("leaders:\n  putin: 普京\n", "aliases.yaml:2:10: leaders.putin"),
        ("leaders: [a]\n", "aliases.yaml:1:10: leaders"),
        ("leaders:\n  putin: [a\n", "aliases.yaml:3:1: not valid YAML"),
    ],
)
def test_a_wrong_alias_file_is_refused_with_its_place(aliases: str, problem: str) -> None:
    assert problems("topics: {x: {query: y}}", aliases)[0].startswith(problem)


def test_samples_can_be_whole_articles() -> None:
    sample = "must_match: [{title: 甲, text: 俄國, author: 王}], must_not_match: [{title: 俄國, author: 李}]"
    text = "topics: {x: {query: 'body:俄國 author:王', aliases: [], %s}}"
    assert Watchlist.from_text(text % sample).topics["x"].must_match
    assert "does not match" in problems(text % sample.replace("author: 王", "author: 李"))[0]


def test_the_version_moves_with_either_text_and_the_source_restores_it() -> None:
    watchlist = Watchlist.from_text(GOOD, "w.yaml", ALIASES)
    restored = Watchlist.from_text(watchlist.source[0], "stored", watchlist.source[1])
    assert restored.version == watchlist.version
    assert len(watchlist.version) == 16
    versions = {
        watchlist.version,
        Watchlist.from_text(GOOD + "#", "w", ALIASES).version,
        Watchlist.from_text(GOOD, "w", ALIASES + "#").version,
    }
    assert len(versions) == 3


def test_aliases_are_looked_for_beside_the_file_and_else_the_shipped_ones_serve(tmp_path: Path) -> None:
    path = tmp_path / "watchlist.yaml"
    path.write_text("topics: {x: {query: '@trump'}}", encoding="utf-8")
    assert load_watchlist(path).source[1] == SHIPPED_ALIASES.read_text(encoding="utf-8")
    (tmp_path / "aliases.yaml").write_text("own: {trump: [川普]}", encoding="utf-8")
    assert load_watchlist(path).source[1] == "own: {trump: [川普]}"
    other = tmp_path / "other.yaml"
    other.write_text("own: {biden: [拜登]}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"watchlist.yaml:1:21: no alias group or list is called `trump`"):
        load_watchlist(path, other)


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_watchlist(tmp_path / "none.yaml")
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"topics: \xff")
    with pytest.raises(ConfigError, match=r"latin.yaml:1:9: not UTF-8 at byte 8"):
        load_watchlist(path)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("topics:\r\n  北: '韓\0'", "w.yaml:2:8: not valid YAML: control characters are not allowed"),
        ("topics: " + "{a: " * 3000 + "x" + "}" * 3000, "w.yaml:1:405: not valid YAML: nested too deeply"),
        ("topics: " + "[" * 100_000, "w.yaml:1:108: not valid YAML: nested too deeply"),
        ("- " * 100_000, "w.yaml:1:201: not valid YAML: nested too deeply"),
        (
            "a: &a {x: 1}\n"
            + "".join(f"{own}: &{own} {{<<: [{', '.join(9 * [f'*{other}'])}]}}\n" for other, own in pairwise("abcdefghijkl")),
            "w.yaml:6:4: not valid YAML: `<<` takes over more than 10000 keys",
        ),
    ],
    ids=["a control character", "deep", "lists without end", "deeper than a stack", "merges of merges"],
)
def test_a_file_that_no_parser_should_be_given_is_refused_with_its_place(text: str, problem: str) -> None:
    assert problems(text) == [problem]


def test_the_shipped_files_hold_together() -> None:
    watchlist = load_watchlist(SHIPPED_ALIASES.with_name("watchlist.yaml"))
    assert len(watchlist.aliases.lists["leaders"]) >= 60
    assert all(topic.must_match and watchlist.recipients(topic) for topic in watchlist.topics.values())


def test_no_shipped_leader_is_two() -> None:
    leaders = load_watchlist(SHIPPED_ALIASES.with_name("watchlist.yaml")).aliases.lists["leaders"]
    terms = [term for group in leaders.values() for term in group]
    assert len(terms) == len(set(terms))


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("htps://crm.example.org/pl4nted", "`htps://crm.example.org/…` is no address"),
        ("https://crm.example.org:99999/hook/pl4nted", "`https://crm.example.org:99999/…` is no address"),
        ("https://me:pl4nted@crm.example.org:x/", "`…` is no address"),
        ("https://me:1/pl4nted@crm.example.org x", "`…` is no address"),
        ("pl4nted", "`…` is no address"),
        ("https://me:pl4nted@crm.example.org/hook", "the address for crm.example.org holds a user or password"),
    ],
)
def test_an_impossible_webhook_is_told_without_what_may_be_its_secret(address: str, shown: str) -> None:
    channel = {"type": "webhook", "url": address, "secret_env": "S"}
    with pytest.raises(ValidationError) as refused:
        WatchlistFile.model_validate({"topics": {}, "channels": {"crm": channel}})
    told = refused.value.errors()[0]["msg"]
    assert shown in told
    assert "pl4nted" not in told


def test_thousands_of_topics_with_one_mistake_are_refused_in_time() -> None:
    began = perf_counter()
    told = problems("topics:\n" + "".join(f"  t{number}: {{title: 甲}}\n" for number in range(10_000)))
    assert told[-1] == "w.yaml:10001:3: `query` is missing"
    assert perf_counter() - began < 5
