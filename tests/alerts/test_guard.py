"""The guard: no spelling, name or second answer leads a webhook inside, and a slow answer ends."""

import base64
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import httpcore
import pytest

from pipelines.alerts import exchange
from pipelines.alerts.guard import Guard, RefusedAddressError, is_allowed, why_refused
from pipelines.alerts.redaction import redacted
from pipelines.alerts.webhook import Hook, send_webhook
from pipelines.errors import PortalwatchError
from tests.alerts.conftest import Receiver
from tests.alerts.messages import NEW


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("100.64.0.1", "private"),
        ("100.100.100.200", "private"),
        ("198.18.0.1", "private"),
        ("192.0.2.1", "private"),
        ("192.0.0.8", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("ff02::1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fec0::1", "reserved"),
        ("168.63.129.16", "private"),
        ("2001:db8::1", "private"),
        ("2001::1", "private"),
        ("4000::1", "reserved"),
        ("::7f00:1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:a9fe:a9fe", "link-local"),
        ("64:ff9b::7f00:1", "loopback"),
        ("2002:7f00:1::", "loopback"),
        ("64:ff9b:1::7f00:1", "reserved"),
        ("192.88.99.1", "private"),
        ("3fff::1", "private"),
    ],
)
def test_addresses_inside_are_refused_with_their_kind(address: str, reason: str) -> None:
    assert why_refused(address) == reason


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ],
)
def test_addresses_of_the_open_internet_pass(address: str) -> None:
    assert why_refused(address) is None


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/", "http://0x7f000001:{port}/", "http://0x7f.1:{port}/", "http://0177.0.0.1:{port}/",
        "http://127.0.0.1.:{port}/", "http://localhost:{port}/", "http://LOCALHOST:{port}/", "http://localhost.:{port}/", "http://0:{port}/", "http://0.0.0.0:{port}/",
        "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://[0:0:0:0:0:ffff:127.0.0.1]:{port}/",
        "http://１２７.０.０.１:{port}/", "http://ⓛocalhost:{port}/", "http://127。0。0。1:{port}/",
        "http://hook.example.org@127.0.0.1:{port}/", "http://hook.example.org:x@127.0.0.1:{port}/", "http://127.0.0.1:{port}#@hook.example.org/",
        "http://hook.example.org\\@127.0.0.1:{port}/", "http://127.0.0.1:{port}\\@hook.example.org/", "http://%31%32%37.0.0.1:{port}/", "http://127.0.0.1%00.example.org:{port}/",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_name_server")
def test_no_spelling_of_the_own_machine_gets_through(form: str, receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    try:
        answer = send_webhook(Hook(url=form.format(port=port), allow=frozenset({"hook.example.org"})), NEW)
        assert not answer.ok
    except PortalwatchError:
        pass
    assert receiver.seen == []


def test_a_refusal_names_host_kind_and_remedy_but_not_the_path(receiver: Receiver) -> None:
    answer = send_webhook(Hook(url=receiver.url.replace("127.0.0.1", "localhost") + "/token"), NEW)
    assert "localhost leads to " in answer.detail
    assert "a loopback address" in answer.detail
    assert "name `localhost` in PORTALWATCH_ALLOW_HOSTS" in answer.detail
    assert "token" not in answer.detail
    assert not answer.permanent


Resolver = Callable[..., list[tuple[Any, ...]]]


def resolver(*answers: list[str]) -> Resolver:
    """A name server that changes its mind from question to question about `rebind.example`."""
    real, left = socket.getaddrinfo, list(answers)

    def found(host: str, port: int, *arguments: Any, **options: Any) -> list[tuple[Any, ...]]:
        if host != "rebind.example":
            return list(real(host, port, *arguments, **options))
        addresses = left.pop(0)
        return [
            (socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses
        ]

    return found


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver(["8.8.8.8"], ["127.0.0.1"]))
    connected: list[str] = []

    def connect(self: object, host: str, *_: object) -> httpcore.NetworkStream:
        connected.append(host)
        raise httpcore.ConnectError("no")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    with pytest.raises(httpcore.ConnectError):
        Guard(frozenset(), 5).connect_tcp("rebind.example", 80)
    assert connected == ["8.8.8.8"]


def test_one_bad_address_among_good_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver(["8.8.8.8", "2606:4700::1111", "192.168.1.1"]))
    with pytest.raises(RefusedAddressError, match=r"192\.168\.1\.1, a private address"):
        Guard(frozenset(), 5).connect_tcp("rebind.example", 80)


def test_the_next_address_is_tried_where_the_first_does_not_answer(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolver(["::1", "127.0.0.1"]))
    url = receiver.url.replace("127.0.0.1", "rebind.example")
    assert send_webhook(Hook(url=url, allow=frozenset({"rebind.example"})), NEW).ok
    assert receiver.seen[0].headers["host"].startswith("rebind.example:")


@pytest.mark.parametrize("form", ["127.0.0.1", "127.0.0.1:{port}"])
def test_a_host_that_is_allowed_by_name_is_reached(form: str, receiver: Receiver) -> None:
    port = receiver.url.split(":")[2].split("/")[0]
    assert send_webhook(Hook(url=receiver.url, allow=frozenset({form.format(port=port)})), NEW).ok


@pytest.mark.parametrize(
    ("host", "port", "entry", "allowed"),
    [
        ("intra.example", 80, "intra.example", True), ("INTRA.example.", 80, "intra.EXAMPLE", True), ("intra.example", 80, "intra.example:80", True),
        ("intra.example", 81, "intra.example:80", False), ("xintra.example", 80, "intra.example", False), ("intra.example.evil.org", 80, "intra.example", False),
        ("::1", 80, "::1", True), ("::1", 80, "[::1]:80", True), ("::1", 81, "[::1]:80", False), ("127.0.0.1", 80, "localhost", False), ("127.1", 80, "127.0.0.1", False),
    ],
)  # fmt: skip
def test_a_host_is_allowed_by_its_own_name_only(host: str, port: int, entry: str, allowed: bool) -> None:
    assert is_allowed(host, port, frozenset({entry})) is allowed


def test_an_answer_that_drips_is_ended_when_the_exchange_has_to(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "EXCHANGE_SECONDS", 0.4)
    stop = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        line, _ = listener.accept()
        with line:
            while not stop.wait(0.02):
                try:
                    line.sendall(b"H")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    answer = send_webhook(replace(Hook(url=f"http://127.0.0.1:{listener.getsockname()[1]}/"), allow=frozenset({"127.0.0.1"})), NEW)
    stop.set()
    thread.join()
    listener.close()
    assert answer.detail == "127.0.0.1: no answer in time; it may have been received"


@pytest.mark.parametrize("secret", ["hunter2+/=", "密碼 🔑", "a.*b"])
def test_a_secret_is_hidden_in_every_form(secret: str) -> None:
    forms = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
    assert redacted(" ".join(forms), ["", secret]) == "••• ••• •••"
    assert redacted("nothing here", ["", secret]) == "nothing here"
    assert redacted("nothing here", []) == "nothing here"
