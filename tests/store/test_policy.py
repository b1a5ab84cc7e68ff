"""When a recipient hears, and in what bundle, on real stores: nothing lost, nothing twice, one message a story."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select

from pipelines import flow
from pipelines.alerts.outbox import Post, deliver
from pipelines.coverage import Coverage
from pipelines.desk import Desk
from pipelines.models import Answer, Message, Outcome
from pipelines.store import mutes, waiting
from pipelines.store.database import in_one_transaction, reading, writing
from pipelines.store.incidents import Ailment, note
from pipelines.store.late import release_late
from pipelines.store.mutes import Muted
from pipelines.store.pages import Found
from pipelines.store.tables import AlertRow, Match, Run
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.store.articles import TEXT, article

PLAIN = TEXT.replace("樁基", "基礎")  # without the urgent topic's word
TAIPEI = ZoneInfo("Asia/Taipei")
WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [%s]}
  urgent: {title: 快訊, query: 樁基 OR 急報, channels: [%s], priority: high}
channels:
  digest: {type: mail, to: [desk@example.org], digest: "0 8,18 * * *", zone: Asia/Taipei}
  night: {type: mail, to: [desk@example.org], quiet: "23:00-07:00", storm: 3 per hour, zone: Asia/Taipei}
  at-once: {type: mail, to: [desk@example.org]}
  other: {type: mail, to: [other@example.org]}
"""


def at(hour: int, minute: int = 0, day: int = 22) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=TAIPEI)


@dataclass
class Watch:
    """A store with a watchlist, a clock, and what its recipients got."""

    store: Engine
    watchlist: Watchlist
    now: datetime
    got: list[Message] = field(default_factory=list)
    answer: Answer = field(default_factory=lambda: Answer(ok=True, detail="250 ok"))

    def keep(self, number: int, text: str = TEXT, portal: str = "dw_zh", late: str | None = None, **changes: object) -> flow.Kept:
        matcher, looks = compile_watchlist(self.watchlist), (timedelta(hours=1),)
        desk = Desk(engine=self.store, fast=None, watchlist=self.watchlist, matcher=matcher, learning=False, looks=looks, late=late)
        found = Found(portal=portal, identity=str(number), url=f"https://{portal}.example/{number}")
        return flow.keep(desk, found, article(url=found.url, text=text, **changes), self.now)

    def news(self, *numbers: int) -> None:
        """Stories of their own, one a number."""
        for number in numbers:
            self.keep(number, title=f"第{number}號渡輪", text="".join(chr(0x4E00 + number * 300 + place) for place in range(200)) + "渡輪")

    def deliver(self, moment: datetime | None = None) -> list[Message]:
        """One round; gives what arrived."""
        self.now, before = moment or self.now, len(self.got)

        def send(_channel: object, message: Message) -> Answer:
            if self.answer.ok:
                self.got.append(message)
            return self.answer

        deliver(
            Post(engine=self.store, watchlist=self.watchlist, portal_names={"dw_zh": "DW"}, send=send, clock=lambda: self.now, threads=1)
        )
        return self.got[before:]

    def mute(self, until: datetime, **what: object) -> int:
        return in_one_transaction(self.store, lambda session: mutes.mute(session, Muted(**what), until, "test", self.now))  # type: ignore[arg-type]

    def silenced(self) -> list[int]:
        with reading(self.store) as session:
            return [each.silenced for each in mutes.standing(session, self.now, past=True)]


@pytest.fixture
def watch(store: Engine) -> Callable[..., Watch]:
    """`watch(ferry="digest")`: the channels of the topics, at 16:00 in Taipei."""

    def made(ferry: str = "digest", urgent: str = "other") -> Watch:
        return Watch(store=store, watchlist=Watchlist.from_text(WATCHLIST % (ferry, urgent)), now=at(16))

    return made


def test_a_digest_waits_for_its_moment_and_is_one_message(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1, 2)
    assert desk.deliver(at(17, 59)) == []
    desk.news(3)
    (digest,) = desk.deliver(at(18))
    assert (digest.kind, [story.title for story in digest.stories]) == ("digest", [f"第{number}號渡輪" for number in (1, 2, 3)])
    assert desk.deliver(at(8, day=23)) == []  # no empty digest


def test_a_digest_that_was_due_while_nothing_ran_goes_once(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1)
    desk.now = at(20)
    desk.news(2)
    (digest,) = desk.deliver(at(12, day=24))
    assert len(digest.stories) == 2


