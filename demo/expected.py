"""Which alerts one full cycle through phases 0 to 3 owes, and what of them did not arrive, or should not have.

A story's topic alerts at its first matching telling after the learning run; copies and a merged piece never do; a
follow-up is its own story; the full report of a flash, and a material revision of the alerted article, alert once more.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

HEADLINE_START = 14  # characters of a headline that must stand in a subject, which may be cut short


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedAlert:
    """One message to one recipient. `headlines` are those of the tellings that may come first, on `portals`, and of no other story."""

    phase: int
    topics: tuple[str, ...]
    story: str
    headlines: tuple[str, ...]
    portals: tuple[str, ...]
    kind: str = "new"
    channel: str = "desk"


def _both(alert: ExpectedAlert) -> tuple[ExpectedAlert, ExpectedAlert]:
    """The alert as it goes to the desk and to the webhook."""
    return alert, replace(alert, channel="crm")


_RAIL = ("俄朝商定图们江铁路口岸明年试运行 货运量待核", "俄羅斯與北韓談定圖們江鐵路口岸 明年四月試行半年")
_CRUISE = ("游轮重返朝鲜元汀港：俄罗斯旅客记下的三天", "遊輪重返朝鮮元汀港：俄羅斯旅客記下的三天")
_CHIP_RULES = ("出口管制新规上路第一周：一家二手芯片商的七通电话", "出口管制新規上路第一週：一家二手芯片商的七通電話")
_WAYBILL = ("一张蓝色运单的来历：俄罗斯与朝鲜怎样谈拢表格", "一張藍色運單的來歷：俄羅斯與朝鮮怎樣談攏表格")
_TYPHOON = ("颱風「桐花」逼近呂宋北岸 外島三條航線停航",)
_HYDROGEN = ("快訊／俄羅斯與北韓在界河大橋試跑氫能機車", "没有烟的火车：界河大桥上的氢能机车跑了十一分钟")
_WARD = ("台风夜渡轮停航 岛上人民医院靠对讲机接生",)

EXPECTED: tuple[ExpectedAlert, ...] = (
    *_both(ExpectedAlert(phase=1, topics=("dprk-russia",), story="rail-link", headlines=_RAIL, portals=("dw_zh", "storm_mg"))),
    *_both(ExpectedAlert(phase=1, topics=("dprk-russia",), story="cruise", headlines=_CRUISE, portals=("bbc_zh",))),
    *_both(ExpectedAlert(phase=1, topics=("chips",), story="chip-rules", headlines=_CHIP_RULES, portals=("bbc_zh",))),
    *_both(ExpectedAlert(phase=1, topics=("typhoon",), story="typhoon", headlines=_TYPHOON, portals=("storm_mg",))),
    *_both(ExpectedAlert(phase=1, topics=("dprk-russia",), story="hydrogen", headlines=_HYDROGEN[:1], portals=("storm_mg",))),
    ExpectedAlert(
        phase=1, topics=("people",), story="county-hospital", headlines=("县人民医院的夜班药房：一扇小窗亮到天明",), portals=("park6",)
    ),
    *_both(
        ExpectedAlert(
            phase=2,
            topics=("dprk-russia",),
            story="rail-yard-visit",
            headlines=("北韓換裝場首度開放參觀 外媒數出八組轉向架",),
            portals=("storm_mg",),
        )
    ),
    *_both(ExpectedAlert(phase=2, topics=("dprk-russia",), story="waybill", headlines=_WAYBILL, portals=("bbc_zh",))),
    *_both(
        ExpectedAlert(phase=2, topics=("dprk-russia",), story="hydrogen", headlines=_HYDROGEN[1:], portals=("dw_zh",), kind="development")
    ),
    ExpectedAlert(
        phase=2,
        topics=("ccp",),
        story="print-exhibition",
        headlines=("海德堡展出油印小报 学者比对1930年代的纸张与墨迹",),
        portals=("dw_zh",),
    ),
    *_both(ExpectedAlert(phase=3, topics=("typhoon",), story="typhoon", headlines=_TYPHOON, portals=("storm_mg",), kind="revision")),
    ExpectedAlert(phase=3, topics=("people", "typhoon"), story="typhoon-ward", headlines=_WARD, portals=("park6",)),
    ExpectedAlert(phase=3, channel="crm", topics=("typhoon",), story="typhoon-ward", headlines=_WARD, portals=("park6",)),
)


def missing_and_unexpected(inbox: list[dict[str, Any]], hooks: list[dict[str, Any]], *, upto: int = 3) -> tuple[list[str], list[str]]:
    """What EXPECTED owes up to phase `upto` and did not arrive, and what arrived beyond it, a sentence each.

    `inbox` is GET /_inbox.json, `hooks` the events of GET /_hooks.json. Subject or title and the kind decide. A mail is of the
    kind that its X-Portalwatch-Kind says, or, without that header, a revision if it answers an earlier one (References).
    """
    wanted = [alert for alert in EXPECTED if alert.phase <= upto]
    arrived = [("desk", _mail_kind(mail), str(mail["subject"])) for mail in inbox]
    arrived += [("crm", *_event(event)) for event in hooks]
    stories = [(channel, kind, _story(title)) for channel, kind, title in arrived]
    owed = Counter((alert.channel, alert.kind, alert.story) for alert in wanted)
    came = Counter((channel, kind, story) for channel, kind, story in stories if story is not None)
    strangers = [
        f"{channel}: {kind} alert of no known story: {title}"
        for (channel, kind, title), (*_, story) in zip(arrived, stories, strict=True)
        if story is None
    ]
    return _told(owed - came), _told(came - owed) + strangers


def _told(alerts: Counter[tuple[str, str, str]]) -> list[str]:
    headline = {alert.story: alert.headlines[0] for alert in EXPECTED}
    return [f"{channel}: {kind} alert of {story} ({headline[story]})" for channel, kind, story in sorted(alerts.elements())]


def _story(title: str) -> str | None:
    squeezed = _squeezed(title)
    return next(
        (alert.story for alert in EXPECTED for headline in alert.headlines if _squeezed(headline)[:HEADLINE_START] in squeezed), None
    )


def _squeezed(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _mail_kind(mail: dict[str, Any]) -> str:
    headers = {str(name).lower(): str(value) for name, value in mail.get("headers", {}).items()}
    return headers.get("x-portalwatch-kind") or ("revision" if mail.get("references") else "new")


def _event(event: dict[str, Any]) -> tuple[str, str]:
    """(kind, title) of a webhook event, wherever in its payload they stand."""
    payload = event["payload"]
    kind = _first(payload, "kind") or str(_first(payload, "type") or "alert.new").removeprefix("alert.")
    return kind, _first(payload, "title", "headline") or ""


def _first(payload: Any, *names: str) -> str | None:
    """The first string under one of `names`, outer mappings before inner ones; lists are not entered."""
    level = [payload] if isinstance(payload, dict) else []
    while level:
        for each in level:
            if (name := next((name for name in names if isinstance(each.get(name), str)), None)) is not None:
                return str(each[name])
        level = [inner for each in level for inner in each.values() if isinstance(inner, dict)]
    return None
