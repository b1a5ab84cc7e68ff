"""Delivery as a whole, over a simulated time: nothing lost, nothing doubled where ids are honoured, and nobody waits for another's fault."""

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from pipelines.alerts import outbox
from pipelines.alerts.channels import Sends
from pipelines.alerts.outbox import MAIL_SERVER, deliver
from pipelines.models import Answer, Message
from pipelines.points import Point
from pipelines.store import alerts, circuits, claims
from pipelines.store.attempts import attempts_of
from pipelines.store.database import engine, reading, writing
from pipelines.store.forget import Named, forget_article
from pipelines.store.tables import Attempt, Circuit, Meta
from tests.alerts.exchange import Hook, Mailbox, Town, receiving

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Opened = Callable[..., Town]


@pytest.fixture
def on(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Engine]:
    """A store in SQLite: what differs between databases is tested beside the store's verbs."""
    shutil.copyfile(migrated_sqlite, tmp_path / "town.db")
    made = engine(f"sqlite:///{tmp_path / 'town.db'}")
    with writing(made) as session:
        session.add(Meta(key="store", value="town"))
    yield made
    made.dispose()


@pytest.fixture
def opened(on: Engine, now: datetime) -> Iterator[Opened]:
    """`opened(mail, crm=Hook(…))`: the town with these who take our messages."""
    with ExitStack() as stack:

        def opening(mail: Mailbox | None = None, **hooks: Hook) -> Town:
            box = mail or Mailbox()
            box.up()
            stack.callback(box.down)
            stack.enter_context(receiving(**hooks))
            return Town(store=on, now=now, mail=box, hooks=hooks)

        yield opening


def states(at: Town) -> Counter[str]:
    return Counter(row.state for row in at.rows())


def mailed(at: Town) -> list[str]:
    """The ids of the mails that came, in their order."""
    return [told.strip("<>").partition("@")[0] for _, told in at.mail.mails]


def circuit(at: Town, name: str) -> Circuit | None:
    with reading(at.store) as session:
        return session.get(Circuit, name)


def test_after_a_day_without_a_mail_server_all_arrives_once_and_no_revision_before_its_story(opened: Opened) -> None:
    at = opened(crm=Hook())
    at.mail.down()
    for quarter in range(5):
        at.owes(1)
        if quarter:
            at.revises(quarter)
        at.round(after=5 * HOUR)
    assert (len(at.mail.mails), len(at.hooks["crm"].took)) == (0, 9)
    at.mail.up()
    at.round(9)
    assert states(at) == {"sent": 9 * 3}
    assert set(Counter(mailed(at)).values()) == {1}
    firsts = {(row.story_id, row.recipient): row.message for row in at.rows() if not row.revision}
    arrived = mailed(at)
    for row in at.rows():
        if row.revision and row.channel == "desk":
            assert arrived.index(firsts[row.story_id, row.recipient]) < arrived.index(row.message)


def test_a_server_that_is_away_is_asked_by_one_message_at_a_time(opened: Opened) -> None:
    at = opened()
    at.owes(10)
    at.mail.down()
    at.round()
    assert sum(row.attempts for row in at.rows()) <= circuits.OPENS_AFTER + 4
    before = sum(row.attempts for row in at.rows())
    at.round(4, circuits.LAST_PAUSE)
    assert sum(row.attempts for row in at.rows()) == before + 4
    at.mail.up()
    at.round(2, circuits.LAST_PAUSE)
    assert states(at) == {"sent": 20}
    assert circuit(at, MAIL_SERVER) is None


def test_no_message_dies_while_its_channel_answers_nobody_and_each_has_its_own_try_after(opened: Opened) -> None:
    at = opened(Mailbox(refuse=lambda reader, _tries: "450 later" if reader.startswith("b") else None))
    at.owes(6)
    at.mail.down()
    at.round(9, DAY / 2)
    assert set(states(at)) <= {"owed", "retrying"}
    at.mail.up()
    at.round(3, circuits.LAST_PAUSE)
    assert states(at) == {"sent": 6, "dead": 6}
    assert {row.recipient for row in at.rows("dead")} == {"b@example.org"}


