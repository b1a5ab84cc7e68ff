"""The local webhook receiver: it believes signed messages only, and keeps each id once."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from demo.failures import Failures
from demo.journal import Journal

Answer = tuple[int, dict[str, Any], dict[str, str]]  # status, JSON, headers


class Hooks:
    """The events that arrived. `repeated` and `refused` count since the start of the process."""

    def __init__(self, journal: Journal, failures: Failures, secret: str) -> None:
        self.journal, self._failures = journal, failures
        self._webhook = Webhook(secret)
        self._known = {str(event["id"]) for event in journal.entries}
        self.repeated = self.refused = 0

    def receive(self, name: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Take one delivery to the hook called `name`; Standard Webhooks 1.0 says what is signed and how."""
        order = self._failures.take("hook")
        if order is not None:
            again = {"Retry-After": str(order["retry_after"])} if "retry_after" in order else {}
            return order["status"], {"error": "failing as ordered"}, again
        try:
            payload = self._verified(body, headers)
        except (WebhookVerificationError, ValueError) as error:
            self.refused += 1
            return 401, {"error": str(error) or "the signature is missing or wrong"}, {}
        self._keep(name, headers["webhook-id"], payload)
        return 200, {"ok": True}, {}

    def report(self) -> dict[str, Any]:
        """{"events": oldest first, "repeated", "refused"}."""
        return {"events": self.journal.entries, "repeated": self.repeated, "refused": self.refused}

    def _verified(self, body: bytes, headers: Mapping[str, str]) -> Any:
        signed = {key: headers[key] for key in ("webhook-id", "webhook-timestamp", "webhook-signature") if key in headers}
        self._webhook.verify(body, signed)
        return json.loads(body)

    def _keep(self, name: str, identity: str, payload: Any) -> None:
        if identity in self._known:
            self.repeated += 1
            return
        self._known.add(identity)
        self.journal.add(
            {"id": identity, "hook": name, "received_at": datetime.now(UTC).isoformat(timespec="milliseconds"), "payload": payload}
        )
