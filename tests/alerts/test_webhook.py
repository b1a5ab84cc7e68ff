"""The webhook: the payload as published, signed, and every answer a receiver may give."""

import base64
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from http.server import HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped, unused-ignore]
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from pipelines.alerts import exchange, webhook
from pipelines.alerts.webhook import Hook, body, payload, send_webhook
from pipelines.errors import ConfigError
from pipelines.models import Answer, Hit, Message
from tests.alerts.conftest import Certificate, Receiver, handler
from tests.alerts.messages import DEVELOPMENT, HOSTILE, NEW, REVISION, TEXT, VANISHED

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json.loads((DOCS / "webhook.schema.json").read_text(encoding="utf-8"))
SECRET = "whsec_cGxhbnRlZC1zZWNyZXQtb2YtYS13ZWJob29rIQ=="
OLD_SECRET = "whsec_YW4tb2xkZXItc2VjcmV0LW9mLWEtd2ViaG9vaw=="
NOW = datetime(2024, 6, 18, 15, 0, tzinfo=UTC)
ALLOW = frozenset({"127.0.0.1", "localhost"})


def strict(schema: Any) -> Any:
    """The schema, with every key that it does not name refused: what we send must be what we publish."""
    if isinstance(schema, list):
        return [strict(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: strict(value) for key, value in schema.items()}
    return found | {"additionalProperties": False} if "properties" in found and "required" in found else found


def problems(document: Any) -> list[str]:
    return [error.message for error in Draft202012Validator(strict(SCHEMA), format_checker=FormatChecker()).iter_errors(document)]


def hook(receiver: Receiver, **changes: Any) -> Hook:
    return replace(Hook(url=receiver.url, secrets=(SECRET,), allow=ALLOW), **changes)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    "message",
    [
        NEW,
        DEVELOPMENT,
        REVISION,
        VANISHED,
        HOSTILE,
        replace(NEW, kind="test"),
        replace(NEW, published_at=date(2024, 6, 18), publisher=(), author=None, rights=None, language=None, hits=(), topics=()),
    ],
)
def test_every_payload_is_as_published_and_can_be_stored_anywhere(message: Message) -> None:
    assert problems(json.loads(body(message, NOW))) == []
    assert b"\\u0000" not in body(message, NOW)


@pytest.mark.parametrize("broken", [{"type": "alert.old"}, {"extra": 1}, {"data": {}}, {"schema": "portalwatch.alert/2"}])
def test_the_schema_refuses_what_is_not_as_published(broken: dict[str, Any]) -> None:
    assert problems(payload(NEW) | broken)


