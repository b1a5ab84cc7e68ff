"""The outbox: claims, answers, retries, and what becomes of a sender that was killed."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, event, select, text

from pipelines.alerts import outbox
from pipelines.alerts.outbox import Delivered, Post
from pipelines.models import Answer, Message, Outcome
from pipelines.points import Point
from pipelines.store import alerts, claims
from pipelines.store.articles import add, place
from pipelines.store.database import engine, in_one_transaction, reading, upgrade, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.messages import message_of
from pipelines.store.pages import Found, settle
from pipelines.store.tables import AlertRow
from pipelines.watch.watchlist import Watchlist
from tests.conftest import new_database
from tests.store.articles import article

TO = ("desk", "desk@example.org")
WATCHLIST = """
topics:
  rail: {title: 鐵路, query: 鐵路, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
"""


@pytest.fixture
def owed(store: Engine, now: datetime) -> Engine:
    """A store that owes one message about one story, for two topics."""
    with writing(store) as session:
        page = settle(session, Found(portal="dw_zh", identity="1", url="https://www.dw.com/zh/a-1"), Outcome.NEW, now, ())
        row = add(session, page, article(), digest="d", learned=False, now=now)
        story = place(session, row, [], now)[0]
        for topic in ("rail", "fish"):
            alerts.owe(session, row, alerts.Due(topic=topic, story_id=story, revision=0, to=TO), now)
    return store


DESK = claims.Lane(channel="desk", circuit="mail")
BUSY = Answer(ok=False, detail="450 greylisted", only_this=True)
AWAY = Answer(ok=False, detail="connection refused")


def claimed(store: Engine, at: datetime) -> claims.Claim | None:
    with writing(store) as session:
        return next(iter(claims.claim(session, at, DESK)), None)


def answered(store: Engine, message: claims.Claim, answer: Answer, at: datetime) -> str:
    with writing(store) as session:
        return claims.answered(session, message, answer, at)


def test_two_topics_are_one_message(owed: Engine, now: datetime) -> None:
    message = claimed(owed, now)
    assert message is not None
    with reading(owed) as session:
        told = message_of(session, message.message, {"rail": "鐵路"}, {"dw_zh": "DW 中文"})
    assert [slug for slug, _ in told.topics] == ["rail", "fish"]
    assert (told.topics[0][1], told.portal_name, told.recipient, told.kind) == ("鐵路", "DW 中文", TO[1], "new")


def test_a_claimed_message_is_not_given_out_twice(owed: Engine, now: datetime) -> None:
    assert claimed(owed, now) is not None
    assert claimed(owed, now) is None


def test_the_claim_of_a_killed_sender_ends(owed: Engine, now: datetime) -> None:
    first = claimed(owed, now)
    assert claimed(owed, now + claims.CLAIM - timedelta(seconds=1)) is None
    second = claimed(owed, now + claims.CLAIM)
    assert first
    assert second
    assert first.message == second.message


def test_a_late_refusal_does_not_undo_what_another_sender_did(owed: Engine, now: datetime) -> None:
    slow = claimed(owed, now)
    quick = claimed(owed, now + claims.CLAIM)
    assert slow
    assert quick
    assert answered(owed, quick, Answer(ok=True, detail="250 ok"), now + claims.CLAIM) == "sent"
    answered(owed, slow, Answer(ok=False, detail="timed out"), now + claims.CLAIM)
    with reading(owed) as session:
        assert set(session.scalars(select(AlertRow.state))) == {"sent"}


def test_a_sent_message_is_done(owed: Engine, now: datetime) -> None:
    message = claimed(owed, now)
    assert message
    assert answered(owed, message, Answer(ok=True, detail="250 ok"), now) == "sent"
    assert claimed(owed, now + timedelta(days=9)) is None


def test_refusals_are_tried_again_with_growing_pauses_and_end_as_dead(owed: Engine, now: datetime) -> None:
    at, pauses, state = now, [], ""
    while state != "dead":
        message = claimed(owed, at)
        assert message
        state = answered(owed, message, BUSY, at)
        pauses.append(next_try(owed) - at)
        at = max(at + timedelta(seconds=1), next_try(owed))
    assert all(claims.FIRST_RETRY * 2**power / 2 <= pauses[power] <= claims.FIRST_RETRY * 2**power for power in range(4))
    assert claims.LAST_RETRY / 2 < max(pauses) <= claims.LAST_RETRY
    assert at - now > claims.GIVE_UP


def next_try(store: Engine) -> datetime:
    with reading(store) as session:
        return session.scalars(select(AlertRow.next_try_at).limit(1)).one()


def test_a_permanent_refusal_is_dead_at_once_and_can_be_replayed(owed: Engine, now: datetime) -> None:
    message = claimed(owed, now)
    assert message
    assert answered(owed, message, Answer(ok=False, detail="550 no such user", permanent=True), now) == "dead"
    assert claimed(owed, now + timedelta(days=1)) is None
    with writing(owed) as session:
        assert alerts.replay(session, None, now) == 2
    assert claimed(owed, now) is not None


def test_retry_after_is_honoured(owed: Engine, now: datetime) -> None:
    message = claimed(owed, now)
    assert message
    assert answered(owed, message, Answer(ok=False, detail="429", retry_after=600), now) == "retrying"
    assert claimed(owed, now + timedelta(seconds=599)) is None
    assert claimed(owed, now + timedelta(seconds=600)) is not None


def test_the_message_id_tells_stores_stories_developments_revisions_and_recipients_apart() -> None:
    ids = {
        alerts.message_id(store, story, development, revision, *to)
        for store in ("a", "b")
        for story in (1, 2)
        for development in (0, 1)
        for revision in (0, 1)
        for to in (TO, ("desk", "x@example.org"), ("crm", TO[1]))
    }
    assert len(ids) == 48


@pytest.mark.parametrize("point", [Point.ALERT_CLAIMED, Point.ALERT_COMPOSED, Point.ALERT_SENT])
def test_a_message_that_is_forgotten_on_its_way_ends_no_round(
    owed: Engine, now: datetime, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    def forgotten_at(passed: Point) -> None:
        if passed is point:
            in_one_transaction(owed, lambda session: forget_article(session, Named(portal="dw_zh", identity="1", url=""), (), now))

    monkeypatch.setattr(outbox, "passing", forgotten_at)
    sent: list[str] = []

    def send(_: object, message: Message) -> Answer:
        sent.append(message.id)
        return Answer(ok=True, detail="250")

    post = Post(engine=owed, watchlist=Watchlist.from_text(WATCHLIST), portal_names={}, send=send, clock=lambda: now)
    assert outbox.deliver(post) == Delivered(sent=len(sent))
    assert len(sent) == (point is not Point.ALERT_CLAIMED)


def test_senders_at_once_take_each_message_once_and_wait_for_nobody(postgres: str, now: datetime) -> None:
    on = engine(new_database(postgres))
    upgrade(on)
    with writing(on) as session:
        page = settle(session, Found(portal="dw_zh", identity="1", url="https://www.dw.com/zh/a-1"), Outcome.NEW, now, ())
        row = add(session, page, article(), digest="d", learned=False, now=now)
        story = place(session, row, [], now)[0]
        for reader, topic in itertools.product(range(60), "abcdef"):
            due = alerts.Due(topic=topic, story_id=story, revision=0, to=("desk", f"{reader}@example.org"))
            alerts.owe(session, row, due, now)

    def all_taken(_: int) -> list[str]:
        taken = iter(lambda: in_one_transaction(on, lambda session: claims.claim(session, now, DESK, 4)), [])
        return [claim.message for batch in taken for claim in batch]

    with ThreadPoolExecutor(4) as senders:
        messages = list(itertools.chain.from_iterable(senders.map(all_taken, range(4))))
    assert len(messages) == len(set(messages)) == 60
    with on.connect() as connection:
        assert connection.scalar(text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")) == 0
    on.dispose()


def test_a_claim_without_statistics_does_not_join_the_whole_outbox(postgres: str, migrated_postgres: str, now: datetime) -> None:
    """After a flood PostgreSQL knows nothing of it: a claim among ten thousand took 40 s, and so ended before a message went."""
    on, asked = engine(new_database(postgres, migrated_postgres)), list[tuple[str, object]]()
    event.listen(on, "before_cursor_execute", lambda _on, _cursor, query, values, *_: asked.append((query, values)))
    assert claimed(on, now) is None
    query, values = next((query, values) for query, values in asked if "UNION ALL" in query and "FROM alerts" in query)
    with on.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {query}", values).scalars().all()  # type: ignore[arg-type]
    on.dispose()
    assert any("SubPlan" in line for line in plan)
    assert not any("Join" in line and "Anti" in line for line in plan), plan
