"""When somebody hears, as the watchlist says it: a topic's words over its channel's, every mistake with its place."""

from datetime import UTC, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from pipelines.errors import ConfigError
from pipelines.policy.clock import Quiet
from pipelines.policy.plan import Policy, Storm
from pipelines.watch.packed import pack, unpack
from pipelines.watch.watchlist import Watchlist

NIGHT, CAP, TAIPEI = Quiet(start=time(23), end=time(7)), Storm(most=20, per=timedelta(hours=1)), ZoneInfo("Asia/Taipei")
TEXT = """
topics:
  plain: {query: 渡輪, channels: [desk, crm]}
  digest: {query: 渡輪, channels: [desk, crm], when: digest, digest: "0 9 * * mon"}
  soon: {query: 渡輪, channels: [desk], when: immediate}
  awake: {query: 渡輪, channels: [desk], when: immediate, quiet: none, storm: none}
  urgent: {query: 渡輪, channels: [desk], priority: high}
channels:
  desk: {type: mail, to: [desk@example.org], digest: "0 8,18 * * *", zone: Asia/Taipei, quiet: "23:00-07:00", storm: 20 per hour}
  crm: {type: webhook, url: "https://crm.example.org/hook", secret_env: SECRET}
"""
DESK = {"zone": TAIPEI, "quiet": NIGHT, "storm": CAP}
POLICIES = {
    ("plain", "desk"): Policy(digest="0 8,18 * * *", **DESK),
    ("plain", "crm"): Policy(),
    ("digest", "desk"): Policy(digest="0 9 * * mon", **DESK),
    ("digest", "crm"): Policy(digest="0 9 * * mon"),
    ("soon", "desk"): Policy(**DESK),
    ("awake", "desk"): Policy(zone=TAIPEI),
    ("urgent", "desk"): Policy(digest="0 8,18 * * *", urgent=True, **DESK),
    ("forgotten", "desk"): Policy(),
}


@pytest.mark.parametrize(("named", "wanted"), POLICIES.items())
def test_a_topic_says_more_than_its_channel(named: tuple[str, str], wanted: Policy) -> None:
    watchlist = Watchlist.from_text(TEXT)
    assert watchlist.policy(*named, UTC) == wanted
    sections = {name: memoryview(bytes(section)) for name, section in pack(watchlist.topics, watchlist.channels, watchlist.program).items()}
    topics, channels, program, _ = unpack(sections)
    kept = Watchlist(name="", topics=topics, channels=channels, program=program, source=watchlist.source, version="")
    assert kept.policy(*named, UTC) == wanted


@pytest.mark.parametrize(
    ("said", "instead", "place", "told"),
    [
        (
            "when: immediate}",
            "when: imediate}",
            (5, 45),
            "topics.soon.when: `imediate` is none of immediate, digest; did you mean `immediate`?",
        ),
        ("storm: 20 per hour", "storm: 20 per huor", (9, 118), "channels.desk.storm: `huor` is no unit of time; did you mean `hour`?"),
        ('quiet: "23:00-07:00"', "quiet: 23-7", (9, 96), "channels.desk.quiet: `23-7` is no span of hours"),
        (
            "zone: Asia/Taipei",
            "zone: Asia/Tapei",
            (9, 76),
            "channels.desk.zone: `Asia/Tapei` is no time zone; did you mean `Asia/Taipei`?",
        ),
        ('digest: "0 9 * * mon"', 'digest: "0 9 * *"', (4, 68), "topics.digest.digest: `0 9 * *` names no moments"),
        ("quiet: none", "quite: none", (6, 57), "unknown key `quite`; did you mean `quiet`?"),
        (', digest: "0 9 * * mon"', "", (4, 52), "nobody says when the digest goes"),
    ],
)
def test_a_mistake_is_told_with_its_place(said: str, instead: str, place: tuple[int, int], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        Watchlist.from_text(TEXT.replace(said, instead), "watchlist.yaml")
    line, column = place
    assert f"watchlist.yaml:{line}:{column}: {told}" in str(error.value)


def test_the_recipe_of_the_documentation_reads_as_it_says() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "topics.md").read_text(encoding="utf-8")
    recipe = page.split("## When you hear")[1].split("```yaml\n")[1].split("```")[0]
    watchlist = Watchlist.from_text(recipe)
    told = {slug: watchlist.policy(slug, "desk", UTC) for slug in watchlist.topics}
    assert [(each.digest, each.urgent) for each in told.values()] == [
        ("0 8,18 * * *", False),
        ("0 9 * * mon", False),
        (None, False),
        ("0 8,18 * * *", True),
    ]
    assert {(each.zone, each.quiet, each.storm) for each in told.values()} == {(TAIPEI, NIGHT, CAP)}
    assert watchlist.policy("dprk-russia", "crm", UTC) == Policy()