def test_the_example_in_the_document_is_as_published() -> None:
    text = (DOCS / "webhooks.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0])
    assert problems(example) == []
    for hit in example["data"]["hits"]:
        assert example["data"][hit["field"]][hit["start"] : hit["end"]] == hit["as_written"]


def test_hits_index_the_title_and_excerpt_that_are_sent() -> None:
    data = json.loads(body(NEW, NOW))["data"]
    assert {hit["field"] for hit in data["hits"]} == {"title", "excerpt"}
    assert {hit["as_written"] for hit in data["hits"]} == {"普京", "朝鮮", "朝鲜", "俄羅斯", "俄罗斯"}
    for hit in data["hits"]:
        assert data[hit["field"]][hit["start"] : hit["end"]] == hit["as_written"]


def test_the_json_is_compact_and_in_the_original_script() -> None:
    sent = body(NEW, NOW).decode()
    assert '"title":"平壤代表團抵達海參崴，普京週三設宴"' in sent
    assert "朝鲜与俄罗斯" in sent


def test_neither_the_full_text_nor_a_comment_nor_the_recipient_is_sent() -> None:
    secret_url = "https://hooks.example/T0/very-secret-path"
    hit = Hit(term="飯店", as_written="飯店的事誰知道", start=0, end=7, field="comments[0]")
    sent = body(replace(NEW, recipient=secret_url, hits=(hit,)), NOW).decode()
    assert " ".join(TEXT.split()) not in sent
    assert "誰知道" not in sent
    assert "very-secret" not in sent
    assert json.loads(sent)["data"]["terms"] == [{"term": "飯店", "fields": ["comments"]}]


def test_revisions_and_developments_name_what_they_supersede_and_a_new_alert_nothing() -> None:
    assert (payload(REVISION)["type"], payload(REVISION)["data"]["supersedes"]) == ("alert.revision", "m-0001")
    assert (payload(DEVELOPMENT)["type"], payload(DEVELOPMENT)["data"]["supersedes"]) == ("alert.development", "m-0001")
    assert (payload(NEW)["type"], payload(NEW)["data"]["supersedes"]) == ("alert.new", None)


def test_a_revision_tells_what_changed_and_never_much_of_it() -> None:
    change = payload(REVISION)["data"]["change"]
    assert (change["title"], change["more"], change["cut"], change["added"]) == ("平壤代表團抵達海參崴", 0, 10, 13)
    assert [(place["cut"], place["added"]) for place in change["places"]] == [
        ("兩", "三"),
        ("", "市民阿廖沙在街角賣花"),
        ("15", "12"),
        ("警方封鎖了碼頭。", ""),
    ]
    assert "change" not in payload(NEW)["data"]


@pytest.mark.parametrize("size", [1, 20, 60, 300, 5000])
def test_changes_and_excerpt_together_never_show_a_whole_text(size: int) -> None:
    text = "".join(chr(0x4E00 + at) + "。" * (at % 25 == 24) for at in range(size))
    data = payload(replace(REVISION, text=text, hits=(), before=("x", "舊")))["data"]
    shown = data["excerpt"] + "".join(place["before"] + place["added"] + place["after"] for place in data["change"]["places"])
    assert len(set(text) & set(shown)) <= 0.9 * len(set(text))


def test_a_vanished_article_is_told_in_the_thread_of_its_alert() -> None:
    told = payload(VANISHED)
    assert (told["type"], told["data"]["supersedes"], told["data"]["title"]) == ("alert.vanished", "m-0001", NEW.title)


def test_the_body_is_the_same_on_every_attempt() -> None:
    assert body(NEW, NOW) == body(NEW, NOW + timedelta(days=2))


def verify_of_the_document() -> Callable[[bytes, dict[str, str], str], dict[str, Any]]:
    text = (DOCS / "webhooks.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0], names)
    found: Callable[[bytes, dict[str, str], str], dict[str, Any]] = names["alert"]
    return found


def test_the_documents_own_code_verifies_what_is_sent(receiver: Receiver) -> None:
    assert send_webhook(hook(receiver), NEW) == Answer(ok=True, detail="HTTP 200 OK")
    seen, alert = receiver.seen[0], verify_of_the_document()
    assert alert(seen.body, seen.headers, SECRET)["id"] == "m-0001" == seen.headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        alert(seen.body.replace(b"alert.new", b"alert.bad"), seen.headers, SECRET)
    with pytest.raises(WebhookVerificationError):
        alert(seen.body, seen.headers, OLD_SECRET)


@pytest.mark.parametrize("between", [",", " ", ", ", "\n"])
def test_while_secrets_change_both_verify(receiver: Receiver, between: str) -> None:
    channel = SimpleNamespace(type="webhook", url=receiver.url, secret_env="HOOK", headers={"X-Desk": "night"})
    context = SimpleNamespace(secrets={"HOOK": f" {SECRET}{between}{OLD_SECRET} "}, allow=ALLOW)
    assert webhook.send(channel, NEW, context).ok
    seen = receiver.seen[0]
    assert len(seen.headers["webhook-signature"].split(" ")) == 2
    assert seen.headers["x-desk"] == "night"
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(seen.body, seen.headers)["type"] == "alert.new"


@pytest.mark.parametrize("value", ["", " ", ",", "whsec_", "whsec_!!!", "no base64", f"{SECRET},pl4nted!"])
def test_a_missing_or_broken_secret_is_named_and_not_repeated(value: str) -> None:
    channel = SimpleNamespace(url="https://a.example/", secret_env="HOOK", headers=None)
    with pytest.raises(ConfigError, match="HOOK") as refusal:
        webhook.send(channel, NEW, SimpleNamespace(secrets={"HOOK": value}, allow=frozenset()))
    assert "pl4nted" not in str(refusal.value)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ftp://a.example/", "must begin with"),
        ("https://", "name a host"),
        ("/hook", "must begin with"),
        ("https://a.example:99999/", "possible port"),
        ("https://u:pl4nted@a.example/", "user or password"),
        ("https://a.example\x00/", "is no URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_in_words(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as refusal:
        send_webhook(Hook(url=url), NEW)
    assert "pl4nted" not in str(refusal.value)


@pytest.mark.parametrize(
    "headers", [{"Webhook-Id": "x"}, {"host": "x"}, {"Content-Length": "0"}, {"a b": "c"}, {"X": "a\r\nY: b"}, {"X": "密"}, {"X:": "y"}]
)
def test_headers_that_would_break_or_forge_a_request_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="header"):
        send_webhook(Hook(url="https://a.example/", headers=headers), NEW)


@pytest.mark.parametrize(
    ("status", "headers", "understood"),
    [
        (200, {}, (True, False, None)),
        (204, {}, (True, False, None)),
        (299, {}, (True, False, None)),
        (301, {"Location": "http://127.0.0.1:1/"}, (False, False, None)),
        (400, {}, (False, False, None)),
        (401, {}, (False, False, None)),
        (404, {}, (False, False, None)),
        (410, {}, (False, True, None)),
        (429, {"Retry-After": "120"}, (False, False, 120.0)),
        (500, {}, (False, False, None)),
        (503, {"Retry-After": format_datetime(NOW + timedelta(minutes=5), usegmt=True)}, (False, False, 300.0)),
        (503, {"Retry-After": format_datetime(NOW - timedelta(minutes=5), usegmt=True)}, (False, False, 0.0)),
        (503, {"Retry-After": "99999999999"}, (False, False, 86_400.0)),
        (503, {"Retry-After": "1000000000000"}, (False, False, 86_400.0)),
        (503, {"Retry-After": "soon"}, (False, False, None)),
        (503, {"Retry-After": "-5"}, (False, False, None)),
        (599, {}, (False, False, None)),
    ],
)
def test_each_answer_is_understood(
    receiver: Receiver, status: int, headers: dict[str, str], understood: tuple[bool, bool, float | None]
) -> None:
    receiver.answers.append((status, headers, b""))
    answer = send_webhook(hook(receiver), NEW, NOW)
    assert (answer.ok, answer.permanent, answer.retry_after) == understood
    assert answer.detail.startswith(f"HTTP {status}")
    assert len(receiver.seen) == 1


def test_a_redirect_is_not_followed_but_explained(receiver: Receiver) -> None:
    receiver.answers += [(307, {"Location": receiver.url}, b"")]
    assert "redirects are not followed" in send_webhook(hook(receiver), NEW).detail
    assert len(receiver.seen) == 1


def test_what_the_receiver_says_is_told_in_one_short_line(receiver: Receiver) -> None:
    receiver.answers.append((422, {}, "主題\n不明\u202e".encode() + b"x" * 100_000))
    answer = send_webhook(hook(receiver), NEW)
    assert answer.detail.startswith("HTTP 422 Unprocessable Entity: 主題 不明")
    assert len(answer.detail) < 260


def test_a_body_without_end_is_read_no_further_than_its_beginning(receiver: Receiver) -> None:
    receiver.answers.append(b"HTTP/1.1 500 No\r\nContent-Length: 999999999\r\n\r\n" + b"y" * 300_000)
    assert send_webhook(hook(receiver), NEW).detail.startswith("HTTP 500 Internal Server Error: yyy")


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "without a proper HTTP answer"),
        (b"HTTP/1.1 200", "without a proper HTTP answer"),
        (b"SSH-2.0-hello\r\n", "without a proper HTTP answer"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\nhalf", "HTTP 500 Internal Server Error: half"),
    ],
)
def test_a_connection_cut_short_is_told(receiver: Receiver, sent: bytes, told: str) -> None:
    receiver.answers.append(sent)
    answer = send_webhook(hook(receiver), NEW)
    assert told in answer.detail
    assert (answer.ok, answer.permanent) == (False, False)


