"""Digests and storms as mail and webhook: recorded, capped, safe, with the coverage line at the foot."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import jsonschema
import pytest

from pipelines.alerts.channels import Sending, Smtp
from pipelines.alerts.mail import SIZE_CAP, Sender, compose, send
from pipelines.alerts.webhook import payload
from pipelines.coverage import Coverage
from pipelines.models import Message
from pipelines.watch.file import MailChannel
from tests.alerts.messages import NEW
from tests.alerts.test_late import EVIL, SCHEMA, SENDER, STORY, bodies, late_message
from tests.alerts.test_mail import GOLDEN, KEPT, composed, part

BLIND = Coverage(portals=6, blind=("港口郵報", "<b>海角</b>\u202e"), since=datetime(2026, 11, 17, 6, 10, tzinfo=UTC))
STORIES = (
    replace(STORY, title="鋼索吊橋封閉", topics=(("rail", "鐵路"),), revision=2),
    replace(STORY, title="平壤代表團抵達海參崴", topics=(("dprk", "俄朝往來"), ("rail", "鐵路")), story_id=8),
    replace(STORY, title="渡輪下月復航", topics=(("rail", "鐵路"),), story_id=9, gone=True, revision=1),
)


def digest(*stories: object, kind: str = "digest", coverage: Coverage | None = BLIND) -> Message:
    topics = (("rail", "鐵路"), ("dprk", "俄朝往來"))
    return replace(late_message(*stories), kind=kind, late=False, topics=topics, coverage=coverage)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["digest", "storm"])
def test_the_mail_reads_as_recorded(kind: str) -> None:
    mail = composed(digest(*STORIES, kind=kind, coverage=BLIND if kind == "digest" else None))
    told = (
        "".join(f"{key}: {mail[key]}\n" for key in KEPT if mail[key]) + "\n" + part(mail, "plain") + "\n=== HTML ===\n" + part(mail, "html")
    )
    assert told == (GOLDEN / f"{kind}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("language", "healthy", "blind"),
    [
        ("en", "All 6 portals healthy.", "2 of 6 portals blind since Tue 14:10 (2026-11-17, Asia/Taipei): 港口郵報"),
        ("zh-Hant", "6 個網站全部正常。", "6 個網站中有 2 個讀不到，自 週二 14:10"),
        ("zh-Hans", "6 个网站全部正常。", "6 个网站中有 2 个读不到，自 周二 14:10"),
    ],
)
def test_the_foot_says_how_much_is_seen_in_the_readers_zone(language: str, healthy: str, blind: str) -> None:
    sender = replace(SENDER, language=language)
    mail = compose(digest(*STORIES), sender, ZoneInfo("Asia/Taipei"))
    for kind in ("plain", "html"):
        assert blind in part(mail, kind)
        assert healthy in part(compose(digest(*STORIES, coverage=Coverage(portals=6)), sender), kind)


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "The last run of 1 of 6 portals failed: 港口郵報"),
        ("zh-Hant", "6 個網站中有 1 個上次沒讀成：港口郵報"),
        ("zh-Hans", "6 个网站中有 1 个上次没读成：港口郵報"),
    ],
)
def test_a_foot_calls_nothing_healthy_whose_last_run_failed(language: str, told: str) -> None:
    sender, seen = replace(SENDER, language=language), Coverage(portals=6, failed=("港口郵報",))
    for kind in ("plain", "html"):
        assert told in part(compose(digest(*STORIES, coverage=seen), sender), kind)
    both = part(compose(digest(*STORIES, coverage=replace(BLIND, failed=("港口郵報",))), sender), "plain")
    assert told in both
    assert "海角" in both


def test_a_foot_where_health_never_looked_says_so() -> None:
    mail = compose(digest(*STORIES, coverage=Coverage(portals=6, is_judged=False)), replace(SENDER, language="en"))
    assert "Whether the portals are seen was not looked at yet." in part(mail, "plain")
    assert "healthy" not in part(mail, "plain")


def test_stories_stand_under_their_first_topic_in_the_order_of_the_topics() -> None:
    text = bodies(digest(*STORIES))[0]
    places = [text.index(each) for each in ("== 鐵路 ==", "鋼索吊橋封閉", "渡輪下月復航", "== 俄朝往來 ==", "平壤代表團抵達海參崴")]
    assert places == sorted(places)
    assert text.count("== 鐵路 ==") == 1
    assert ("更新" in text, "下架" in text) == (True, True)


def test_many_stories_are_cut_with_and_n_more() -> None:
    stories = [replace(STORY, title=f"第{number}則", story_id=number) for number in range(103)]
    message = digest(*stories)
    for body in bodies(message):
        assert "另有 43 則" in body
    assert len(compose(message, SENDER).as_bytes()) < SIZE_CAP
    assert payload(message)["data"]["more"] == 0


def test_hostile_stories_stay_text_and_the_mail_below_its_cap() -> None:
    mail = compose(digest(*[EVIL] * 400), Sender(address="alerts@watch.example.org", language="en"))
    told = part(mail, "plain") + part(mail, "html")
    assert "<script" not in part(mail, "html")
    assert "<b>海角" not in part(mail, "html")
    assert "\u202e" not in told
    assert "\x00" not in told
    assert len(mail.as_bytes()) < SIZE_CAP


@pytest.mark.parametrize(("kind", "coverage"), [("digest", BLIND), ("digest", Coverage(portals=6)), ("storm", None)])
def test_the_webhook_is_as_its_schema_says(kind: str, coverage: Coverage | None) -> None:
    told = payload(digest(*STORIES, kind=kind, coverage=coverage))
    jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert (told["type"], [story["story_id"] for story in told["data"]["stories"]]) == (f"alert.{kind}", [7, 9, 8])
    assert ("coverage" in told["data"]) is bool(coverage)
    del told["data"]["stories"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA)


def test_a_mail_tells_times_by_the_clock_of_its_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr("pipelines.alerts.mail.send_mail", lambda mail, _smtp: sent.append(part(mail, "plain")))
    context = Sending(smtp=Smtp(host="x", port=1), sender=SENDER, zone=ZoneInfo("UTC"), secrets={})
    for zone in ("Asia/Taipei", None):
        send(MailChannel(type="mail", to=("a@b.org",), zone=zone), NEW, context)
    assert "2024-06-18 22:30 (Asia/Taipei)" in sent[0]
    assert "2024-06-18 14:30 (UTC)" in sent[1]
