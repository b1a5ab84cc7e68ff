"""The address under which a gateway serves a portal's page."""

from urllib.parse import urlsplit


def through(gateway: str | None, url: str) -> str:
    """`{gateway}/{host}{path}`, the URL itself where there is no gateway."""
    if gateway is None:
        return url
    parts = urlsplit(url)
    path = f"{gateway.rstrip('/')}/{parts.netloc}{parts.path or '/'}"
    return f"{path}?{parts.query}" if parts.query else path
