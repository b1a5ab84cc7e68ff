"""Redis, the fast path: URLs seen, leases, and the index of near-duplicates. Losing it costs speed, never an answer.

Every method gives None where Redis is away; the caller then asks SQL.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import redis
from redis.commands.core import Script

from pipelines.dedup.shingles import Hashes
from pipelines.errors import ConfigError

T = TypeVar("T")
log = logging.getLogger(__name__)

GENERATION = timedelta(days=7)
SEEN_GENERATIONS = 5  # an address older than this is looked up in SQL
NEAR_GENERATION, NEAR_GENERATIONS = timedelta(days=14), 2  # at least 14 days of near-duplicates
FIRST_LAYER, GROWTH = 1024, 16  # buckets of URLs; a generation that outgrows its layer opens one sixteen times as wide
SEEN_FILL = 384  # URLs a bucket; Redis packs sets of up to 512 numbers
NEAR_BUCKETS = 65_536  # of shingles, packed as hashes of up to 512 entries: a million stories a generation
LEASE = timedelta(minutes=40)  # longer than any run
ALIVE = timedelta(seconds=30)  # a holder that was not heard of for this long is dead, and its leases are free
REST_WHEN_AWAY = 5.0  # seconds before Redis is asked again

# Numbers come packed as pairs of doubles, place and value: a Lua number holds 53 bits, and so many arguments take time.
_PAIRS = """
local function pairs_of(packed)
  local at = 1
  return function()
    if at > #packed then return end
    local place, value
    place, value, at = struct.unpack("<dd", packed, at)
    return place, value
  end
end
"""
# Keys are {seen}{generation}:{layer}:{bucket}; the hash {seen}{generation} holds l, its layers, and n, the fill of the newest.
_SEEN = (
    _PAIRS
    + f"""
