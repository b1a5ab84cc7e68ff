"""The robots of Feishu, Lark, DingTalk and WeCom, which answer 200 to everything and say in the body what became of it.

Apprise knows their addresses but does not read that, and a message refused for coming too fast would count as sent.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import httpx

from pipelines.alerts.excerpt import clipped
from pipelines.alerts.exchange import exchange, release
from pipelines.alerts.note import Note
from pipelines.models import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """Where a robot takes its messages (`url` holds its token), and in what form: Feishu's or DingTalk's."""

    url: str = field(repr=False)
    is_feishu: bool


def robot_of(scheme: str, plugin: Any, now: datetime) -> Robot | None:
    """The robot that Apprise's plugin for `scheme` stands for; None where it is none of these."""
    return _ROBOTS[scheme](plugin, now) if scheme in _ROBOTS else None


def post(robot: Robot, note: Note, allow: frozenset[str], now: datetime) -> Answer:
    """One attempt to hand the note over, with the robot's own word on it."""
    text = f"{note.title}\n\n{note.text}"
    body = {"msg_type": "text", "content": {"text": text}} if robot.is_feishu else {"msgtype": "text", "text": {"content": text}}
    headers = {
        "content-type": "application/json; charset=utf-8",
        "accept-encoding": "identity",
        "user-agent": f"portalwatch/{release()} (alert)",
    }
    request = httpx.Request("POST", robot.url, content=json.dumps(body, ensure_ascii=False).encode(), headers=headers)
    return exchange(request, allow, now, _complaint)


def _complaint(body: bytes) -> str | None:
    """Feishu: {"code", "msg"}; DingTalk and WeCom: {"errcode", "errmsg"}; 0 is well."""
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return "an answer that is none of its kind; it may have been received"
    code = said.get("code", said.get("errcode", said.get("StatusCode")))
    return None if code == 0 else f"refused with {clipped(str(code), 20)}: {clipped(str(said.get('msg') or said.get('errmsg') or ''), 160)}"


def _dingtalk(plugin: Any, now: datetime) -> Robot:
    url: str = plugin.notify_url.format(token=plugin.token)
    if plugin.secret:
        stamp = str(round(now.timestamp() * 1000))
        made = hmac.new(plugin.secret.encode(), f"{stamp}\n{plugin.secret}".encode(), hashlib.sha256).digest()
        url += f"&timestamp={stamp}&sign={quote(base64.b64encode(made).decode(), safe='')}"
    return Robot(url=url, is_feishu=False)


_ROBOTS: Mapping[str, Callable[[Any, datetime], Robot]] = MappingProxyType(
    {
        "feishu": lambda plugin, _: Robot(url=plugin.notify_url.format(token=plugin.token).rstrip("/"), is_feishu=True),
        "lark": lambda plugin, _: Robot(url=plugin.webhook_url, is_feishu=True),
        "dingtalk": _dingtalk,
        "wecombot": lambda plugin, _: Robot(url=plugin.api_url, is_feishu=False),
    }
)
