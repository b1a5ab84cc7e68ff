"""Articles for tests, invented."""

from typing import Any

from pipelines.models import Article

TEXT = (
    "海岬市政府週三宣布,往返青嶼與內港的夜間渡輪將自下月起恢復行駛,每晚增開兩班,票價維持不變。交通局長林若川表示,"
    "過去一年的停駛源於碼頭樁基的鏽蝕,修復工程提前四十天完工。\n漁會代表則提醒,夜航恢復後小型漁船的避讓規則必須重新訂定,"
    "否則春汛期間容易發生擦撞。市議會預計在下週二的會期中審查相關條例,並邀請兩岸的船東代表列席說明。"
)


def article(**changes: Any) -> Article:
    """An article about a ferry, with `changes`."""
    return Article(**({"url": "https://www.dw.com/zh/a-1", "title": "青嶼夜間渡輪下月復航", "text": TEXT} | changes))
