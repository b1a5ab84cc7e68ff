"""What ops hear of the canary: once that it is lost, and where, and once that it is back."""

from typing import Any

from pipelines.config import Settings
from pipelines.errors import PortalwatchError
from pipelines.heartbeat import ping
from pipelines.ops import Notice, broke, mended
from portalwatch.canary.flight import Flight, fly

KEY = "ops.canary"
ADVICE = "News may not reach anybody until this is mended. Look closer with `portalwatch canary` and `portalwatch doctor`."
_STAGES = {
    "start": "it could not start",
    "fetch": "its page was not fetched",
    "extract": "its page was fetched, and no article came of it",
    "story": "its article has no story",
    "match": "its article was not matched",
    "mail": "its alert did not come by mail",
    "webhook": "its alert did not come by webhook",
    "store": "its result could not be kept in the store",
}


def proved(settings: Settings) -> dict[str, Any]:
    """One flight, told to ops and to the heartbeat; PortalwatchError names the stage that it did not reach."""
    flight = fly(settings)
    told(settings, flight)
    why = None if flight.broken is None else f"the canary is lost: {_STAGES[flight.broken]} ({flight.why})"
    ping(settings, "canary", why)
    if why:
        raise PortalwatchError(why)
    return flight.as_json()


def told(settings: Settings, flight: Flight) -> bool:
    """Tell ops what changed; gives whether they were told."""
    if flight.broken is None:
        return mended(settings, KEY, "the canary is back: a page of ours was fetched, read, matched, mailed and posted")
    subject = f"the canary is lost: {_STAGES[flight.broken]} ({flight.why})"
    reached = ", ".join(f"{stage} after {seconds:.1f} s" for stage, seconds in flight.took.items()) or "none"
    text = f"{subject}\nStages that it reached: {reached}.\n{ADVICE}"
    return broke(settings, Notice(key=KEY, subject=subject, text=text))
