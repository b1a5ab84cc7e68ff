"""Forgetting in SQL and the outbox: all of an article goes, others go on, and who was told is asked to forget it too."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.exc import NoResultFound

from pipelines import flow
from pipelines.alerts.outbox import Post, deliver
from pipelines.desk import Desk
from pipelines.extract.learned import Memory, Remembered
from pipelines.models import Answer, Message, Outcome
from pipelines.store import alerts, claims, learned
from pipelines.store.database import reading, writing
from pipelines.store.forget import Named, Removed, forget_article, found_by_url, told_with, tombs
from pipelines.store.messages import message_of
from pipelines.store.pages import Found, sort
from pipelines.store.retractions import may_be_known
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Retraction, Revision, Run, Shingle, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk, crm]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  crm: {type: webhook, url: "http://127.0.0.1:1/hook", secret_env: HOOK_SECRET}
"""
HOOKS = frozenset({"crm"})


@pytest.fixture
def desk(store: Engine) -> Desk:
    watchlist = Watchlist.from_text(WATCH)
    return Desk(engine=store, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=())


def named(number: int = 1) -> Named:
    return Named(portal="dw_zh", identity=str(number), url=f"https://www.dw.com/zh/a-{number}")


def keep(desk: Desk, now: datetime, number: int = 1, **changes: object) -> flow.Kept:
    found = Found(portal="dw_zh", identity=str(number), url=named(number).url)
    return flow.keep(desk, found, article(url=found.url, **changes), now)


def forget(desk: Desk, now: datetime, number: int = 1) -> Removed:
    with writing(desk.engine) as session:
        return forget_article(session, named(number), HOOKS, now)


def deliver_all(desk: Desk, now: datetime, *, ok: bool = True) -> list[Message]:
    sent: list[Message] = []

    def send(_channel: object, message: Message) -> Answer:
        sent.append(message)
        return Answer(ok=ok, detail="x")

    deliver(Post(engine=desk.engine, watchlist=desk.watchlist, portal_names={}, send=send, clock=lambda: now))
    return sent


def count(desk: Desk, *tables: type) -> list[int]:
    with reading(desk.engine) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def test_all_of_an_article_goes_and_the_tombstone_stays(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, text=TEXT.replace("四十天", "六十天"))
    removed = forget(desk, now)
    assert (removed.article_id, removed.revisions, removed.alerts, removed.others) == (1, 2, 4, 0)
    assert count(desk, ArticleRow, Revision, Match, AlertRow, Shingle, Telling, Story) == [0] * 7
    with reading(desk.engine) as session:
        assert tombs(session) == [named()]
        page = session.scalars(select(PageRow)).one()
        assert sort(session, [Found(portal="dw_zh", identity="1", url="x", mark="lastmod=9")], now).wanted == frozenset()
    assert (page.outcome, page.due_at, page.marks) == ("denied", None, {})
    assert keep(desk, now).outcome is Outcome.DENIED
    assert forget(desk, now) == Removed()


def test_what_was_never_read_can_be_forgotten_beforehand(desk: Desk, now: datetime) -> None:
    assert forget(desk, now, 9) == Removed()
    assert keep(desk, now, 9).outcome is Outcome.DENIED