def test_an_accepted_alert_stays_accepted_when_its_answer_is_cut_short(receiver: Receiver) -> None:
    receiver.answers.append(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
    assert send_webhook(hook(receiver), NEW).ok


def test_a_receiver_that_never_answers_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "READ_SECONDS", 0.2)
    receiver.answers.append((0, {}, b""))
    answer = send_webhook(hook(receiver), NEW)
    assert answer == Answer(ok=False, detail="127.0.0.1: no answer in time; it may have been received")


@pytest.mark.usefixtures("no_name_server")
def test_nobody_listening_and_an_unknown_name_are_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert send_webhook(Hook(url=f"http://127.0.0.1:{port}/", allow=ALLOW), NEW).detail == "127.0.0.1: connection refused"
    assert send_webhook(Hook(url="https://hook.invalid/x"), NEW).detail == "hook.invalid: name not resolved"


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    with https_server(certificate) as url:
        refused = send_webhook(Hook(url=url, allow=ALLOW), NEW)
        assert "certificate verify failed" in refused.detail
        assert not refused.permanent
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.chain))
        assert send_webhook(Hook(url=url, allow=ALLOW), NEW).ok


class https_server:  # noqa: N801 -- a context manager
    """One that answers 200 to whatever passes the handshake."""

    def __init__(self, certificate: Certificate) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate.chain, certificate.key)
        self.server = HTTPServer(("127.0.0.1", 0), handler(Receiver(url="")))
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> str:
        self.thread.start()
        return f"https://localhost:{self.server.server_address[1]}/hook"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def test_the_secret_is_in_no_repr() -> None:
    assert SECRET not in repr(Hook(url="https://a.example/", secrets=(SECRET,), headers={"Authorization": "Bearer pl4nted"}))
    assert "pl4nted" not in repr(Hook(url="https://a.example/", headers={"Authorization": "Bearer pl4nted"}))


