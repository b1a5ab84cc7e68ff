"""Whatever order articles, reports, corrections, splits, joins and requests to forget come in: nobody hears twice, nobody is left out."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from opencc import OpenCC
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from pipelines import flow, reread, watching
from pipelines.alerts.outbox import Post, deliver
from pipelines.dedup.fast import Fast
from pipelines.desk import Desk
from pipelines.models import Answer, Message, Outcome, Page
from pipelines.store import byhand, rulings
from pipelines.store.ageing import Kept
from pipelines.store.database import in_one_transaction, reading
from pipelines.store.forget import Named, forget_article
from pipelines.store.late import release_late
from pipelines.store.pages import Found
from pipelines.store.retention import age_out, losses
from pipelines.store.tables import AlertRow, ArticleRow, Revision, Story, Telling
from pipelines.watch.watchlist import Watchlist, compile_watchlist
from tests.dedup.test_stories import BRIDGE, FERRY
from tests.store.articles import article

WATCHLIST = """
topics:
  ferry: {title: 渡輪, query: 渡輪, channels: [desk, crm]}
  bridge: {title: 吊橋, query: 吊橋, channels: [desk, small], revisions: always}
  never: {title: 夜間, query: 夜间, channels: [never], revisions: never}
  dw: {title: 德國之聲, query: 渡轮 OR 吊桥, channels: [dw, crm], portals: [dw_zh]}
  storm: {title: 風傳媒, query: 渡轮 OR 吊桥, channels: [storm, crm], portals: [storm_mg]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  small: {type: mail, to: [small@example.org]}
  never: {type: mail, to: [never@example.org]}
  dw: {type: mail, to: [dw@example.org, desk@example.org]}
  storm: {type: mail, to: [storm@example.org]}
  crm: {type: webhook, url: "http://127.0.0.1:1/hook", secret_env: HOOK_SECRET}
"""
PORTALS = ("dw_zh", "storm_mg", "park6")
SIMPLE = OpenCC("tw2s").convert
HOUR = timedelta(hours=1)


def other(number: int) -> str:
    return "渡輪" + "".join(random.Random(number).sample(BRIDGE, len(BRIDGE)))


def flash(text: str) -> str:
    return "快訊:" + text[:75]


def report(text: str, number: int) -> str:
    return "【電】" + text[:95] + other(number + 100)


@dataclass
class Walk:
    """One random life of a store; `heard` by recipient the ids that it had."""

    desk: Desk
    chance: random.Random
    now: datetime
    heard: dict[str, list[Message]] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    texts: dict[tuple[str, int], str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    number: int = 0

    def step(self) -> None:
        self.now += timedelta(minutes=self.chance.randrange(1, 200))
        names: list[Callable[[], None]] = (
            [self.fresh] * 6 + [self.copy] * 4 + [self.report] * 3 + [self.merged] * 2 + [self.revise] * 4 + [self.vanish] * 1
        )
        names += [self.split] * 3 + [self.join] * 3 + [self.forget] * 2 + [self.deliver] * 3 + [self.reread] * 2
        names += [self.late, self.lose, self.retain]
        act = self.chance.choice(names)
        self.log.append(act.__name__)
        act()
        self.check()

    def keep(self, text: str, desk: Desk | None = None, portal: str | None = None) -> None:
        self.number += 1
        portal = portal or self.chance.choice(PORTALS)
        if self.chance.random() < 0.5:
            text = SIMPLE(text)
        self.texts[portal, self.number] = text
        self.put(portal, self.number, desk)

    def put(self, portal: str, number: int, desk: Desk | None = None) -> flow.Kept:
        url = f"https://{portal}.example/{number}"
        found = Found(portal=portal, identity=str(number), url=url)
        text = self.texts[portal, number]
        page = Page(url=url, body=text.encode(), fetched_at=self.now)
        before = self.alerts()
        kept = flow.keep(desk or self.desk, found, article(url=url, title=f"第 {number} 篇", text=text), self.now, page.origin)
        self.log[-1] += f" {portal} {number} -> {kept.outcome} art {kept.article_id} alerts {kept.alerts}"
        self.told_once(before)
        return kept

    def told_once(self, before: set[int]) -> None:
        with reading(self.desk.engine) as session:
            rows = session.scalars(select(AlertRow)).all()
            for row in rows:
                if row.id in before or row.revision or row.development:
                    continue
                mine = family_of(session, row.article_id)
                for each in rows:
                    if each.id in before and each.recipient == row.recipient and each.article_id != row.article_id:
                        assert not mine & family_of(session, each.article_id), ("told twice", row.article_id, each.article_id)

    def alerts(self) -> set[int]:
        with reading(self.desk.engine) as session:
            return set(session.scalars(select(AlertRow.id)))

    def base(self) -> str:
        return self.chance.choice([FERRY, BRIDGE, *map(other, range(4))])

    def fresh(self) -> None:
        text = self.base()
        self.keep(flash(text) if self.chance.random() < 0.5 else text)

    def copy(self) -> None:
        if self.texts:
            text = self.chance.choice(list(self.texts.values()))
            self.keep(self.chance.choice([text, text[: int(len(text) * 0.75)], text + "責任編輯:某某"]))

    def report(self) -> None:
        self.keep(report(self.base(), self.chance.randrange(3)))

    def merged(self) -> None:
        self.keep(self.base() + "\n" + self.base())

    def late(self) -> None:
        self.keep(report(self.base(), 1), replace(self.desk, late="replay"))
        if self.chance.random() < 0.6:
            in_one_transaction(self.desk.engine, lambda session: release_late(session, "replay", self.now))

    def some(self) -> tuple[str, int] | None:
        return self.chance.choice(list(self.texts)) if self.texts else None

    def revise(self) -> None:
        if not (which := self.some()):
            return
        text = self.texts[which]
        words = [
            ("兩班", "三班"),
            ("两班", "三班"),
            ("三班", "兩班"),
            ("十二組", "十五組"),
            ("十二组", "十五组"),
            ("四十天", "六十天"),
            ("六十天", "四十天"),
        ]
        cut, added = self.chance.choice(words)
        self.texts[which] = self.chance.choice([text.replace(cut, added), text + "\n港務公司另外公布噪音測試報告。", text + "!"])
        with reading(self.desk.engine) as session:
            found = flow.articles.of_identity(session, which[0], str(which[1]))
            told = set(session.scalars(select(AlertRow.recipient).where(AlertRow.article_id == found.id))) if found else set()
        kept = self.put(*which)
        if kept.outcome is Outcome.REVISED:
            with reading(self.desk.engine) as session:
                row = session.get_one(ArticleRow, kept.article_id)
                state = session.get_one(Revision, (row.id, row.revision))
                if state.seen_at == self.now and state.material:
                    got = set(
                        session.scalars(select(AlertRow.recipient).where(AlertRow.article_id == row.id, AlertRow.revision == row.revision))
                    )
                    wanted = told & recipients(self.desk, row, self.now)
                    assert wanted <= got, ("no correction", row.id, wanted - got)

    def vanish(self) -> None:
        if which := self.some():
            found = Found(portal=which[0], identity=str(which[1]), url=f"https://{which[0]}.example/{which[1]}")
            flow.settle(self.desk, found, Outcome.FAILED, flow.SAYS_SO, self.now)

    def stories(self) -> dict[int, list[int]]:
        told: dict[int, list[int]] = {}
        with reading(self.desk.engine) as session:
            for row in session.scalars(select(Telling)):
                told.setdefault(row.story_id, []).append(row.article_id)
        return told

    def split(self) -> None:
        many = {story: told for story, told in self.stories().items() if len(told) > 1}
        if many:
            story = self.chance.choice(sorted(many))
            leaving = self.chance.sample(many[story], self.chance.randrange(1, len(many[story])))
            self.log[-1] += f" {story} {leaving}"
            done = in_one_transaction(self.desk.engine, lambda session: byhand.split(session, story, leaving, self.now))
            self.log[-1] += f" -> {done.other}"

    def join(self) -> None:
        if len(told := sorted(self.stories())) > 1:
            one, two = self.chance.sample(told, 2)
            self.log[-1] += f" {one} {two}"
            in_one_transaction(self.desk.engine, lambda session: byhand.join(session, one, two, self.now))

    def forget(self) -> None:
        if which := self.some():
            del self.texts[which]
            self.log[-1] += f" {which}"
            named = Named(portal=which[0], identity=str(which[1]), url=f"https://{which[0]}.example/{which[1]}")
            in_one_transaction(self.desk.engine, lambda session: forget_article(session, named, {"crm"}, self.now))

    def reread(self) -> None:
        if not (which := self.some()):
            return
        url = f"https://{which[0]}.example/{which[1]}"
        page = Page(url=url, body=self.texts[which].encode(), fetched_at=self.now - HOUR)
        text = self.texts[which][: self.chance.choice([None, -20, 100])]
        before = self.alerts()
        found = Found(portal=which[0], identity=str(which[1]), url=url)
        reread.keep_again(self.desk, found, article(url=url, title=f"第 {which[1]} 篇", text=text), page, self.now)
        self.told_once(before)

    def lose(self) -> None:
        self.desk = replace(self.desk, fast=None) if self.chance.random() < 0.5 else self.desk

    def retain(self) -> None:
        aged = age_out(self.desk.engine, Kept(articles=3, revisions=2, alerts=3, pages=9, index=4), self.now)
        assert losses(self.desk.engine, aged, self.now) == []
        with reading(self.desk.engine) as session:
            there = {(row.portal, int(row.url.rpartition("/")[2])) for row in session.scalars(select(ArticleRow))}
        self.texts = {which: text for which, text in self.texts.items() if which in there}

    def deliver(self) -> None:
        failing = self.chance.random() < 0.3

        def send(_channel: object, message: Message) -> Answer:
            if failing and self.chance.random() < 0.5:
                return Answer(ok=False, detail="busy")
            assert message.id not in self.ids, ("the same id twice", message.kind, message.id)
            self.ids.add(message.id)
            self.heard.setdefault(message.recipient, []).append(message)
            return Answer(ok=True, detail="ok")

        deliver(Post(engine=self.desk.engine, watchlist=self.desk.watchlist, portal_names={}, send=send, clock=lambda: self.now))

    def check(self) -> None:
        with reading(self.desk.engine) as session:
            told: dict[int, set[int]] = {}
            for row in session.scalars(select(Telling)):
                told.setdefault(row.story_id, set()).add(row.article_id)
            for story in session.scalars(select(Story)):
                home = rulings.survivor(session, story.id)
                assert told.get(home), ("a story without a telling", story.id, home)
                assert home == story.id or story.id not in told
                assert story.article_id in told[home], ("its opener tells it not", story.id, home, story.article_id)
            articles = set(session.scalars(select(ArticleRow.id)))
            assert {each for which in told.values() for each in which} == articles
            by: dict[str, set[tuple[int, str]]] = {}
            states: dict[tuple[object, ...], str] = {}
            for row in session.scalars(select(AlertRow)):
                if row.late is None:
                    by.setdefault(row.message, set()).add((row.article_id, row.recipient))
                state = (row.recipient, row.article_id, row.revision)
                assert states.setdefault(state, row.message) == row.message, ("two messages of one state", state)
                assert family_of(session, row.article_id) & rulings.family(session, row.story_id), (
                    "told under a strange story",
                    row.article_id,
                    row.story_id,
                )
            assert all(len(each) == 1 for each in by.values()), "a message about two articles"


def family_of(session: Session, article_id: int) -> set[int]:
    return set(session.scalars(select(Telling.story_id).where(Telling.article_id == article_id)))


def recipients(desk: Desk, row: ArticleRow, now: datetime) -> set[str]:
    topics = [desk.watchlist.topics[match.topic] for match in watching.matches_of(desk, row, now)]
    return {recipient for topic in topics if topic.revisions != "never" for _, recipient in desk.watchlist.recipients(topic)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 2, 14, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(40, 77))])
def test_a_random_life(store: Engine, valkey: str, now: datetime, seed: int) -> None:
    watchlist = Watchlist.from_text(WATCHLIST)
    desk = Desk(
        engine=store,
        fast=Fast(valkey, secrets.token_hex(6)),
        watchlist=watchlist,
        matcher=compile_watchlist(watchlist),
        learning=False,
        looks=(HOUR,),
    )
    walk = Walk(desk=desk, chance=random.Random(seed), now=now)
    for _ in range(60):
        walk.step()


@pytest.fixture
def walk(store: Engine, now: datetime) -> Walk:
    watchlist = Watchlist.from_text(WATCHLIST)
    desk = Desk(engine=store, fast=None, watchlist=watchlist, matcher=compile_watchlist(watchlist), learning=False, looks=(HOUR,))
    return Walk(desk=desk, chance=random.Random(0), now=now, log=["start"])


def ids_of(walk: Walk, recipient: str) -> dict[str, int]:
    with reading(walk.desk.engine) as session:
        return {row.message: row.article_id for row in session.scalars(select(AlertRow).where(AlertRow.recipient == recipient))}


def forget(walk: Walk, portal: str, number: int) -> None:
    named = Named(portal=portal, identity=str(number), url="")
    in_one_transaction(walk.desk.engine, lambda session: forget_article(session, named, {"crm"}, walk.now))


def test_what_is_told_after_a_split_has_an_id_of_its_own(walk: Walk) -> None:
    for portal in ("dw_zh", "park6"):
        walk.keep(FERRY, portal=portal)
    in_one_transaction(walk.desk.engine, lambda session: byhand.split(session, 1, [1], walk.now))
    walk.keep(FERRY, portal="dw_zh")
    assert len(ids_of(walk, "dw@example.org")) == len(set(ids_of(walk, "dw@example.org").values()))


def test_what_was_forgotten_and_is_told_by_a_copy_again_has_another_id(walk: Walk) -> None:
    walk.keep(FERRY, portal="dw_zh")
    walk.keep(FERRY, portal="park6")
    before = set(ids_of(walk, "dw@example.org"))
    walk.deliver()
    forget(walk, "dw_zh", 1)
    walk.keep(FERRY, portal="dw_zh")
    after = set(ids_of(walk, "dw@example.org"))
    assert after
    assert not after & before


def test_a_forgotten_articles_message_is_told_by_one_heir_with_all_its_topics(walk: Walk) -> None:
    for _ in range(3):
        walk.keep(FERRY, portal="dw_zh")
    forget(walk, "dw_zh", 1)
    with reading(walk.desk.engine) as session:
        told = {(row.article_id, row.topic) for row in session.scalars(select(AlertRow).where(AlertRow.recipient == "desk@example.org"))}
    assert told == {(2, "ferry"), (2, "dw")}


def test_joining_both_sides_of_a_split_into_a_third_story_leaves_none_without_a_telling(walk: Walk) -> None:
    for text in (FERRY, FERRY, BRIDGE):
        walk.keep(text, portal="dw_zh")
    in_one_transaction(walk.desk.engine, lambda session: byhand.split(session, 1, [2], walk.now))
    for other_story in (1, 3):
        in_one_transaction(walk.desk.engine, lambda session, story=other_story: byhand.join(session, 2, story, walk.now))
    walk.check()
    in_one_transaction(walk.desk.engine, lambda session: byhand.split(session, 2, [1, 2], walk.now))
    walk.check()
    for number in (1, 2, 3):
        forget(walk, "dw_zh", number)
