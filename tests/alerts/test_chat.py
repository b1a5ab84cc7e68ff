"""Chats: one calm message whatever the page held, the service's true answer, and no way into our own network."""

import json
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipelines.alerts import chat, robots
from pipelines.alerts.channels import Sender, Sending, Smtp, send
from pipelines.alerts.note import BYTES, Note, note
from pipelines.models import Answer, BundledStory, Message
from tests.alerts.conftest import Receiver
from tests.alerts.messages import DEVELOPMENT, HOSTILE, NEW, REVISION, TITLE

TAIPEI, NOW = ZoneInfo("Asia/Taipei"), datetime(2024, 6, 18, 15, 0, tzinfo=UTC)
SENDER = Sender(address="alerts@watch.example.org")
TOKEN = "3ccdd113474722377935511fc85d3dd4"
LATE = replace(
    NEW, kind="late", late=True, title="", text="", url="", hits=(),
    stories=tuple(
        BundledStory(story_id=n, development=0, revision=0, topics=NEW.topics, title=f"第{n}則", url=f"https://news.example.com/{n}", portal="p",
            portal_name="P", published_at=None, language=None)
        for n in range(9)
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Chat:
    url_env: str = "DESK_CHAT_URL"
    type: str = "chat"


def attempt(address: str, message: Message = NEW, allow: frozenset[str] = frozenset({"127.0.0.1"})) -> Answer:
    """One attempt at an Apprise address, as the outbox makes it."""
    context = Sending(smtp=Smtp(host="127.0.0.1"), sender=SENDER, zone=TAIPEI, secrets={"DESK_CHAT_URL": address}, allow=allow)
    return send(Chat(), message, context)


def at(receiver: Receiver, scheme: str, path: str) -> str:
    return f"{scheme}://{receiver.url.removeprefix('http://').partition('/')[0]}/{path}"


@pytest.mark.parametrize(
    ("scheme", "path", "title", "text"),
    [("json", "in", "title", "message"), ("mmost", TOKEN, None, "text"), ("ntfy", "news", "title", "message")],
)
def test_each_service_gets_one_message_with_all_that_a_reader_needs(
    receiver: Receiver, scheme: str, path: str, title: str | None, text: str
) -> None:
    answer = attempt(at(receiver, scheme, path))
    assert answer.ok, answer
    (seen,) = receiver.seen
    told = json.loads(seen.body)
    whole = f"{told[title] if title else ''}\n{told[text]}"
    for needed in (
        TITLE,
        "俄朝往來",
        "港口郵報",
        "遠東通訊",
        "2024-06-18 22:30 (Asia/Taipei)",
        "朝鮮",
        "北韓（原文：朝鮮、朝鲜）",
        NEW.url,
    ):
        assert needed in whole
    assert "github" not in seen.body.decode()


def test_a_form_of_the_hosts_own_gets_it_too(receiver: Receiver) -> None:
    assert attempt(at(receiver, "xml", "in")).ok
    assert TITLE.encode() in receiver.seen[0].body


@pytest.mark.parametrize(("message", "word"), [(REVISION, "更新"), (DEVELOPMENT, "詳報")])
def test_a_revision_and_a_full_report_say_so(message: Message, word: str) -> None:
    told = note(message, SENDER, TAIPEI)
    assert told.title.startswith(word)
    assert len(told.text.splitlines()[0]) > 10


def test_a_late_message_lists_some_and_says_how_many_more() -> None:
    told = note(LATE, SENDER, TAIPEI)
    assert "9 則報導較晚命中" in told.title
    assert told.text.count("https://") == 5
    assert "另有 4 則" in told.text


@pytest.mark.parametrize("room", [500, 1000, BYTES])
@pytest.mark.parametrize("message", [NEW, REVISION, HOSTILE, LATE, replace(NEW, url="https://news.example.com/" + "a" * 2000)])
def test_a_note_stays_within_its_room(message: Message, room: int) -> None:
    told = note(message, SENDER, TAIPEI, room)
    assert len(f"{told.title}\n\n{told.text}".encode()) <= BYTES
    assert len(told.title) <= 120


def test_what_gives_way_is_the_excerpt_and_not_the_link() -> None:
    url = "https://news.example.com/" + "a" * 400
    told = note(replace(NEW, url=url, text=NEW.text * 9), SENDER, TAIPEI, 1000)
    assert told.text.endswith(url)
    assert len(f"{told.title}{told.text}".encode()) <= 1000


def test_mentions_markup_and_marks_of_direction_do_nothing() -> None:
    evil = '<!channel> @everyone <@U123> <at user_id="all">x</at> **b** _i_ [t](http://evil.example) `c` # h ~~s~~ \u202e\u200f {{x}} \\ |'
    told = note(
        replace(NEW, title=evil, text=evil * 9, hits=(), portal_name=evil, author=evil, publisher=(evil,), topics=((evil, evil),),
            url="https://news.example.com/@all/*a*/(b)"), SENDER, TAIPEI,
    )  # fmt: skip
    whole = f"{told.title}\n{told.text}"
    assert not set(whole) & set("@<>*_~`#|[]{}\\\u202e\u200f\u200b")
    assert whole.count("://") == 1
    assert told.text.endswith("https://news.example.com/%40all/%2Aa%2A/%28b%29")


@pytest.mark.parametrize("kind", ["ops", "test"])
def test_our_own_words_are_told_whole(kind: str) -> None:
    lines = "6park 自週二 14:10 起看不到\n最後一頁：09:00\n原因：403"
    told = note(replace(NEW, kind=kind, title="看不到 6park", text=lines, topics=(), hits=(), publisher=(), url=""), SENDER, TAIPEI)
    assert lines in told.text


def test_the_full_text_is_never_in_a_note() -> None:
    for text in ("普京今早到了朝鮮。", "一句話", "Putin arrived. Kim waited."):
        assert text not in note(replace(NEW, text=text), SENDER, TAIPEI).text


@pytest.mark.parametrize("status", [302, 401, 404, 429, 500])
def test_a_refusal_is_told_in_the_services_words_without_the_token(
    receiver: Receiver, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    receiver.answers.append((status, {"Location": "http://127.0.0.1:1/"}, f"no such hook {TOKEN}".encode()))
    with caplog.at_level(logging.DEBUG):
        answer = attempt(at(receiver, "mmost", TOKEN))
    assert not answer.ok
    assert str(status) in answer.detail
    assert len(receiver.seen) == 1
    assert TOKEN not in f"{answer}{caplog.text}"


def test_what_the_service_says_stands_in_the_answer(receiver: Receiver) -> None:
    receiver.answers.append((400, {}, b"channel is archived"))
    assert "channel is archived" in attempt(at(receiver, "mmost", TOKEN)).detail


def test_an_address_cannot_ask_for_retries_pretended_success_or_redirects(receiver: Receiver) -> None:
    receiver.answers += [(302, {"Location": receiver.url}, b""), (200, {}, b"")]
    assert not attempt(at(receiver, "mmost", f"{TOKEN}?retry=3&wait=0&optional=yes&redirect=yes&overflow=split")).ok
    assert len(receiver.seen) == 1


@pytest.mark.enable_socket  # the fence itself is what prevents these
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "2130706433"])
@pytest.mark.parametrize("scheme", ["json", "ntfy"])
def test_an_address_of_our_own_network_is_refused_when_the_connection_is_made(no_name_server: None, host: str, scheme: str) -> None:
    answer = attempt(f"{scheme}://{host}/topic", allow=frozenset())
    assert not answer.ok
    assert "refused" in answer.detail


def test_a_host_is_allowed_by_its_name_and_port(receiver: Receiver, no_name_server: None) -> None:
    port = receiver.url.split(":")[2].partition("/")[0]
    assert attempt(f"json://localhost:{port}/in", allow=frozenset({f"localhost:{port}"})).ok
    assert not attempt(f"json://localhost:{port}/in", allow=frozenset({"localhost:1"})).ok


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "syslog://", "dbus://", "windows://", "macosx://", "gnome://", "mailto://a:b@c.example", "rsyslog://localhost",
     "mqtt://localhost", "irc://localhost", "smpp://a", "x", "", "http://example.org/", "python://x", "slakc://a/b/c"],
)  # fmt: skip
def test_what_is_no_service_asked_over_http_is_refused(address: str) -> None:
    answer = attempt(address)
    assert not answer.ok
    assert "DESK_CHAT_URL" in answer.detail


