"""What an alert waits for, in words: `why` and the list of alerts say the same."""

from datetime import datetime, tzinfo

from pipelines.policy.plan import Bundle, Policy
from pipelines.store.tables import AlertRow, Mute

WAITS = {
    Bundle.DIGEST: "waits for the digest at {}",
    Bundle.QUIET: "quiet until {}",
    Bundle.STORM: "more than the cap lets through: waits until {}",
    Bundle.LATE: "until the late batch {late} ends, at the latest {}",
}


def waits(row: AlertRow, policy: Policy, now: datetime) -> str | None:
    """What a held alert waits for, and until when by its recipient's clock; None where it waits for nothing."""
    if row.state != "held" or row.bundle is None:
        return None
    return WAITS[Bundle(row.bundle)].format(by_clock(row.next_try_at, policy.zone, now), late=row.late)


def muted(mute: Mute, zone: tzinfo, now: datetime) -> str:
    """Until when what is muted, and by whom."""
    until = f"muted until {by_clock(mute.until, zone, now)}" if mute.until > now else f"was muted until {by_clock(mute.until, zone, now)}"
    return f"{until} by {mute.who} (mute {mute.id})"


def by_clock(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """`18:00 Asia/Taipei`; with its day where that is another one."""
    local = moment.astimezone(zone)
    return f"{local:%H:%M} {zone}" if local.date() == now.astimezone(zone).date() else f"{local:%Y-%m-%d %H:%M} {zone}"
