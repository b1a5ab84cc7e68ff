"""A mail server that says more than it may."""

import socketserver
from threading import Thread

from pipelines.alerts.mail import Sender, Smtp, compose, send_mail
from tests.alerts.messages import NEW


class _Talker(socketserver.StreamRequestHandler):
    """Takes everything, and tells of the mail in a line of megabytes."""

    def handle(self) -> None:
        self.wfile.write(b"220 \xff\xfe\r\n")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                self.wfile.write(b"354 go on\r\n")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                self.wfile.write(b"250 " + b"x" * 1_000_000 + b"\r\n")
                return
            self.wfile.write(b"250 OK\r\n")


def test_a_reply_that_is_too_long_is_the_servers_fault_and_no_refusal_for_good() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Talker) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        smtp = Smtp(host="127.0.0.1", port=server.server_address[1], security="none")
        answer = send_mail(compose(NEW, Sender(address="alerts@watch.example.org")), smtp)
        server.shutdown()
    assert (answer.ok, answer.permanent) == (False, False)
    assert "too long" in answer.detail
