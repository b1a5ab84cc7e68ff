"""Twelve ways to go blind, each played by a portal that was healthy, and named to ops by what it is."""

import datetime as dt
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import insert, select

from pipelines.alerts.mail import Sender, compose
from pipelines.health.kinds import KINDS
from pipelines.health.round import Watch, after_a_run
from pipelines.store.database import reading, writing
from pipelines.store.messages import message_of
from pipelines.store.tables import Incident, Notice, Run
from pipelines.watch.watchlist import load_watchlist
from spiders.job import now
from tests.whole.conftest import House, house
from tests.whole.portal import Answer, Portal, paragraphs, portal, sheet

WATCH = (
    "ops: [desk]\ntopics:\n  ferry: {title: 渡輪, query: 渡轮, channels: [desk]}\nchannels:\n  desk: {type: mail, to: [desk@example.org]}\n"
)
HOUR = dt.timedelta(hours=1)
NAME = "海岬日報"
FEW = range(1, 7)


@dataclass(slots=True, kw_only=True)
class Site:
    """One portal of the world: a host of the scripted server, with a sheet of its own."""

    slug: str
    house: House
    world: Portal

    def answers(self, path: str, answer: Answer) -> None:
        self.world.answers[f"//{self.slug}.example{path}"] = answer

    def lists(self, numbers: range, **changes: object) -> None:
        items = "".join(f'<li><a href="/article/{number}">第{number}篇</a></li>' for number in numbers)
        self.answers("/list", Answer(**({"body": f"<html><ul id=news>{items}</ul></html>".encode()} | changes)))  # type: ignore[arg-type]

    def tells(self, numbers: range, written: Callable[[int], Answer]) -> None:
        self.lists(numbers)
        for number in numbers:
            self.answers(f"/article/{number}", written(number))

    def write_sheet(self, gateway: str, **keys: object) -> None:
        host = f"{self.slug}.example"
        values = {
            "hosts": [host],
            "discovery": [{"type": "listing", "url": f"http://{host}/list", "item": "#news li"}],
            "articles": [{"pattern": f"^http://{host}/article/(?P<id>\\d+)", "key": "{id}"}],
            "name": NAME,
        }
        path = self.house.home / "config" / "portals" / f"{self.slug}.yaml"
        path.write_text(sheet(gateway, **(values | keys)), encoding="utf-8")

    def remember(self, *runs: dict[str, object]) -> None:
        with writing(self.house.database) as session:
            session.execute(insert(Run), [{"portal": self.slug, "evidence": [], "learning": False} | run for run in runs])

    def happened_before(self, times: int) -> None:
        """As if the newest run had gone the same way that often just before."""
        with writing(self.house.database) as session:
            run = session.scalars(select(Run).where(Run.portal == self.slug).order_by(Run.id.desc()).limit(1)).one()
            row = {column.name: getattr(run, column.name) for column in Run.__table__.columns if column.name not in ("id", "portal")}
            session.delete(run)
        at = row["started_at"]
        self.remember(*(row | {"started_at": at - HOUR / 4 * back, "finished_at": at} for back in range(times, -1, -1)))

    def look(self) -> None:
        """As the run's end does."""
        watch = Watch(
            engine=self.house.database, watchlist=load_watchlist(self.house.home / "config" / "watchlist.yaml"), portals={self.slug: NAME}
        )
        after_a_run(watch, now())

    def ops_mail(self) -> str:
        """The one mail about this portal that ops get."""
        with reading(self.house.database) as session:
            query = select(Notice.message).join(Incident, Incident.id == Notice.incident_id).where(Incident.name == self.slug)
            message = message_of(session, session.scalars(query).one(), {}, {})
        email = compose(message, Sender(address="watch@example.org"))
        return str(email["Subject"]) + str(email.get_body(("plain",)).get_content())  # type: ignore[union-attr]


def story(number: int) -> Answer:
    """An article as it should be."""
    title = f"第{number}號渡輪復航"
    head = f"<meta charset=utf-8><title>{title}</title><meta property=article:published_time content=2026-11-22T10:0{number % 10}:00+08:00>"
    return Answer(f"<html><head>{head}</head><body><h1>{title}</h1><div id=text>{_text(number)}</div></body></html>".encode())


def _text(number: int) -> str:
    return "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(f"{number}"))


@pytest.fixture(scope="module")
def coast(tmp_path_factory: pytest.TempPathFactory, valkey: str) -> Iterator[tuple[House, Portal]]:
    """A house whose ops read mail, and a scripted server for all its portals."""
    with house(tmp_path_factory.mktemp("blind") / "house", valkey) as made, portal() as world:
        (made.home / "config" / "watchlist.yaml").write_text(WATCH, encoding="utf-8")
        made.learned(*CASES, "healthy")
        yield made, world


@pytest.fixture(scope="module")
def healthy(coast: tuple[House, Portal]) -> dict[str, object]:
    """What a real run of a healthy portal left in its row."""
    made, world = coast
    site = Site(slug="healthy", house=made, world=world)
    site.write_sheet(world.url)
    site.tells(FEW, story)
    assert made.crawl("healthy")["outcomes"] == {"new": 6}
    with reading(made.database) as session:
        run = session.scalars(select(Run).where(Run.portal == "healthy")).one()
        return {"outcomes": run.outcomes, "figures": run.figures}


