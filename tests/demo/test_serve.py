"""The served world: conditional requests, the inbox, the webhook receiver, ordered failures and the controls."""

import asyncio
import json
import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from demo.app import Options, build_app
from demo.serve import Running, World, running

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
FEED = "/rss.dw.com/rdf/rss-chi-all"


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(state_dir=tmp_path_factory.mktemp("standing"), now=NOW) as served:
        yield served


@pytest.fixture
def demo(standing: Running) -> Running:
    """A world at phase 0 for tests that send it nothing."""
    standing.set_phase(0)
    return standing


@pytest.fixture
def client(demo: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.url, trust_env=False) as http:
        yield http


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Running]:
    """A world to which nothing was sent yet."""
    with running(state_dir=tmp_path, now=NOW) as served:
        yield served


@pytest.fixture
def sender(fresh: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=fresh.url, trust_env=False) as http:
        yield http


def mail(subject: str = "俄朝往來｜渡船", html: str = "", **headers: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portalwatch@example.org", "desk@example.org", subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("正文：朝鲜与俄羅斯 mixed text")
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(demo: Running, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", demo.smtp_port, timeout=10) as smtp:
        smtp.send_message(message)


def post_hook(client: httpx.Client, secret: str, payload: object, identity: str = "msg_1", at: datetime | None = None) -> httpx.Response:
    body, at = json.dumps(payload, ensure_ascii=False), at or datetime.now(UTC)
    headers = {
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(identity, at, body),
    }
    return client.post("/_hook/crm", content=body.encode(), headers=headers)


@pytest.mark.parametrize("path", [FEED, "/www.storm.mg/feeds/all", "/www.storm.mg/articles", "/www.6parknews.com/newspark/index.php?p=1"])
def test_an_unchanged_listing_answers_304_to_its_etag_and_200_after_a_change(demo: Running, client: httpx.Client, path: str) -> None:
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": f'"other", W/{tag}'}).status_code == 304
    demo.set_phase(1)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", [FEED, "/feeds.bbci.co.uk/zhongwen/simp/rss.xml", "/www.storm.mg/sitemaps/1/article-news-1.xml"])
def test_an_unchanged_feed_answers_304_to_its_date_and_200_after_a_change(demo: Running, client: httpx.Client, path: str) -> None:
    modified = client.get(path).headers["last-modified"]
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 304
    demo.set_phase(1)
    assert client.get(path, headers={"If-Modified-Since": modified}).status_code == 200


@pytest.mark.parametrize("value", ["yesterday", "", "Mon, 99 Foo 2026 00:00:00 GMT"])
def test_a_date_that_is_none_is_ignored(client: httpx.Client, value: str) -> None:
    assert client.get(FEED, headers={"If-Modified-Since": value}).status_code == 200


def test_a_tag_that_does_not_match_wins_over_a_date_that_does(client: httpx.Client) -> None:
    modified = client.get(FEED).headers["last-modified"]
    assert client.get(FEED, headers={"If-None-Match": '"x"', "If-Modified-Since": modified}).status_code == 200


def test_an_article_sends_no_validators(client: httpx.Client) -> None:
    headers = client.get("/www.storm.mg/article/5312407").headers
    assert "etag" not in headers
    assert "last-modified" not in headers


def test_the_real_query_reaches_the_portal_under_the_gateway(client: httpx.Client) -> None:
    page = client.get("/www.6parknews.com/newspark/view.php", params={"app": "news", "act": "view", "nid": "702360"})
    assert "清河人民公园拆围墙" in page.text
    assert client.get("/www.dw.com/zh/在线报导/s-9058").status_code == 200


def test_the_phase_is_told_and_set(demo: Running, client: httpx.Client) -> None:
    assert client.get("/_world").json() == {"phase": 0, "phases": 5, "started_at": NOW.isoformat()}
    assert client.post("/_world", json={"phase": 2}).json()["phase"] == 2
    assert demo.world.phase == 2


@pytest.mark.parametrize("body", [{"phase": -1}, {"phase": "1"}, {"phase": True}, {}, [], "x"])
def test_a_phase_that_makes_no_sense_answers_400_and_changes_nothing(demo: Running, client: httpx.Client, body: object) -> None:
    refused = client.post("/_world", json=body)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert demo.world.phase == 0


def test_another_sites_form_or_name_cannot_move_the_world(demo: Running, client: httpx.Client) -> None:
    assert client.post("/_world", content='{"phase": 3}', headers={"Content-Type": "text/plain"}).status_code == 400
    assert client.post("/_world", json={"phase": 3}, headers={"Host": "attacker.example"}).status_code == 400
    assert demo.world.phase == 0


def test_a_mail_is_kept_whole_and_survives_a_restart(tmp_path: Path) -> None:
    with running(state_dir=tmp_path, now=NOW) as first:
        send(first, mail(Message_ID="<b@portalwatch>", References="<a@portalwatch>", X_Portalwatch_Kind="revision"))
    with running(state_dir=tmp_path, now=NOW) as second:
        (kept,) = second.inbox()
    assert (kept["n"], kept["to"], kept["subject"]) == (1, ["desk@example.org"], "俄朝往來｜渡船")
    assert (kept["message_id"], kept["references"]) == ("<b@portalwatch>", ["<a@portalwatch>"])
    assert kept["text"].strip() == "正文：朝鲜与俄羅斯 mixed text"
    assert kept["headers"]["X-Portalwatch-Kind"] == "revision"
    assert datetime.fromisoformat(kept["received_at"]).tzinfo is not None


def test_a_line_torn_by_a_kill_costs_that_mail_only(tmp_path: Path) -> None:
    with running(state_dir=tmp_path, now=NOW) as first:
        send(first, mail("one"))
    with (tmp_path / "inbox.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"n": 2, "subj')
    with running(state_dir=tmp_path, now=NOW) as second:
        send(second, mail("two"))
        assert [each["subject"] for each in second.inbox()] == ["one", "two"]


def test_line_separators_and_broken_bytes_in_a_mail_survive_a_restart(tmp_path: Path) -> None:
    with running(state_dir=tmp_path, now=NOW) as first, smtplib.SMTP("127.0.0.1", first.smtp_port, timeout=10) as smtp:
        smtp.sendmail("a@example.org", ["desk@example.org"], "Subject: 一\u2028二 ".encode() + b"\xff\r\n\r\n\x85\xe2\x80\xa8\xff\r\n")
    with running(state_dir=tmp_path, now=NOW) as second, httpx.Client(base_url=second.url, trust_env=False) as client:
        assert len(client.get("/_inbox.json").json()) == 1
        assert client.get("/_inbox/1").status_code == 200


def test_the_inbox_pages_escape_a_hostile_mail_and_run_nothing(fresh: Running, sender: httpx.Client) -> None:
    send(fresh, mail('<script>alert("subject")</script>', html='<p>hello</p><script>alert("body")</script>'))
    listing, shown = sender.get("/_inbox"), sender.get("/_inbox/1")
    for page in (listing, shown):
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script-src" not in shown.headers["content-security-policy"]
    assert "<iframe sandbox " in shown.text
    assert "&lt;p&gt;hello" in shown.text


def test_the_newest_mail_stands_first_on_the_page_and_last_in_the_json(fresh: Running, sender: httpx.Client) -> None:
    send(fresh, mail("older"))
    send(fresh, mail("newer"))
    page = sender.get("/_inbox").text
    assert page.index("newer") < page.index("older")
    assert [each["subject"] for each in sender.get("/_inbox.json").json()] == ["older", "newer"]


def test_a_mail_that_does_not_exist_answers_404(client: httpx.Client) -> None:
    assert client.get("/_inbox/1").status_code == 404
    assert client.get("/_inbox/0").status_code == 404


def test_a_signed_event_is_kept_once_however_often_it_comes(fresh: Running, sender: httpx.Client) -> None:
    payload = {"type": "alert.new", "data": {"title": "俄朝商定"}}
    answers = [post_hook(sender, fresh.hook_secret, payload) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    report = sender.get("/_hooks.json").json()
    assert (len(report["events"]), report["repeated"], report["refused"]) == (1, 2, 0)
    assert (report["events"][0]["hook"], report["events"][0]["payload"]) == ("crm", payload)


def test_a_repeated_id_is_known_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        with running(state_dir=tmp_path, now=NOW) as demo, httpx.Client(base_url=demo.url, trust_env=False) as client:
            assert post_hook(client, demo.hook_secret, {"a": 1}).status_code == 200
            assert len(demo.hooks()) == 1


def test_an_event_with_a_wrong_old_or_missing_signature_is_refused(fresh: Running, sender: httpx.Client) -> None:
    other = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
    assert post_hook(sender, other, {}).status_code == 401
    assert post_hook(sender, fresh.hook_secret, {}, at=datetime.now(UTC) - timedelta(minutes=10)).status_code == 401
    assert sender.post("/_hook/crm", json={}).status_code == 401
    assert (
        sender.post(
            "/_hook/crm", content=b"\xff", headers={"webhook-id": "1", "webhook-timestamp": "x", "webhook-signature": "y"}
        ).status_code
        == 401
    )
    report = sender.get("/_hooks.json").json()
    assert (report["events"], report["refused"]) == ([], 4)


def test_an_event_too_large_is_not_read_to_its_end(fresh: Running, sender: httpx.Client) -> None:
    assert post_hook(sender, fresh.hook_secret, "x" * 2**20).status_code == 413


def test_half_a_character_in_an_event_is_kept_as_a_question_mark(fresh: Running, sender: httpx.Client) -> None:
    body, at = '{"title": "\\ud83d 半"}', datetime.now(UTC)
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(fresh.hook_secret).sign("m", at, body),
    }
    assert sender.post("/_hook/crm", content=body.encode(), headers=headers).status_code == 200
    assert sender.get("/_hooks.json").json()["events"][0]["payload"] == {"title": "? 半"}


def test_the_hooks_page_escapes_what_arrived(fresh: Running, sender: httpx.Client) -> None:
    post_hook(sender, fresh.hook_secret, {"title": "<b>粗</b>"})
    page = sender.get("/_hooks").text
    assert "<b>" not in page
    assert "&lt;b&gt;粗" in page


def test_ordered_hook_failures_happen_so_often_and_then_end(fresh: Running, sender: httpx.Client) -> None:
    sender.post("/_fail", json={"hook": {"status": 503, "times": 2, "retry_after": 7}})
    answers = [post_hook(sender, fresh.hook_secret, {}) for _ in range(3)]
    assert [(answer.status_code, answer.headers.get("retry-after")) for answer in answers] == [(503, "7"), (503, "7"), (200, None)]
    assert len(fresh.hooks()) == 1


def test_ordered_mail_failures_happen_so_often_and_then_end(fresh: Running, sender: httpx.Client) -> None:
    sender.post("/_fail", json={"smtp": {"code": 451, "times": 1}})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(fresh, mail())
    assert refused.value.smtp_code == 451
    send(fresh, mail())
    assert len(fresh.inbox()) == 1


def test_a_portals_host_fails_as_ordered_and_no_other(fresh: Running, sender: httpx.Client) -> None:
    fresh.fail(portal={"host": "rss.dw.com", "status": 503, "times": 1})
    assert sender.get("/www.storm.mg/articles").status_code == 200
    assert [sender.get(FEED).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("order", [{"pigeon": {"times": 1}}, {"hook": {"status": 200, "times": 1}}, {"smtp": {"code": 451}}, {"hook": 3}])
def test_an_order_that_makes_no_sense_answers_400(client: httpx.Client, order: object) -> None:
    assert client.post("/_fail", json=order).status_code == 400


def test_the_home_page_links_everything_and_every_link_answers(client: httpx.Client) -> None:
    links = re.findall(r'href="(/[^"]*)"', client.get("/").text)
    assert {"/_inbox", "/_hooks", "/_inbox.json", "/_hooks.json"} <= set(links)
    assert all(client.get(link.replace("&amp;", "&")).status_code == 200 for link in links)


class Watched(World):
    """A world that tells when it came to phase 2."""

    def set_phase(self, phase: int) -> None:
        super().set_phase(phase)
        if phase == 2:
            self.at_two.set()

    def __init__(self) -> None:
        self.at_two = asyncio.Event()
        super().__init__(now=NOW)


async def advanced(state_dir: Path) -> int:
    world = Watched()
    app = build_app(world, state_dir, Options(advance=0.01))
    async with app.state.demo.lifespan(app):
        await asyncio.wait_for(world.at_two.wait(), 5)
    return world.phase


def test_the_world_advances_by_itself_when_asked(tmp_path: Path) -> None:
    assert asyncio.run(advanced(tmp_path)) >= 2


def test_the_command_tells_its_addresses_and_ends_on_a_signal(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo", "serve", "--port", "0", "--smtp-port", "0", "--phase", "1", "--state", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=Path(__file__).resolve().parents[2], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        with closing(process.stdout):
            told = json.loads(process.stdout.readline())
        assert httpx.get(f"{told['url']}/_world", trust_env=False).json()["phase"] == 1
        process.terminate()
        assert process.wait(10) in (0, -15)