def test_what_changes_before_the_digest_is_told_in_its_newest_state(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.keep(1, PLAIN)
    desk.keep(1, PLAIN.replace("四十天", "六十天"), title="青嶼夜間渡輪延後復航")
    desk.keep(2, PLAIN, portal="copy")
    (digest,) = desk.deliver(at(18))
    (story,) = digest.stories
    assert (story.title, story.revision, story.topics) == ("青嶼夜間渡輪延後復航", 1, (("ferry", "渡輪"),))
    with reading(desk.store) as session:
        assert [row.state for row in session.scalars(select(AlertRow))] == ["sent", "sent"]


def test_a_digest_tells_which_portals_are_blind(watch: Callable[..., Watch]) -> None:
    desk = watch()
    with writing(desk.store) as session:
        for number, (portal, ok) in enumerate([("dw_zh", True), ("dw_zh", False), ("dw_zh", False), ("gone", False)]):
            begun = at(10 + number)
            session.add(Run(portal=portal, started_at=begun, finished_at=begun, learning=False, succeeded=ok, outcomes={}, evidence=[]))
        dead = Ailment(slot="blind", kind="dns", since=at(11), evidence={"lines": [], "runs": 3}, is_told=True)
        for portal in ("dw_zh", "gone"):
            note(session, "portal", portal, [dead], at(14))
    desk.news(1)
    (digest,) = desk.deliver(at(18))
    assert digest.coverage == Coverage(portals=1, blind=("DW",), since=at(11))


def test_who_is_told_by_two_topics_hears_once_and_as_soon_as_one_of_them_wants(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="digest", urgent="digest")
    desk.keep(1)
    (message,) = desk.deliver()
    assert (message.kind, {slug for slug, _ in message.topics}) == ("new", {"ferry", "urgent"})
    assert desk.deliver(at(18)) == []


def test_an_urgent_topic_pulls_a_story_out_of_the_digest(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="digest", urgent="at-once")
    desk.keep(1, PLAIN)
    desk.news(2)
    assert desk.deliver() == []
    desk.keep(3, TEXT, portal="copy")  # a copy, in which the urgent topic's word stands
    (message,) = desk.deliver()
    assert (message.kind, message.text) == ("new", PLAIN)
    (digest,) = desk.deliver(at(18))
    assert [story.title for story in digest.stories] == ["第2號渡輪"]


def test_a_revision_that_is_urgent_takes_the_untold_story_with_it(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="digest", urgent="at-once")
    desk.keep(1, PLAIN)
    desk.keep(1, TEXT.replace("四十天", "六十天"), title="急報:渡輪停駛")
    (message,) = desk.deliver()
    assert (message.kind, message.title, message.thread) == ("new", "急報:渡輪停駛", None)
    assert desk.deliver(at(18)) == []


@pytest.mark.parametrize(("channel", "hour"), [("at-once", 16), ("digest", 18)])
def test_a_revision_takes_the_story_out_of_the_late_batch_that_holds_it(watch: Callable[..., Watch], channel: str, hour: int) -> None:
    """A backfill found both, and lasts; a crawl reads a new state of one: nobody hears of a correction before the story."""
    desk = watch(ferry=channel)
    for number, word in ((1, "渡輪"), (2, "吊橋與渡輪")):
        desk.keep(number, PLAIN.replace("渡輪", word) if number == 1 else word * 60, late="backfill")
    desk.keep(1, PLAIN.replace("四十天", "六十天"))
    (message,) = desk.deliver(at(hour))
    assert (message.kind, message.late) == ("new" if channel == "at-once" else "digest", False)
    assert "六十天" in message.text or [story.revision for story in message.stories] == [1]
    assert in_one_transaction(desk.store, lambda session: release_late(session, "backfill", desk.now)) == 1
    (rest,) = desk.deliver()
    assert (rest.kind, [story.revision for story in rest.stories]) == ("late", [0])


def test_quiet_hours_hold_everything_but_what_is_urgent_until_they_end(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="night", urgent="night")
    desk.now = at(23, 30)
    desk.news(1, 2)
    desk.keep(9)
    assert [{slug for slug, _ in message.topics} for message in desk.deliver()] == [{"ferry", "urgent"}]
    assert desk.deliver(at(6, 59, day=23)) == []
    assert [message.title for message in desk.deliver(at(7, day=23))] == ["第1號渡輪", "第2號渡輪"]


def test_when_many_waited_the_cap_bundles_the_rest(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="night")
    desk.now = at(3)
    desk.news(*range(1, 9))
    told = desk.deliver(at(7))
    assert [message.kind for message in told] == ["new", "new", "new", "storm"]
    assert [story.title for story in told[3].stories] == [f"第{number}號渡輪" for number in range(4, 9)]


def test_what_is_tried_again_rests_in_quiet_hours(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="night")
    desk.now, desk.answer = at(22, 59), Answer(ok=False, detail="refused")
    desk.news(1)
    desk.deliver()
    desk.answer = Answer(ok=True, detail="250 ok")
    assert desk.deliver(at(23, 10)) == []
    assert len(desk.deliver(at(7, day=23))) == 1


def test_a_storm_is_a_few_messages_and_one_that_holds_the_rest(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="night")
    desk.news(*range(1, 9))
    assert [message.kind for message in desk.deliver()] == ["new"] * 3
    desk.now = at(16, 59)
    desk.news(9)
    assert desk.deliver() == []
    (rest,) = desk.deliver(at(17))
    assert (rest.kind, len(rest.stories)) == ("storm", 6)
    desk.news(10)
    assert [message.kind for message in desk.deliver(at(17, 1))] == ["new"]


def test_one_that_the_cap_held_goes_as_itself(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="night")
    desk.news(1, 2, 3, 4)
    desk.deliver()
    (last,) = desk.deliver(at(17))
    assert (last.kind, last.title) == ("new", "第4號渡輪")


def test_a_deliverer_that_dies_between_bundling_and_sending_doubles_nothing(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1, 2)
    desk.now = at(18)
    present = {"watchlist": desk.watchlist, "zone": UTC, "now": desk.now}
    for _ in range(2):  # the second finds nothing left to bundle
        with writing(desk.store) as session:
            waiting.arrange(waiting.Present(session=session, **present))  # type: ignore[arg-type]
    with reading(desk.store) as session:
        (bundled,) = set(session.scalars(select(AlertRow.message)))
    desk.answer = Answer(ok=False, detail="the connection broke")
    desk.deliver()
    desk.answer = Answer(ok=True, detail="200")
    assert [message.id for message in desk.deliver(at(19))] == [bundled]


def test_two_deliverers_at_once_send_a_digest_once(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1, 2)
    desk.now = at(18)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda _: desk.deliver(), range(2)))
    assert [(message.kind, len(message.stories)) for message in desk.got] == [("digest", 2)]