@pytest.fixture(scope="module")
def expired(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Portal, Path]]:
    """A server whose certificate ran out yesterday, and the file that says whom to trust."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, today = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), now()
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(7)
    made = made.not_valid_before(today - 30 * 24 * HOUR).not_valid_after(today - 24 * HOUR)
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain, secret)
    with portal(tls) as up:
        yield up, chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a portal goes blind, and what ops read about it. `silent`: hours in which it brought nothing before."""

    breaks: Callable[[Site], None]
    says: str
    shows: str
    silent: int = 0


def _gone(site: Site) -> None:
    site.write_sheet("http://no-such-name.invalid")


def _refuses(site: Site) -> None:
    site.answers("/list", Answer(b"go away", status=403))


def _challenges(site: Site) -> None:
    site.answers("/list", Answer(b"<html><title>Just a moment...</title><h1>Verify you are human</h1></html>"))


def _lists_nothing(site: Site) -> None:
    site.lists(range(0))


def _changes_layout(site: Site) -> None:
    site.tells(range(11, 21), lambda number: Answer(f"<html><body><section class=c>{_text(number)}</section></body></html>".encode()))


def _stands_still(site: Site) -> None:
    """Its listing names what it named nine hours ago, when that was read."""
    site.tells(FEW, story)
    assert site.house.crawl(site.slug)["outcomes"] == {"new": 6}
    with writing(site.house.database) as session:
        session.delete(session.scalars(select(Run).where(Run.portal == site.slug).order_by(Run.id.desc()).limit(1)).one())


def _garbles(site: Site) -> None:
    site.tells(range(11, 21), lambda number: Answer(_mangled(story(number).body.decode())))


def _mangled(text: str) -> bytes:
    """As a server writes it that takes Big5 for UTF-8: what does not read is lost for ever."""
    return text.encode("big5", "replace").decode("utf-8", "replace").encode()


def _loses_dates(site: Site) -> None:
    site.tells(range(11, 21), lambda number: Answer(story(number).body.replace(b"article:published_time", b"x:y")))


def _closes_robots(site: Site) -> None:
    site.answers("/robots.txt", Answer(b"User-agent: *\nDisallow: /\n"))


def _redirects(site: Site) -> None:
    home = {"Location": f"http://{site.slug}.example/"}
    site.answers("/", Answer("<html><h1>首頁</h1></html>".encode()))
    site.tells(range(11, 21), lambda _number: Answer(status=302, headers=home))


def _drips(site: Site) -> None:
    site.lists(range(11, 21), drip=1.0)


CASES = {
    "dns": Case(breaks=_gone, says="does not resolve", shows="name not resolved"),
    "refused": Case(breaks=_refuses, says="refuses us", shows="answered 403"),
    "challenge": Case(breaks=_challenges, says="challenge pages", shows="Just a moment"),
    "empty": Case(breaks=_lists_nothing, says="name no article any more", shows="no article link on it"),
    "layout": Case(breaks=_changes_layout, says="The layout of", shows="title missing on 20 of 20"),
    "frozen": Case(breaks=_stands_still, says="brings nothing new", shows="nothing new for 9 h", silent=8),
    "charset": Case(breaks=_garbles, says="its charset is wrong", shows="readable text missing on 20 of 20"),
    "dates": Case(breaks=_loses_dates, says="say no publish time", shows="publish time missing on 20 of 20"),
    "robots": Case(breaks=_closes_robots, says="does not let us read", shows="robots.txt does not allow it"),
    "redirected": Case(breaks=_redirects, says="sends us to its front page", shows="redirected to the front page"),
    "slow": Case(breaks=_drips, says="does not answer in time", shows="no answer in time"),
    "certificate": Case(breaks=lambda site: None, says="certificate", shows="certificate has expired"),
}
SLOW = {"slow", "frozen", "empty", "robots", "dns", "charset"}


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=[pytest.mark.slow] if kind in SLOW else []) for kind in CASES])
def test_a_portal_that_goes_blind_is_named_to_ops_by_what_befell_it(
    kind: str, coast: tuple[House, Portal], healthy: dict[str, object], expired: tuple[Portal, Path]
) -> None:
    (made, world), (walled, trusted), case = coast, expired, CASES[kind]
    site = Site(slug=kind, house=made, world=world)
    site.remember(*_past(healthy, case.silent))
    site.write_sheet(walled.url if kind == "certificate" else world.url)
    case.breaks(site)
    told = made.start("crawl", kind, "--json", SSL_CERT_FILE=str(trusted)).communicate(timeout=240)
    site.happened_before(KINDS[kind].after - 1)
    site.look()
    mail = site.ops_mail()
    assert case.says in mail, told
    assert case.shows in mail, told
    with reading(made.database) as session:
        assert session.scalars(select(Incident.kind).where(Incident.name == kind, Incident.told_at.is_not(None))).all() == [kind]


def _past(healthy: dict[str, object], silent: int) -> list[dict[str, object]]:
    """Two weeks of hourly runs like the healthy one, and then the hours that brought nothing."""
    hours = [now() - HOUR * back for back in range(24 * 14, 0, -1)]
    ended: dict[str, object] = {"succeeded": True, "finish_reason": "finished"}
    nothing = {"outcomes": {"known": 6}}
    return [
        ended | healthy | (nothing if index >= len(hours) - silent else {}) | {"started_at": at, "finished_at": at}
        for index, at in enumerate(hours)
    ]
