"""A portal of its own for what the replica portals do not do: refuse, stall, cut, lie about charsets."""

import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WORDS = [
    "海岬市政府",
    "週三宣布",
    "青嶼內港",
    "夜間航班",
    "下月恢復",
    "票價維持",
    "交通局長",
    "碼頭樁基",
    "修復工程",
    "提前完工",
    "漁會代表",
    "避讓規則",
    "重新訂定",
    "春汛期間",
    "容易擦撞",
    "市議會",
    "審查條例",
    "船東列席",
    "居民通勤",
    "學生離校",
    "醫護輪值",
    "當地商會",
    "估計往返",
    "夜市旅宿",
    "環保團體",
    "噪音測試",
    "候船區",
    "遮光設施",
    "燕鷗棲息",
    "氣象單位",
    "風浪警報",
    "備用船隻",
    "調度中心",
    "燃油補貼",
    "年度預算",
    "監測系統",
    "公開紀錄",
    "連假訂房",
    "取消行程",
    "封鎖路段",
    "省道工程",
    "無人機",
    "主纜檢查",
]


def paragraphs(seed: str) -> list[str]:
    """Three paragraphs about a ferry, unlike those of any other seed."""
    dice = random.Random(seed)
    return [f"渡輪消息:{'、'.join(dice.sample(WORDS, 12))}。" for _ in range(3)]


@dataclass(slots=True)
class Answer:
    """What an address answers, 304 to whoever knows its ETag or Last-Modified. `claimed`: the Content-Length that it lies about;
    `after`: what must happen before it answers; `drip`: seconds between two bytes."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    claimed: int | None = None
    after: threading.Event | None = None
    drip: float = 0.0


@dataclass(slots=True)
class Portal:
    """Answers by path (or by //host/path, which goes first); every request is counted, its time and what was posted kept."""

    url: str
    answers: dict[str, Answer]
    asked: list[str]
    posted: list[bytes] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def lists(self, *numbers: int, at: str = "/list") -> None:
        """The listing names these articles."""
        items = "".join(f'<li><a href="/article/{number}">第{number}篇</a></li>' for number in numbers)
        self.answers[at] = Answer(f"<html><ul id=news>{items}</ul></html>".encode())

    def publishes(self, *numbers: int) -> None:
        """The listing names these articles, and they are there."""
        self.lists(*numbers)
        for number in numbers:
            self.article(number)

    def article(self, number: int, **changes: Any) -> None:
        """An article about a ferry, with changes to its answer."""
        self.answers[f"/article/{number}"] = Answer(**({"body": page(f"第{number}號渡輪復航").encode()} | changes))


def page(title: str, charset: str = "utf-8", seed: str = "", foot: str = "") -> str:
    """An article's page, with paragraphs of the title's seed or another, and with what stands at its foot."""
    text = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs(seed or title))
    head = f"<html><head><meta charset={charset}><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1><div id=text>{text}</div>{foot}</body></html>"


def sheet(gateway: str, **keys: Any) -> str:
    """The portal's sheet."""
    return json.dumps(
        {
            "name": "海岬日報",
            "language": "zh-Hant",
            "timezone": "Asia/Taipei",
            "hosts": ["cape.example"],
            "gateway": gateway,
            "pace": {"delay": 0, "concurrency": 2, "budget": 1000},
            "discovery": [{"type": "listing", "url": "http://cape.example/list", "item": "#news li"}],
            "articles": [{"pattern": "^http://cape\\.example/article/(?P<id>\\d+)", "key": "{id}"}],
        }
        | keys
    )


@contextmanager
def portal(tls: ssl.SSLContext | None = None) -> Iterator[Portal]:
    """The portal, served on loopback, by https where it has `tls`."""
    answers: dict[str, Answer] = {"/robots.txt": Answer(status=404)}
    asked: list[str] = []
    posted: list[bytes] = []
    times: list[float] = []

    def note(path: str) -> None:
        asked.append(path)
        times.append(time.monotonic())

    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answers, note, posted.append))
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield Portal(
            url=f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}", answers=answers, asked=asked, posted=posted, times=times
        )
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_sheet(config: Path, gateway: str, **keys: Any) -> None:
    """Put the sheet where the house finds it."""
    (config / "portals" / "cape.yaml").write_text(sheet(gateway, **keys), encoding="utf-8")


def _handler(answers: dict[str, Answer], note: Callable[[str], None], keep: Callable[[bytes], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            keep(self.rfile.read(int(self.headers["Content-Length"])))
            self.do_GET()

        def do_GET(self) -> None:
            host, _, path = self.path[1:].partition("/")
            note(f"/{path}")
            answer = answers.get(f"//{host}/{path}") or answers.get(f"/{path}", Answer(status=404))
            pairs = (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
            if any(self.headers[asked] and self.headers[asked] == answer.headers.get(sent) for asked, sent in pairs):
                answer = Answer(status=304)
            if answer.after is not None:
                answer.after.wait(30)
            self.send_response(answer.status)
            self.send_header("Content-Length", str(answer.claimed or len(answer.body)))
            for name, value in ({"Content-Type": "text/html"} | answer.headers).items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for piece in [answer.body] if not answer.drip else [bytes([byte]) for byte in answer.body]:
                    self.wfile.write(piece)
                    time.sleep(answer.drip)
            except (BrokenPipeError, ConnectionResetError):
                return

        def log_message(self, *_: object) -> None:
            return

    return Handler