local answer, known = {{}}, {{}}
for generation in string.gmatch(ARGV[1], "[^,]+") do
  local meta = KEYS[1] .. generation
  for layer = tonumber(redis.call("HGET", meta, "l") or "0"), 1, -1 do
    known[#known + 1] = {{meta .. ":" .. layer .. ":", {FIRST_LAYER} * {GROWTH} ^ (layer - 1)}}
  end
end
for place, value in pairs_of(ARGV[2]) do
  local found = 0
  for i = 1, #known do
    found = redis.call("SISMEMBER", known[i][1] .. place % known[i][2], value)
    if found == 1 then break end
  end
  answer[#answer + 1] = found
end
return answer
"""
)
_MARK = (
    _PAIRS
    + f"""
local meta = KEYS[1] .. ARGV[1]
local layer, count = tonumber(redis.call("HGET", meta, "l") or "1"), tonumber(redis.call("HGET", meta, "n") or "0")
local width = {FIRST_LAYER} * {GROWTH} ^ (layer - 1)
for place, value in pairs_of(ARGV[3]) do
  local key = meta .. ":" .. layer .. ":" .. place % width
  if redis.call("SADD", key, value) == 1 then
    count = count + 1
    if redis.call("SCARD", key) == 1 then redis.call("EXPIRE", key, ARGV[2]) end
    if count >= width * {SEEN_FILL} then layer, count, width = layer + 1, 0, width * {GROWTH} end
  end
end
redis.call("HSET", meta, "l", layer, "n", count)
redis.call("EXPIRE", meta, ARGV[2])
"""
)
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
local call, votes, answer = redis.call, {}, {}
for generation in string.gmatch(ARGV[1], "[^,]+") do
  local place = KEYS[1] .. generation
  if call("EXISTS", place) == 1 then
    for i = 2, #ARGV, 2 do
      local id = call("HGET", place .. ":" .. ARGV[i], ARGV[i + 1])
      if id then votes[id] = (votes[id] or 0) + 1 end
    end
  end
end
for id, count in pairs(votes) do answer[#answer + 1] = id answer[#answer + 1] = count end
return {call("GET", KEYS[2]) or "0", answer}
"""
_POST = """
local call = redis.call
for i = 5, #ARGV, 2 do
  local generation = KEYS[1] .. ARGV[2]
  local key = generation .. ":" .. ARGV[i]
  if call("HSET", key, ARGV[i + 1], ARGV[1]) == 1 and call("HLEN", key) == 1 then
    call("EXPIRE", key, ARGV[3])
    call("SET", generation, "", "EX", ARGV[3])
  end
end
local newest = tonumber(call("GET", KEYS[2]) or "0")
if newest >= tonumber(ARGV[4]) and tonumber(ARGV[1]) > newest then call("SET", KEYS[2], ARGV[1]) end
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
        """For each key whether it was marked; one round trip. A wrong yes is less likely than 1e-12 a look-up."""
        if not keys:
            return []
        found = self._ask(
            lambda: self._seen(keys=[f"{self._prefix}seen:{portal}:"], args=[_generations(SEEN_GENERATIONS, GENERATION), _places(keys)])
        )
        return None if found is None else [bool(flag) for flag in found]

    def mark_seen(self, portal: str, keys: Sequence[str]) -> None:
        """Remember keys; only ever called after the commit of what they stand for."""
        if keys:
            ttl = int(GENERATION.total_seconds()) * SEEN_GENERATIONS
            self._ask(
                lambda: self._mark(keys=[f"{self._prefix}seen:{portal}:"], args=[_generation(GENERATION), ttl, _places(keys)]) or True
            )

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
        found = self.near_all([sample])
        return found[0] if found else None

    def near_all(self, samples: Sequence[Hashes]) -> list[tuple[int, list[int]]] | None:
        """`near` of each sample, in one round trip."""
        keys = [f"{self._prefix}near:", f"{self._prefix}near-newest"]
        found = self._together(
            self._near, [(keys, [_generations(NEAR_GENERATIONS, NEAR_GENERATION), *_spots(sample)]) for sample in samples]
        )
        return None if found is None else [(int(newest), _most_first(flat)) for newest, flat in found]

    def post(self, article_id: int, before: int, sample: Hashes) -> None:
        """Add a committed article to the index; `before` is the id that SQL gave out before it.

        `near` tells up to which id nothing is missing: an article whose predecessor is not in the index does not move
        that mark, so that a poster killed between commit and post is noticed, and SQL asked for the rest.
        """
        self.post_all([(article_id, before, sample)])

    def post_all(self, posts: Iterable[tuple[int, int, Hashes]]) -> None:
        """`post` of each (article id, id before it, sample), in one round trip."""
        keys = [f"{self._prefix}near:", f"{self._prefix}near-newest"]
        ttl = int(NEAR_GENERATION.total_seconds()) * NEAR_GENERATIONS
        self._together(
            self._post, [(keys, [article, _generation(NEAR_GENERATION), ttl, before, *_spots(sample)]) for article, before, sample in posts]
        )

    def _together(self, script: Script, calls: Sequence[tuple[list[str], list[Any]]]) -> list[Any] | None:
        def ask() -> list[Any]:
            with self._client.pipeline(transaction=False) as pipeline:
                for keys, args in calls:
                    script(keys=keys, args=args, client=pipeline)
                return pipeline.execute()

        answers: list[Any] | None = self._ask(ask)
        return answers

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


def _most_first(flat: Sequence[str]) -> list[int]:
    votes = sorted(((int(count), int(article)) for article, count in zip(flat[::2], flat[1::2], strict=True)), reverse=True)
    return [article for _, article in votes]


def _plain(error: Exception) -> str:
    return type(error).__name__.removesuffix("Error").lower() or "error"


def _places(keys: Sequence[str]) -> bytes:
    """(place, fingerprint) of each key: 32 bits that choose the bucket, 53 bits that are kept in it."""
    digests = b"".join([blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for key in keys])
    numbers = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    return np.stack([numbers[:, 0] >> np.uint64(32), numbers[:, 1] >> np.uint64(11)], axis=1).astype("<f8").tobytes()


def _spots(sample: Hashes) -> list[int]:
    """Bucket and fingerprint of each shingle, 16 and 23 of its bits. One that is taken for another makes a candidate, no verdict."""
    flat: list[int] = np.stack([(sample >> 12) % NEAR_BUCKETS, (sample >> 40) & 0x7FFFFF], axis=1).ravel().tolist()
    return flat


def _generation(length: timedelta) -> int:
    return int(datetime.now(UTC).timestamp() // length.total_seconds())


def _generations(count: int, length: timedelta) -> str:
    newest = _generation(length)
    return ",".join(str(newest - back) for back in range(count))
