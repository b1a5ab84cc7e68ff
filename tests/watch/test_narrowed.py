"""A topic's keys that say which publishers, languages and portals it reads at all."""

import pytest

from pipelines.errors import ConfigError
from pipelines.watch.clauses import clauses
from pipelines.watch.readable import Readable
from pipelines.watch.watchlist import Watchlist, compile_watchlist

TOPIC = "topics:\n  t: {{query: 北韓 OR 俄羅斯, {keys}}}\n"


def matches(keys: str, **article: object) -> bool:
    read = Watchlist.from_text(TOPIC.format(keys=keys), "w.yaml", "")
    return bool(compile_watchlist(read).match(Readable(title="朝鲜", text="", **article)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "article", "taken"),
    [
        ("publishers: [德国之声, BBC]", {"publisher": ("德國之聲",)}, True),
        ("publishers: [德国之声, BBC]", {"publisher": ("BBC中文网",)}, True),
        ("publishers: [德国之声]", {"publisher": ("新华社",)}, False),
        ("publishers: [德国之声]", {}, False),
        ("not_publishers: [新华社, 法新社]", {"publisher": ("法新社",)}, False),
        ("not_publishers: [新华社]", {"publisher": ("BBC中文网",)}, True),
        ("not_publishers: [新华社]", {}, True),
        ("not_portals: [park6]", {"portal": "park6"}, False),
        ("not_portals: [park6]", {"portal": "storm_mg"}, True),
        ("languages: [zh-Hant]", {"language": "zh-Hant"}, True),
        ("languages: [zh-Hant, en]", {"language": "zh-Hans"}, False),
        ("languages: [zh]", {"language": "zh-Hans"}, True),
        ("languages: [en]", {"language": "zh-mixed"}, False),
        ("portals: [dw_zh], publishers: [德国之声], languages: [zh]", {"portal": "dw_zh", "publisher": ("德国之声",), "language": "zh-Hans"}, True),
        ("portals: [dw_zh], publishers: [德国之声], languages: [zh]", {"portal": "park6", "publisher": ("德国之声",), "language": "zh-Hans"}, False),
    ],
)  # fmt: skip
def test_a_topic_reads_what_its_keys_say(keys: str, article: dict[str, object], taken: bool) -> None:
    assert matches(keys, **article) is taken


def test_a_sample_that_names_neither_is_of_a_publisher_and_language_that_the_topic_reads() -> None:
    samples = "publishers: [德国之声], languages: [zh-Hant], must_match: [北韓, {title: 北韓}], must_not_match: [{title: 北韓, publisher: [新华社]}]"
    assert Watchlist.from_text(TOPIC.format(keys=samples), "w.yaml", "").topics["t"].publishers == ("德国之声",)


def test_a_mistake_in_the_query_is_told_at_its_own_place() -> None:
    with pytest.raises(ConfigError, match=r"w\.yaml:2:20: the query ends where"):
        Watchlist.from_text("topics:\n  t: {query: 北韓 AND, publishers: [德国之声]}\n", "w.yaml", "")


def test_what_is_no_language_or_would_end_its_quotation_is_refused() -> None:
    for keys in ("languages: [Chinese]", "publishers: ['a\"b']", "publishers: ['']"):
        with pytest.raises(ConfigError, match=r"w\.yaml:2:"):
            Watchlist.from_text(TOPIC.format(keys=keys), "w.yaml", "")


def test_why_names_the_publisher_as_a_clause_that_failed() -> None:
    read = Watchlist.from_text(TOPIC.format(keys="publishers: [德国之声], not_portals: [park6]"), "w.yaml", "")
    judged = clauses(read.topics["t"].asked, (), read.aliases, Readable(title="北韓", text="", portal="park6"))
    assert [clause.holds for clause in judged] == [True, False, False]
    assert "德国之声" in judged[1].written
    assert "park6" in judged[2].written
