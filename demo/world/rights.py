"""The copyright line that travels with a Deutsche Welle text, in the script of the portal that prints it."""

from datetime import datetime
from zoneinfo import ZoneInfo

_LINES = {
    ("dw_zh", "德国之声"): ("Europe/Berlin", "© {year}年德国之声版权声明：本篇的著作权属于作者与本台，转载之前请先取得书面同意。"),
    ("storm_mg", "德國之聲"): ("Asia/Taipei", "© {year}年德國之聲版權聲明：本篇的著作權屬於作者與原電台，轉載之前請先取得書面同意。"),
}


def rights_line(portal: str, publisher: tuple[str, ...], published: datetime) -> str:
    """The line under such a text on `portal`, empty for any other text."""
    zone, line = _LINES.get((portal, publisher[0]), ("UTC", ""))
    return line.format(year=published.astimezone(ZoneInfo(zone)).year)