def test_a_webhook_that_was_told_is_asked_to_forget_it_and_a_mail_is_not(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    (told,) = [message for message in deliver_all(desk, now) if message.channel == "crm"]
    assert forget(desk, now).retractions == 1
    (taken,) = deliver_all(desk, now)
    assert (taken.kind, taken.channel, taken.retracts, taken.story_id) == ("retracted", "crm", (told.id,), told.story_id)
    assert (taken.title, taken.text, taken.url, taken.hits, taken.topics) == ("", "", "", (), ())
    assert taken.id != told.id
    assert deliver_all(desk, now + timedelta(days=1)) == []


def test_a_story_and_its_revision_are_taken_back_together(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    deliver_all(desk, now)
    keep(desk, now, text=TEXT.replace("四十天", "六十天"))
    deliver_all(desk, now)
    forget(desk, now)
    (taken,) = deliver_all(desk, now)
    assert len(taken.retracts) == 2


def test_a_retraction_is_tried_again_and_replayed_like_an_alert(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    deliver_all(desk, now)
    forget(desk, now)
    (first,) = deliver_all(desk, now, ok=False)
    later = now + claims.GIVE_UP + timedelta(hours=2)
    assert [message.id for message in deliver_all(desk, later, ok=False)] == [first.id]
    with reading(desk.engine) as session:
        assert alerts.counts(session, Retraction) == {"dead": 1}
    with writing(desk.engine) as session:
        assert alerts.replay(session, first.id, later) == 1
    assert [message.id for message in deliver_all(desk, later)] == [first.id]


@pytest.mark.parametrize(
    ("state", "attempts", "known"),
    [("owed", 0, False), ("owed", 1, True), ("retrying", 1, True), ("sending", 0, True), ("sent", 1, True), ("dead", 3, True)],
)
def test_who_may_have_had_it_is_asked(state: str, attempts: int, known: bool) -> None:
    assert may_be_known(AlertRow(state=state, attempts=attempts)) is known


def test_what_is_being_sent_is_taken_back_after_its_claim_and_is_not_composed_any_more(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with writing(desk.engine) as session:
        session.execute(update(AlertRow).where(AlertRow.channel == "desk").values(state="sent"))
    with writing(desk.engine) as session:
        (claim,) = claims.claim(session, now, claims.Lane(channel="crm"), 9)
    forget(desk, now)
    with reading(desk.engine) as session, pytest.raises(NoResultFound):
        message_of(session, claim.message, {}, {})
    assert deliver_all(desk, now) == []
    assert [message.kind for message in deliver_all(desk, claim.until)] == ["retracted"]


def test_a_message_that_is_forgotten_between_claim_and_composing_does_not_stop_the_round(
    desk: Desk, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(desk, now)
    keep(desk, now, 2, text="鋼索吊橋在強風中受損,渡輪停航。" * 9)
    claim = claims.claim

    def forgotten_after(session, *rest):  # type: ignore[no-untyped-def]
        taken = claim(session, *rest)
        if taken:
            forget_article(session, named(), (), now)
        return taken

    monkeypatch.setattr(claims, "claim", forgotten_after)
    assert {message.url for message in deliver_all(desk, now)} == {named(2).url}


def test_what_nobody_was_told_yet_is_told_by_another_telling(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, 2)
    removed = forget(desk, now)
    assert (removed.others, removed.retractions) == (1, 0)
    assert {message.url for message in deliver_all(desk, now)} == {named(2).url}


def test_all_tellings_of_a_story_can_be_named(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    keep(desk, now, 2)
    keep(desk, now, 3, text="鋼索吊橋在強風中受損,渡輪停航。" * 9)
    with reading(desk.engine) as session:
        assert told_with(session, named(2)) == [named(2), named(1)]
        assert told_with(session, named(9)) == [named(9)]


def test_a_restored_backup_makes_the_same_retraction_again(desk: Desk, now: datetime) -> None:
    """The receiver knows its id, and does nothing."""
    ids = set()
    for _ in range(2):
        keep(desk, now)
        with writing(desk.engine) as session:
            session.execute(update(AlertRow).values(state="sent", message="pw_1", story_id=1))
        forget(desk, now)
        with writing(desk.engine) as session:
            ids |= set(session.scalars(select(Retraction.message)))
            session.query(Retraction).delete()
            session.query(PageRow).delete()
            if desk.engine.dialect.name == "sqlite":
                session.connection().exec_driver_sql("DELETE FROM sqlite_sequence")
            else:
                session.connection().exec_driver_sql("ALTER SEQUENCE stories_id_seq RESTART")
    assert len(ids) == 1


def test_evidence_and_learned_lines_of_it_go(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    samples = [{"url": named(number).url, "outcome": "failed", "why": "x"} for number in (1, 2)]
    with writing(desk.engine) as session:
        session.add(Run(portal="dw_zh", started_at=now, learning=False, evidence=samples))
        pages = tuple(Remembered(identity=str(number), story=number, lines=(7,)) for number in (1, 2))
        learned.keep(session, "dw_zh", Memory(pages=pages), now)
    forget(desk, now)
    with reading(desk.engine) as session:
        assert session.scalars(select(Run.evidence)).one() == samples[1:]
        assert [page.identity for page in learned.recall(session, "dw_zh").pages] == ["2"]


def test_an_address_finds_what_it_kept_without_a_sheet(desk: Desk, now: datetime) -> None:
    keep(desk, now)
    with reading(desk.engine) as session:
        assert found_by_url(session, {named().url, "https://other.example/"}) == [named()]
        assert found_by_url(session, {"https://other.example/"}) == []
