"""Verdicts of the desk, and what a topic told beside them."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, select

from pipelines.errors import WrongUseError
from pipelines.models import Outcome
from pipelines.store import alerts, verdicts
from pipelines.store.articles import add, place
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.pages import Found, settle
from pipelines.store.recent import recent
from pipelines.store.tables import Verdict
from tests.store.articles import article

TO = ("desk", "desk@example.org")


@pytest.fixture
def told(store: Engine, now: datetime) -> Engine:
    """Four articles, an hour apart, of which the topic `rail` told, the first in a message with `fish`."""
    with writing(store) as session:
        for number in range(1, 5):
            at = now + timedelta(hours=number)
            page = settle(session, Found(portal="dw_zh", identity=str(number), url=f"https://dw_zh.example/{number}"), Outcome.NEW, at, ())
            row = add(session, page, article(title=f"第{number}篇"), digest=str(number), learned=False, now=at)
            story = place(session, row, [], at)[0]
            for topic in ("rail", "fish") if number == 1 else ("rail",):
                alerts.owe(session, row, alerts.Due(topic=topic, story_id=story, revision=0, to=TO), at)
    return store


def judge(store: Engine, name: str, now: datetime, *, relevant: bool = False) -> None:
    with writing(store) as session:
        for row in verdicts.alerts_named(session, name):
            verdicts.remember(session, row, None, now, relevant=relevant)


def test_an_alert_goes_by_its_number_or_its_message(told: Engine) -> None:
    with reading(told) as session:
        one = verdicts.alerts_named(session, "1")
        assert [row.topic for row in one] == ["rail"]
        assert [row.topic for row in verdicts.alerts_named(session, one[0].message)] == ["rail", "fish"]
        for name in ("99", "pw_0", "9" * 40, "１"):
            with pytest.raises(WrongUseError, match="no alert or message is called"):
                verdicts.alerts_named(session, name)


def test_a_verdict_counts_against_its_topic_until_it_is_taken_back(told: Engine, now: datetime) -> None:
    judge(told, "1", now)
    judge(told, "1", now)
    with reading(told) as session:
        assert verdicts.shares(session) == {"rail": (4, 1), "fish": (1, 0)}
    judge(told, "1", now, relevant=True)
    with reading(told) as session:
        assert verdicts.shares(session)["rail"] == (4, 0)


def test_a_forgotten_article_takes_what_was_said_of_it_along(told: Engine, now: datetime) -> None:
    judge(told, "1", now)
    judge(told, "3", now)
    with writing(told) as session:
        forget_article(session, Named(portal="dw_zh", identity="1", url=""), (), now)
        assert list(session.scalars(select(Verdict.article_id).distinct())) == [2]


def test_others_are_of_other_stories_and_relevant_and_the_newest_first(told: Engine, now: datetime) -> None:
    judge(told, "3", now)
    with reading(told) as session:
        row = verdicts.alerts_named(session, "1")[0]
        assert [each.title for each in verdicts.others(session, row, 9)] == ["第4篇", "第3篇"]
        assert [each.title for each in verdicts.others(session, row, 1)] == ["第4篇"]
        assert [each.title for each in verdicts.article_of(session, row)] == ["第1篇", "第1篇"]


def test_recent_articles_come_newest_first_from_a_moment_on(told: Engine, now: datetime) -> None:
    with reading(told) as session:
        assert [each.title for each, _ in recent(session, now + timedelta(hours=2), 9)] == ["第4篇", "第3篇", "第2篇"]
        assert [each.title for each, _ in recent(session, now, 2)] == ["第4篇", "第3篇"]