def test_a_retraction_tells_ids_and_nothing_else() -> None:
    taken = Message(
        id="pw_r", kind="retracted", channel="crm", recipient="crm", story_id=41, revision=0, topics=(), title="", text="", url="",
        portal="portalwatch", portal_name="portalwatch", first_seen_at=datetime(2026, 11, 22, tzinfo=UTC), retracts=("pw_1", "pw_2"),
    )  # fmt: skip
    told = payload(taken)
    assert problems(told) == []
    assert (told["type"], told["data"].pop("retracts"), told["data"].pop("story_id")) == ("alert.retracted", ["pw_1", "pw_2"], 41)
    told["data"].pop("portal")
    assert not any(told["data"].values())
    assert problems(payload(replace(taken, retracts=()))) != []


NODE = shutil.which("node")
CHECK = """
const [id, stamp, signature, secret, body] = JSON.parse(require("fs").readFileSync(0, "utf8"));
const headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature};
try { console.log(alertOf(Buffer.from(body, "base64"), headers, secret).id); } catch (error) { console.log(error.message); }
"""


@pytest.mark.skipif(NODE is None, reason="no node on this machine")
@pytest.mark.parametrize(
    ("spoil", "told"),
    [({}, "m-0001"), ({"body": b"{}"}, "no signature fits"), ({"secret": "whsec_b3RoZXI="}, "no signature fits"),
     ({"stamp": "1700000000"}, "too old, or from the future"), ({"stamp": "x"}, "too old, or from the future"), ({"signature": ""}, "no signature fits")],
)  # fmt: skip
def test_the_documented_verification_in_javascript_accepts_ours_and_no_other(receiver: Receiver, spoil: dict[str, Any], told: str) -> None:
    code = (DOCS / "webhooks.md").read_text(encoding="utf-8").partition("```javascript\n")[2].partition("```")[0]
    assert send_webhook(Hook(url=receiver.url, secrets=("whsec_b25lIG1vcmU=", SECRET), allow=ALLOW), NEW).ok
    seen = receiver.seen[0]
    sent = {"id": seen.headers["webhook-id"], "stamp": seen.headers["webhook-timestamp"], "signature": seen.headers["webhook-signature"]}
    given = {**sent, "secret": SECRET, "body": seen.body} | spoil
    told_to = json.dumps([*(given[name] for name in ("id", "stamp", "signature", "secret")), base64.b64encode(given["body"]).decode()])
    done = subprocess.run([str(NODE), "-e", code + CHECK], input=told_to, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == told
