"""One late message for all that a replay found: capped, safe, and the same over every attempt."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import jsonschema
import pytest

from pipelines.alerts import bundle
from pipelines.alerts.mail import Sender, compose
from pipelines.alerts.webhook import payload
from pipelines.models import BundledStory, Message
from tests.alerts.messages import HOSTILE, HOSTILE_TITLE, NEW

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "webhook.schema.json").read_text(encoding="utf-8"))
SENDER = Sender(address="alerts@watch.example.org")
STORY = BundledStory(
    story_id=7,
    revision=0,
    topics=(("rail", "鐵路"), ("dprk", "俄朝往來")),
    title="渡輪下月復航",
    url="https://news.example.com/7",
    portal="harbour_post",
    portal_name="港口郵報",
    published_at=datetime(2024, 6, 18, 14, 30, tzinfo=UTC),
    language="zh-Hant",
)
EVIL = replace(
    STORY,
    title=HOSTILE_TITLE,
    url="https://news.example.com/" + "x" * 2000,
    portal_name=HOSTILE.portal_name,
    topics=HOSTILE.topics[:40],
    language='zh" x="',
)


def late_message(*stories: BundledStory) -> Message:
    empty = {
        "title": "",
        "text": "",
        "url": "",
        "hits": (),
        "publisher": (),
        "author": None,
        "rights": None,
        "language": None,
        "published_at": None,
    }
    return replace(NEW, kind="late", story_id=0, revision=0, late=True, stories=stories, **empty)  # type: ignore[arg-type]


def bodies(message: Message, sender: Sender = SENDER) -> tuple[str, str]:
    mail = compose(message, sender)
    text, html = mail.get_body(("plain",)), mail.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


@pytest.mark.parametrize(
    ("language", "title"), [("zh-Hant", "2 則報導較晚命中"), ("zh-Hans", "2 则报道较晚命中"), ("en", "2 stories matched late")]
)
def test_the_mail_lists_every_story_with_its_topics_link_portal_and_time(language: str, title: str) -> None:
    other = replace(STORY, title="鋼索吊橋封閉", url="https://news.example.com/8", published_at=date(2024, 6, 19), revision=2)
    sender = replace(SENDER, language=language)
    for body in bodies(late_message(STORY, other), sender):
        for told in (
            title,
            "渡輪下月復航",
            "鋼索吊橋封閉",
            "鐵路",
            "俄朝往來",
            "https://news.example.com/8",
            "港口郵報",
            "2024-06-18 14:30",
            "2024-06-19",
        ):
            assert told in body
    assert title in compose(late_message(STORY, other), sender)["Subject"]


def test_a_long_list_is_cut_and_says_where_the_rest_is() -> None:
    stories = [replace(STORY, title=f"第{number}則") for number in range(70)]
    for body in bodies(late_message(*stories)):
        assert "第59則" in body
        assert "第60則" not in body
        assert "另有 10 則" in body
        assert "portalwatch alerts list --message m-0001" in body
    assert "請見 https://watch.example.org" in bodies(late_message(*stories), replace(SENDER, site="https://watch.example.org"))[0]
    assert "另有" not in bodies(late_message(*stories[:60]))[0]


def test_hostile_pages_stay_text_and_the_mail_below_100_kb() -> None:
    message = late_message(*[EVIL] * 400)
    text, html = bodies(message)
    assert "<script" not in html
    assert 'x="' not in html
    assert "\x00" not in text + html
    assert "\u202e" not in text + html
    assert len(compose(message, SENDER).as_bytes()) < 100_000


@pytest.mark.parametrize("message", [late_message(STORY), late_message(*[EVIL] * 600)])
def test_the_webhook_lists_them_as_its_schema_says(message: Message) -> None:
    told = payload(message)
    jsonschema.validate(told, SCHEMA, format_checker=jsonschema.FormatChecker())
    assert told["type"] == "alert.late"
    assert len(told["data"]["stories"]) == min(len(message.stories), bundle.LISTED)
    assert told["data"]["more"] == max(len(message.stories) - bundle.LISTED, 0)
    assert payload(message) == told


def test_the_schema_wants_the_stories_of_a_late_alert_and_of_no_other() -> None:
    told = payload(late_message(STORY))
    del told["data"]["stories"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, SCHEMA)
    jsonschema.validate(payload(NEW), SCHEMA)


@pytest.mark.parametrize(("kind", "title"), [("late", "1 story matched late"), ("digest", "1 story"), ("storm", "and 1 more story")])
def test_one_story_is_no_stories(kind: str, title: str) -> None:
    message, sender = replace(late_message(STORY), kind=kind), replace(SENDER, language="en")
    assert str(compose(message, sender)["subject"]).endswith(title)
    assert bundle.payload(message)["title"] in (title, "digest of 1 story")
