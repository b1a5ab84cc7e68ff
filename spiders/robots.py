"""robots.txt by RFC 9309, for crawls and for single looks alike."""

from protego import Protego

AGENT = "portalwatch"
ROBOTS_LIMIT = 512 * 1024  # bytes that are read of a robots.txt; RFC 9309 asks for at least 500 KiB


def rules_of(status: int, body: bytes) -> Protego:
    """What a portal's answer for /robots.txt allows: a 4xx everything, a 5xx nothing."""
    if 400 <= status < 500:
        return Protego.parse("")
    if status >= 500:
        return Protego.parse("User-agent: *\nDisallow: /")
    return Protego.parse(body[:ROBOTS_LIMIT].decode("utf-8", "replace"))
