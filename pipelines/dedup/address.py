"""The Redis that PORTALWATCH_REDIS_URL names: an address that cannot be meant is refused before anybody is asked."""

import inspect

import redis
from redis.connection import parse_url

from pipelines.errors import ConfigError


def client(url: str, seconds: float) -> redis.Redis:
    """Nobody is connected yet; an answer may take so many seconds. ConfigError where the address, or what stands behind its ?, is none."""
    try:
        unknown = _unknown(url)
        found: redis.Redis = redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, decode_responses=True)
    except ValueError:
        raise ConfigError(
            "PORTALWATCH_REDIS_URL: cannot be used; write redis://[user:password@]host:port/0, special characters as %XX"
        ) from None
    if unknown:
        raise ConfigError(f"PORTALWATCH_REDIS_URL: redis-py knows no option {', '.join(sorted(unknown))}")
    return found


def _unknown(url: str) -> set[str]:
    """Redis-py takes any option, and ends the first connection with a TypeError."""
    asked = parse_url(url)  # type: ignore[no-untyped-call]
    takers = (redis.ConnectionPool, *asked.pop("connection_class", redis.Connection).__mro__)
    return set(asked) - {name for each in takers for name in inspect.signature(each.__init__).parameters}
