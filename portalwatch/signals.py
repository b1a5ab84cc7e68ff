"""Ending on request: SIGINT, SIGTERM and SIGHUP become one KeyboardInterrupt, and none while things are being stopped."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # a lost terminal ends us as orderly


@contextmanager
def stopping() -> Iterator[None]:
    """Inside the block the first of SIGNALS raises KeyboardInterrupt; later ones are ignored while it unwinds."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
