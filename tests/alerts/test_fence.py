"""The fence around libraries that open their connections themselves."""

import logging
import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pipelines.alerts.fence import Fence, listen_to
from tests.alerts.conftest import Receiver

NOBODY: frozenset[str] = frozenset()


def place(receiver: Receiver) -> tuple[str, int]:
    host, port = receiver.url.removeprefix("http://").partition("/")[0].split(":")
    return host, int(port)


def connect(to: tuple[str, int]) -> None:
    with closing(socket.create_connection(to, timeout=5)):
        pass


def test_inside_nothing_of_our_own_network_is_reached_and_outside_everything(receiver: Receiver) -> None:
    with Fence(NOBODY, 5) as fence, pytest.raises(PermissionError, match="loopback"):
        connect(place(receiver))
    assert "name `127.0.0.1` in PORTALWATCH_ALLOW_HOSTS" in str(fence.refused)
    connect(place(receiver))


def test_what_was_refused_once_stays_refused(receiver: Receiver) -> None:
    with Fence(frozenset({"127.0.0.1:1"}), 5) as fence:
        for _ in range(2):
            with pytest.raises(PermissionError):
                connect(place(receiver))
    assert fence.refused


@pytest.mark.parametrize("allow", ["127.0.0.1", "intra.example", "intra.example:{port}"])
def test_what_is_allowed_by_address_or_by_the_name_that_was_meant_is_reached(receiver: Receiver, allow: str) -> None:
    with Fence(frozenset({allow.format(port=place(receiver)[1])}), 5, "intra.example") as fence:
        connect(place(receiver))
    assert fence.refused is None


def test_a_socket_of_this_machine_is_no_way_out(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(str(tmp_path / "s"))
        server.listen()
        with closing(socket.socket(socket.AF_UNIX)) as client, Fence(NOBODY, 5), pytest.raises(PermissionError, match="very machine"):
            client.connect(str(tmp_path / "s"))


def test_another_thread_is_not_fenced(receiver: Receiver) -> None:
    failures: list[BaseException] = []

    def elsewhere() -> None:
        try:
            connect(place(receiver))
        except OSError as error:
            failures.append(error)

    with Fence(NOBODY, 5):
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    assert failures == []


def test_a_connection_is_cut_when_its_time_is_over() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server, Fence(frozenset({"127.0.0.1"}), 0.1) as fence:
        with closing(socket.create_connection(server.getsockname()[:2], timeout=20)) as client:
            assert client.recv(1) == b""
        assert fence.is_over


def test_what_libraries_say_inside_is_heard_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.chatty")
    listen_to("tests.chatty")
    listen_to("tests.chatty")
    with caplog.at_level(logging.DEBUG), Fence(NOBODY, 5) as fence:
        logger.debug("token %s", "pl4nted")
        logger.error("token %s", "pl4nted")
    logger.warning("outside")
    assert [record.getMessage() for record in fence.heard] == ["token pl4nted"] * 2
    assert "pl4nted" not in caplog.text
    assert "outside" in caplog.text