def test_a_greylisting_server_gets_each_mail_again_and_no_other_one_waits_for_it(opened: Opened) -> None:
    at = opened(Mailbox(refuse=lambda reader, tries: "450 4.2.0 greylisted" if reader.startswith("a") and tries < 8 else None))
    at.owes(8)
    at.round()
    assert Counter(reader for reader, _ in at.mail.mails) == {"b@example.org": 8}
    assert circuit(at, MAIL_SERVER) is None
    at.round(2)
    assert states(at) == {"sent": 16}
    assert Counter(row.attempts for row in at.rows()) == {1: 8, 2: 8}


def test_an_address_that_does_not_exist_is_a_dead_letter_with_the_servers_words_and_closes_nothing(opened: Opened) -> None:
    at = opened(Mailbox(refuse=lambda reader, _tries: "550 5.1.1 no such user" if reader.startswith("a") else None))
    at.owes(5)
    at.round()
    assert states(at) == {"sent": 5, "dead": 5}
    assert {row.answer for row in at.rows("dead")} == {"recipient refused: 550 5.1.1 no such user"}
    assert circuit(at, MAIL_SERVER) is None


@pytest.mark.parametrize(
    ("answers", "state", "tries"),
    [
        ([(410, {})], "dead", 1),
        ([(500, {}), (503, {})], "sent", 3),
        ([(404, {})], "sent", 2),
        ([(400, {})], "sent", 2),
        (["drop"], "sent", 2),
        (["cut"], "sent", 2),
    ],
)
def test_what_a_receiver_answers_decides_whether_it_is_asked_again(
    opened: Opened, answers: list[str | tuple[int, dict[str, str]]], state: str, tries: int
) -> None:
    hook = Hook(answer=lambda number: answers[number - 1] if number <= len(answers) else None)
    at = opened(crm=hook)
    at.owes(1, [("crm", "crm")])
    at.round(5)
    (row,) = at.rows()
    assert (row.state, row.attempts, len(hook.took)) == (state, tries, int(state == "sent"))
    with reading(at.store) as session:
        assert [each.ok for each in attempts_of(session, row.message)] == [False] * len(answers) + [True] * (state == "sent")


def test_a_receiver_that_asks_for_a_pause_is_not_asked_sooner_by_any_message(opened: Opened) -> None:
    hook = Hook(answer=lambda number: (429, {"Retry-After": "1800"}) if number == 1 else None)
    at = opened(crm=hook)
    at.owes(3, [("crm", "crm")])
    at.round(14)
    assert (hook.requests, states(at)["sent"]) == (1, 0)
    at.round(2)
    assert states(at) == {"sent": 3}


def test_a_receiver_that_takes_a_message_and_dies_keeps_it_once(opened: Opened) -> None:
    hook = Hook(answer=lambda number: "cut" if number % 3 == 0 else "drop" if number % 5 == 0 else None)
    at = opened(crm=hook)
    at.owes(15, [("crm", "crm")])
    at.round(9)
    assert states(at) == {"sent": 15}
    assert len(hook.took) == len(set(hook.took)) == 15
    assert hook.repeated > 0


@pytest.mark.parametrize("point", [Point.ALERT_CLAIMED, Point.ALERT_COMPOSED, Point.ALERT_SENT, Point.ALERT_RECORDED])
def test_a_sender_that_dies_anywhere_loses_nothing_and_doubles_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch, point: Point
) -> None:
    """As if the machine went off: nobody gives anything back."""

    def dying(passed: Point) -> None:
        if passed is point:
            raise KeyboardInterrupt

    at = opened(crm=Hook())
    at.owes(9, [("crm", "crm")])
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "passing", dying)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                at.round(after=claims.CLAIM)
    at.round(2, claims.CLAIM)
    assert states(at) == {"sent": 9}
    assert len(at.hooks["crm"].took) == 9
    assert (at.hooks["crm"].repeated > 0) is (point is Point.ALERT_SENT)


