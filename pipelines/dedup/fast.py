"""Redis, the fast path: URLs seen, leases, and the index of near-duplicates. Losing it costs speed, never an answer.

Every method gives None where Redis is away; the caller then asks SQL.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

import redis

from pipelines.dedup.shingles import Hashes
from pipelines.errors import ConfigError

T = TypeVar("T")
log = logging.getLogger(__name__)

GENERATION = timedelta(days=7)
SEEN_GENERATIONS = 5  # an address older than this is looked up in SQL
NEAR_GENERATIONS = 3  # at least 14 days of near-duplicates
BUCKETS = 1024  # sets of up to 512 numbers stay 8 bytes a number
LEASE = timedelta(minutes=40)  # longer than any run
ALIVE = timedelta(seconds=30)  # a holder that was not heard of for this long is dead, and its leases are free
REST_WHEN_AWAY = 5.0  # seconds before Redis is asked again

_SEEN = """
local answer = {}
for i = 2, #ARGV, 2 do
  answer[#answer + 1] = 0
  for generation in string.gmatch(ARGV[1], "[^,]+") do
    if redis.call("SISMEMBER", KEYS[1] .. generation .. ":" .. ARGV[i], ARGV[i + 1]) == 1 then answer[#answer] = 1 break end
  end
end
return answer
"""
_MARK = """
for i = 3, #ARGV, 2 do
  local key = KEYS[1] .. ARGV[1] .. ":" .. ARGV[i]
  if redis.call("SADD", key, ARGV[i + 1]) == 1 and redis.call("TTL", key) < 0 then redis.call("EXPIRE", key, ARGV[2]) end
end
"""
_LEASE = """
local answer = {}
for i = 3, #ARGV do
  local holder = redis.call("GET", KEYS[1] .. ARGV[i])
  local free = not holder or holder == ARGV[1] or redis.call("EXISTS", KEYS[2] .. holder) == 0
  if free then redis.call("SET", KEYS[1] .. ARGV[i], ARGV[1], "EX", ARGV[2]) end
  answer[#answer + 1] = free and 1 or 0
end
return answer
"""
_RELEASE = """
for i = 2, #ARGV do
  if redis.call("GET", KEYS[1] .. ARGV[i]) == ARGV[1] then redis.call("DEL", KEYS[1] .. ARGV[i]) end
end
"""
_NEAR = """
local votes, answer = {}, {}
for i = 2, #ARGV, 2 do
  for generation in string.gmatch(ARGV[1], "[^,]+") do
    local id = redis.call("HGET", KEYS[1] .. generation .. ":" .. ARGV[i], ARGV[i + 1])
    if id then votes[id] = (votes[id] or 0) + 1 end
  end
end
for id, count in pairs(votes) do answer[#answer + 1] = id answer[#answer + 1] = count end
return {redis.call("GET", KEYS[2]) or "0", answer}
"""
_POST = """
for i = 5, #ARGV, 2 do
  local key = KEYS[1] .. ARGV[2] .. ":" .. ARGV[i]
  redis.call("HSET", key, ARGV[i + 1], ARGV[1])
  if redis.call("TTL", key) < 0 then redis.call("EXPIRE", key, ARGV[3]) end
end
local newest = tonumber(redis.call("GET", KEYS[2]) or "0")
if newest >= tonumber(ARGV[4]) and tonumber(ARGV[1]) > newest then redis.call("SET", KEYS[2], ARGV[1]) end
"""


class Fast:
    """One store's keys in one Redis. `store` is the store's id; keys begin with `pw:{store}:`."""

    def __init__(self, url: str, store: str) -> None:
        self._prefix = f"pw:{{{store}}}:"
        try:
            self._client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, decode_responses=True)
        except ValueError:
            raise ConfigError(
                "PORTALWATCH_REDIS_URL: cannot be used; write redis://[user:password@]host:port/0, special characters as %XX"
            ) from None
        self._seen, self._mark, self._lease, self._release, self._near, self._post = map(
            self._client.register_script, (_SEEN, _MARK, _LEASE, _RELEASE, _NEAR, _POST)
        )
        self._away_until, self._warned = 0.0, False

    def seen(self, portal: str, keys: Sequence[str]) -> list[bool] | None:
        """For each key whether it was marked; one round trip. A wrong yes is less likely than 1e-15 a look-up."""
        if not keys:
            return []
        found = self._ask(lambda: self._seen(keys=[f"{self._prefix}seen:{portal}:"], args=[_generations(SEEN_GENERATIONS), *_places(keys)]))
        return None if found is None else [bool(flag) for flag in found]

    def mark_seen(self, portal: str, keys: Sequence[str]) -> None:
        """Remember keys; only ever called after the commit of what they stand for."""
        if keys:
            ttl = int(GENERATION.total_seconds()) * SEEN_GENERATIONS
            self._ask(lambda: self._mark(keys=[f"{self._prefix}seen:{portal}:"], args=[_generation(), ttl, *_places(keys)]) or True)

    def lease(self, portal: str, owner: str, identities: Sequence[str]) -> list[bool] | None:
        """For each identity whether `owner` may fetch it now; the leases of a holder that is no more `alive` are free."""
        if not identities:
            return []
        args: list[str | int] = [owner, int(LEASE.total_seconds()), *identities]
        keys = [f"{self._prefix}lease:{portal}:", f"{self._prefix}alive:"]
        found = self._ask(lambda: self._lease(keys=keys, args=args))
        return None if found is None else [bool(flag) for flag in found]

    def alive(self, owner: str) -> None:
        """Say that `owner` lives; to be said again well within ALIVE."""
        self._ask(lambda: self._client.set(f"{self._prefix}alive:{owner}", 1, ex=int(ALIVE.total_seconds())))

    def release(self, portal: str, owner: str, identities: Sequence[str]) -> None:
        """Give leases back."""
        if identities:
            self._ask(lambda: self._release(keys=[f"{self._prefix}lease:{portal}:"], args=[owner, *identities]) or True)

    def near(self, sample: Hashes) -> tuple[int, list[int]] | None:
        """(the id up to which the index is whole, the ids of articles that share shingles, most first)."""
        keys = [f"{self._prefix}near:", f"{self._prefix}near-newest"]
        found = self._ask(lambda: self._near(keys=keys, args=[_generations(NEAR_GENERATIONS), *_spots(sample)]))
        if found is None:
            return None
        newest, flat = found
        votes = sorted(((int(count), int(article)) for article, count in zip(flat[::2], flat[1::2], strict=True)), reverse=True)
        return int(newest), [article for _, article in votes]

    def post(self, article_id: int, before: int, sample: Hashes) -> None:
        """Add a committed article to the index; `before` is the id that SQL gave out before it.

        `near` tells up to which id nothing is missing: an article whose predecessor is not in the index does not move
        that mark, so that a poster killed between commit and post is noticed, and SQL asked for the rest.
        """
        keys = [f"{self._prefix}near:", f"{self._prefix}near-newest"]
        ttl = int(GENERATION.total_seconds()) * NEAR_GENERATIONS
        self._ask(lambda: self._post(keys=keys, args=[article_id, _generation(), ttl, before, *_spots(sample)]) or True)

    def trouble(self) -> str | None:
        """Why this Redis cannot be relied on, in one sentence; None where all is well."""
        try:
            policy = self._client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
        except redis.RedisError as error:
            return f"Redis is away ({_plain(error)}): working through SQL, slower"
        return None if policy == "noeviction" else f"Redis runs with maxmemory-policy {policy}: set it to noeviction"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, question: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            return None
        try:
            return question()
        except redis.RedisError as error:
            self._away_until = time.monotonic() + REST_WHEN_AWAY
            if not self._warned:
                log.warning("Redis is away (%s): working through SQL, slower; nothing is lost", _plain(error))
                self._warned = True
            return None


def _plain(error: Exception) -> str:
    return type(error).__name__.removesuffix("Error").lower() or "error"


def _places(keys: Sequence[str]) -> list[str | int]:
    flat: list[str | int] = []
    for key in keys:
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=10).digest()
        flat += (int.from_bytes(digest[8:], "little") % BUCKETS, int.from_bytes(digest[:8], "little", signed=True))
    return flat


def _spots(sample: Hashes) -> list[int]:
    flat: list[int] = []
    for value in sample.tolist():
        flat += ((value >> 8) % BUCKETS, value)
    return flat


def _generation() -> int:
    return int(datetime.now(UTC).timestamp() // GENERATION.total_seconds())


def _generations(count: int) -> str:
    now = _generation()
    return ",".join(str(now - back) for back in range(count))
