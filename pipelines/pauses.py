"""How long to wait before the next try: twice as long each time, and not all at once."""

import hashlib
from datetime import timedelta

EXPONENT_CAP = 24


def pause(first: timedelta, longest: timedelta, failures: int, name: str) -> timedelta:
    """The pause after the nth failure in a row: between half of `first` * 2^(n-1) and the whole of it, at most `longest`.

    Where between depends on `name` and n alone ("equal jitter", Brooker, Exponential Backoff And Jitter, 2015), so that what failed
    together does not come again together.
    """
    whole: timedelta = min(first * 2 ** min(max(failures - 1, 0), EXPONENT_CAP), longest)
    return whole * (0.5 + 0.5 * _share(f"{name}\n{failures}"))


def _share(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:6]) / 2**48
