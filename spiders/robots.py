"""robots.txt by RFC 9309, for crawls and for single looks alike."""

from protego import Protego

AGENT = "portalwatch"
ROBOTS_LIMIT = 512 * 1024  # bytes that are read of a robots.txt; RFC 9309 asks for at least 500 KiB


LONGEST_DELAY = 300.0  # seconds between requests; a run lasts 25 minutes, and would end before it read anything


def kept_delay(rules: Protego, host: str) -> tuple[float, str | None]:
    """(seconds between requests that robots.txt asks for, as far as a run can wait, what is told where it asks for more); 0 for none."""
    asked = float(rules.crawl_delay(AGENT) or 0)
    if asked <= LONGEST_DELAY:
        return max(asked, 0.0), None
    return LONGEST_DELAY, f"robots.txt of {host} asks for {asked:,.0f} s between requests: {LONGEST_DELAY:.0f} s are kept"


def rules_of(status: int, body: bytes) -> Protego:
    """What a portal's answer for /robots.txt allows: a 4xx everything, a 5xx nothing."""
    if 400 <= status < 500:
        return Protego.parse("")
    if status >= 500:
        return Protego.parse("User-agent: *\nDisallow: /")
    return Protego.parse(body[:ROBOTS_LIMIT].decode("utf-8", "replace"))