def test_a_misspelt_service_gets_a_suggestion() -> None:
    assert "did you mean `slack`" in attempt("slakc://a/b/c").detail


def test_an_address_that_apprise_cannot_read_is_told_without_it(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = attempt(f"dingtalk://{TOKEN}!!not-a-token")
    assert "no address that Apprise can read" in answer.detail
    assert TOKEN not in f"{answer}{caplog.text}"


def test_several_receivers_in_one_address_are_refused() -> None:
    assert "2 receivers" in attempt("tgram://123456789:abcdefg_hijklmnop/111111/222222").detail


def test_an_answer_that_drips_is_cut(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "EXCHANGE_SECONDS", 0.3)
    receiver.answers.append((0, {}, b""))
    answer = attempt(at(receiver, "json", "in"))
    assert not answer.ok
    assert "may have been received" in answer.detail


@pytest.mark.parametrize(
    "body", [{"code": 0, "msg": "success"}, {"errcode": 0, "errmsg": "ok"}, {"StatusCode": 0, "StatusMessage": "success"}]
)
def test_a_robot_that_says_well_has_it(receiver: Receiver, body: dict[str, Any]) -> None:
    receiver.answers.append((200, {}, json.dumps(body).encode()))
    assert handed(receiver, is_feishu=True).ok
    assert json.loads(receiver.seen[0].body) == {"msg_type": "text", "content": {"text": "題\n\n文"}}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"code": 11232, "msg": "frequency limited"}', "11232: frequency limited"),
        (b'{"errcode": 130101, "errmsg": "send too fast"}', "130101: send too fast"),
        (b"<html>", "none of its kind"),
        (b"[]", "none of its kind"),
        (b"{}", "refused with None"),
    ],
)
def test_a_robot_that_answers_200_and_refuses_did_not_take_it(receiver: Receiver, body: bytes, told: str) -> None:
    receiver.answers.append((200, {}, body))
    answer = handed(receiver, is_feishu=False)
    assert (answer.ok, told in answer.detail) == (False, True)
    assert json.loads(receiver.seen[0].body)["msgtype"] == "text"