def test_what_is_muted_is_kept_as_a_match_and_never_told(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="at-once")
    desk.mute(at(18), topic="ferry")
    desk.keep(1, PLAIN)
    desk.now = at(18, 1)
    desk.keep(2, PLAIN, portal="copy")
    desk.keep(1, PLAIN.replace("四十天", "六十天"), title="青嶼渡輪延後")
    assert desk.deliver() == []
    assert desk.silenced() == [1]
    with reading(desk.store) as session:
        assert len(session.scalars(select(Match)).all()) == 3


def test_a_mute_of_one_topic_leaves_the_others_alone(watch: Callable[..., Watch]) -> None:
    desk = watch(ferry="at-once", urgent="at-once")
    desk.mute(at(18), topic="ferry")
    desk.keep(1)
    (message,) = desk.deliver()
    assert [slug for slug, _ in message.topics] == ["urgent"]


def test_a_mute_takes_what_is_held_out_of_the_digest(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1, 2)
    with reading(desk.store) as session:
        story = session.scalars(select(AlertRow.story_id).order_by(AlertRow.id)).first()
    number = desk.mute(at(20), story=story)
    (digest,) = desk.deliver(at(18))
    assert [each.title for each in digest.stories] == ["第2號渡輪"]
    ended = in_one_transaction(desk.store, lambda session: mutes.unmute(session, number, Muted(), desk.now))
    assert [each.silenced for each in ended] == [1]
    desk.mute(at(20), recipient="desk@example.org")
    desk.news(3)
    assert desk.deliver(at(8, day=23)) == []


def test_collected_can_be_sent_before_its_moment(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.news(1)
    with writing(desk.store) as session:
        present = waiting.Present(session=session, watchlist=desk.watchlist, zone=UTC, now=desk.now)
        assert waiting.collected(session, recipient="nobody@example.org") == []
        assert waiting.release(present, waiting.collected(session)) == 1
    assert [message.kind for message in desk.deliver()] == ["digest"]
    assert desk.deliver(at(18)) == []


def test_a_page_that_is_gone_before_the_digest_is_told_as_gone(watch: Callable[..., Watch]) -> None:
    desk = watch()
    desk.keep(1, PLAIN)
    made = Desk(engine=desk.store, fast=None, watchlist=desk.watchlist, matcher=compile_watchlist(desk.watchlist), learning=False, looks=())
    found = Found(portal="dw_zh", identity="1", url="https://dw_zh.example/1")
    flow.settle(made, found, Outcome.NOT_ARTICLE, "missing: status 404", at(17))
    (digest,) = desk.deliver(at(18))
    assert [story.gone for story in digest.stories] == [True]
