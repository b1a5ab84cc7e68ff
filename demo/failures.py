"""Failures on demand: the next answers of the webhook receiver, the mail server or a portal go wrong as asked."""

import threading
from typing import Any

_KINDS = {"hook": ("status", 400, 599), "smtp": ("code", 400, 599), "portal": ("status", 400, 599)}


class Failures:
    """What is to fail and how many times yet. `portal` may name a `host`; `retry_after` (seconds) goes out as a header."""

    def __init__(self) -> None:
        self._left: dict[str, dict[str, Any]] = {}
        self._changing = threading.Lock()

    def order(self, orders: dict[str, Any]) -> None:
        """Take over `orders` such as {"hook": {"status": 500, "times": 3}}; ValueError where one makes no sense."""
        for kind, order in orders.items():
            _check(kind, order)
        with self._changing:
            self._left |= {kind: dict(order) for kind, order in orders.items()}

    def take(self, kind: str, *, host: str | None = None) -> dict[str, Any] | None:
        """The order that the present answer must follow, None where it may go well."""
        with self._changing:
            order = self._left.get(kind)
            if order is None or order["times"] < 1 or order.get("host", host) != host:
                return None
            order["times"] -= 1
            return order


def _check(kind: str, order: Any) -> None:
    if kind not in _KINDS or not isinstance(order, dict):
        raise ValueError(f'`{kind}` cannot fail so; order one of {", ".join(_KINDS)} as {{"{kind}": {{…, "times": 1}}}}')
    key, low, high = _KINDS[kind]
    code, times = order.get(key), order.get("times")
    if not isinstance(code, int) or not low <= code <= high:
        raise ValueError(f"{kind}.{key}: a number from {low} to {high} is needed")
    if not isinstance(times, int) or times < 0:
        raise ValueError(f"{kind}.times: how many answers are to fail, 0 or more")