def handed(receiver: Receiver, *, is_feishu: bool) -> Answer:
    robot = robots.Robot(url=receiver.url, is_feishu=is_feishu)
    return robots.post(robot, Note(title="題", text="文"), frozenset({"127.0.0.1"}), NOW)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("feishu://abcdefgh12345", "https://open.feishu.cn/open-apis/bot/v2/hook/abcdefgh12345"),
        ("lark://abcdefgh-12345-abc", "https://open.larksuite.com/open-apis/bot/v2/hook/abcdefgh-12345-abc"),
        ("wecombot://abc-def", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=abc-def"),
        ("dingtalk://abcdef12345", "https://oapi.dingtalk.com/robot/send?access_token=abcdef12345"),
        # The signature of DingTalk's own documentation: base64(HMAC-SHA256(secret, "TIMESTAMP\nsecret")), percent-encoded once.
        (
            "dingtalk://secret@abcdef12345",
            "https://oapi.dingtalk.com/robot/send?access_token=abcdef12345&timestamp=1718722800000&sign=SIGN",
        ),
    ],
)
def test_a_robots_address_is_that_of_its_service(address: str, url: str) -> None:
    robot = robots.robot_of(address.partition(":")[0], chat._plugin(address, "X"), NOW)
    assert robot is not None
    made = "rgwBlLRvKZ8V%2BBTO%2F8M3V3kq%2BYy8Cg6jv5r0lIhV4G8%3D"
    assert robot.url.partition("&sign=")[0] == url.replace("SIGN", made).partition("&sign=")[0]
    assert ("&sign=" in robot.url) == ("&sign=" in url)


def test_every_service_that_is_let_through_is_known_to_apprise() -> None:
    from apprise.manager_plugins import NotificationManager

    assert set(NotificationManager().schemas()) >= chat.SCHEMES


def test_a_chats_plain_channel_is_read_from_its_environment_variable() -> None:
    context = SimpleNamespace(secrets={}, allow=frozenset(), sender=SENDER, zone=TAIPEI)
    with pytest.raises(chat.ConfigError, match="NOWHERE is not set"):
        chat.send(SimpleNamespace(url_env="NOWHERE"), NEW, context)