def test_a_slow_and_a_dead_channel_delay_nobody(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slow one answers only after the others have all that they are owed, in the same round."""
    slow, quick, dead = Hook(), Hook(), Hook(answer=lambda _number: (503, {}))
    at = opened(slow=slow, quick=quick, dead=dead)
    at.owes(15)
    free = threading.Event()
    send = Sends.__call__

    def sent(self: Sends, channel: object, message: Message) -> Answer:
        if message.channel == "slow":
            assert free.wait(60)
        answer = send(self, channel, message)
        if len(quick.took) == 15 and len(at.mail.mails) == 30:
            free.set()
        return answer

    monkeypatch.setattr(Sends, "__call__", sent)
    at.round()
    assert (len(quick.took), len(at.mail.mails), len(slow.took)) == (15, 30, 15)
    assert dead.requests <= circuits.OPENS_AFTER + 4


@pytest.mark.parametrize("owed", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1500)])])
def test_many_owed_at_once_and_two_deliverers_lose_and_double_nothing(on: Engine, now: datetime, owed: int) -> None:
    """The receivers are of this process and refuse every seventh message once, so that the outbox has all the time."""
    took, refused, lock = Counter[str](), set[str](), threading.Lock()

    def sent(_channel: object, message: Message) -> Answer:
        with lock:
            if int(message.id[-4:], 16) % 7 == 0 and message.id not in refused:
                refused.add(message.id)
                return Answer(ok=False, only_this=True, detail="450 greylisted")
            took[message.id] += 1
        return Answer(ok=True, detail="250 taken")

    hooks = {f"hook{number}": Hook(url="http://127.0.0.1:9/") for number in range(10)}
    at = Town(store=on, now=now, mail=Mailbox(), hooks=hooks, readers=tuple(f"{number}@example.org" for number in range(10)))
    at.owes(owed // 20)
    for _ in range(2):
        post = replace(at.post(), send=sent, threads=4)
        with ThreadPoolExecutor(2) as deliverers:
            done = list(deliverers.map(deliver, [post, post]))
        assert sum(each.dead for each in done) == 0
        at.now += HOUR
    assert states(at) == {"sent": owed}
    assert (len(took), max(took.values())) == (owed, 1)
    assert len(refused) > owed // 20


def test_a_round_that_is_interrupted_ends_with_what_is_in_flight(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened(crm=Hook())
    at.owes(30, [("crm", "crm")])

    def interrupted(*_: object) -> None:
        if at.hooks["crm"].requests >= 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(outbox.log, "info", interrupted)
        patch.setattr(outbox, "TELLS_EVERY", 0.0)
        with pytest.raises(KeyboardInterrupt):
            at.round()
    assert states(at)["sending"] == 0
    assert 4 <= states(at)["sent"] == len(at.hooks["crm"].took) < 30
    at.round()
    assert (states(at), at.hooks["crm"].repeated) == ({"sent": 30}, 0)


def test_a_round_keeps_to_its_seconds(opened: Opened) -> None:
    at = opened()
    at.owes(3)
    assert deliver(at.post(), seconds=0).sent == 0
    assert states(at) == {"owed": 6}


def test_a_channel_that_left_the_watchlist_is_dead_at_once_though_it_answers_nobody(opened: Opened) -> None:
    at = opened(crm=Hook(answer=lambda _number: (500, {})))
    at.owes(5, [("crm", "crm")])
    at.round(3)
    at.hooks.clear()
    del at.watchlist
    at.round(after=HOUR)
    assert states(at) == {"dead": 5}
    assert {row.answer for row in at.rows()} == {"channel `crm` is no longer in the watchlist"}


def test_a_replay_asks_a_channel_that_is_left_alone_at_once(opened: Opened) -> None:
    answers: list[tuple[int, dict[str, str]]] = [(500, {})] * 9
    hook = Hook(answer=lambda _number: answers.pop() if answers else None)
    at = opened(crm=hook)
    at.owes(4, [("crm", "crm")])
    at.round(6)
    answers.clear()
    asked = hook.requests
    at.round(after=timedelta(0))
    assert hook.requests == asked
    with writing(at.store) as session:
        alerts.replay(session, None, at.now)
    at.round(after=timedelta(0))
    assert hook.requests > asked
    assert circuit(at, "crm") is None


def test_forgetting_takes_what_a_receiver_answered_too(opened: Opened) -> None:
    at = opened(crm=Hook(answer=lambda _number: (500, {})))
    at.owes(3, [("crm", "crm")])
    at.round(2)
    assert circuit(at, "crm") is not None
    with writing(at.store) as session:
        for story in "123":
            forget_article(session, Named(portal="p", identity=story, url=""), (), at.now)
    found = circuit(at, "crm")
    assert found is not None
    assert found.answer is None
    with reading(at.store) as session:
        assert session.scalars(select(Attempt)).all() == []
