"""Redis, the fast path: URLs seen, leases, and the index of near-duplicates. Losing it costs speed, never an answer.

Every method gives None where Redis is away; the caller then asks SQL.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

import numpy as np
import redis

from pipelines.dedup import scripts
from pipelines.dedup.address import client
from pipelines.dedup.gauge import NOEVICTION, Gauge, Kind, gauge, kinds
from pipelines.dedup.postings import DAMAGED, Near, Posting, Postings
from pipelines.dedup.shingles import Hashes, Sketch

log = logging.getLogger(__name__)

GENERATION = timedelta(days=7)
SEEN_GENERATIONS = 5  # an address older than this is looked up in SQL
LEASE = timedelta(minutes=40)  # longer than any run
ALIVE = timedelta(seconds=30)  # a holder that was not heard of for this long is dead, and its leases are free
PATIENCE = 2.0  # seconds that an answer may take: SQL has it too
_TORN = (DAMAGED, "WRONGTYPE", "data string too short")  # what Redis says of keys that hold something else
LONGEST_WORDS = 300  # characters of what Redis or the network says
REST, LONGEST_REST = 5.0, 60.0  # seconds before Redis is asked again, twice as many each time it does not answer


class Fast:
    """One store's keys in one Redis. `store` is the store's id; keys begin with `pw:{store}:`."""

    def __init__(self, url: str, store: str) -> None:
        self._prefix = f"pw:{{{store}}}:"
        self._client = client(url, PATIENCE)
        self._seen, self._mark, self._lease, self._release = map(
            self._client.register_script, (scripts.SEEN, scripts.MARK, scripts.LEASE, scripts.RELEASE)
        )
        self._postings = Postings(self._client, self._prefix)
        self._away_until, self._rest, self._warned, self._forgets = 0.0, REST, set[str](), False

    def seen(self, portal: str, keys: Sequence[str]) -> list[bool] | None:
        """For each key whether it was marked; one round trip. A wrong yes is less likely than 1e-12 a look-up."""
        if not keys:
            return []
        found = self._ask(lambda: self._seen(keys=[f"{self._prefix}seen:{portal}:"], args=[_generations(), _places(keys)]))
        return None if found is None else [bool(flag) for flag in found]

    def mark_seen(self, portal: str, keys: Sequence[str], at: datetime | None = None) -> bool:
        """Remember keys, as of `at`; only ever called after the commit of what they stand for. False where Redis is away."""
        if not keys:
            return True
        ttl = int(GENERATION.total_seconds()) * SEEN_GENERATIONS
        args: list[int | bytes] = [_generation(at), ttl, _places(keys)]
        return self._ask(lambda: self._mark(keys=[f"{self._prefix}seen:{portal}:"], args=args) or True) is not None

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

    def upto(self) -> int | None:
        """The posting up to which the index is whole."""
        found: int | None = self._ask(lambda: self._mended(self._postings.upto))
        return found

    def near(self, sample: Hashes, now: datetime | None = None) -> Near | None:
        """What shares shingles with a text."""
        found = self.near_all([sample], now)
        return found[0] if found else None

    def near_text(self, drawn: Sketch, now: datetime | None = None) -> Near | None:
        """`near` of a whole text: where something of a long one is known, it is looked at more closely for its smaller parts."""
        found = self.near(drawn.asked, now)
        closely = drawn.closely if found and found.votes else None
        return found if closely is None else self.near(closely, now) or found

    def near_all(self, samples: Sequence[Hashes], now: datetime | None = None) -> list[Near] | None:
        """`near` of each sample. None also of a Redis that may evict: what it does not find says nothing."""
        if self._forgets:
            return None
        found: list[Near] | None = self._ask(lambda: self._mended(lambda: self._postings.near_all(samples, now or datetime.now(UTC))))
        return found

    def post(self, posting: Posting) -> bool:
        """Add a committed article to the index. False where Redis is away.

        `near` tells up to which posting nothing is missing: one whose predecessor is not in the index does not move that mark, so
        that a poster killed between commit and post is noticed, and SQL asked for the rest.
        """
        return self.post_all([posting])

    def post_all(self, postings: Iterable[Posting]) -> bool:
        """`post` of each, in one round trip; the same whatever their order, and whoever posts beside us. False of one that may evict."""
        return not self._forgets and self._ask(lambda: self._mended(lambda: self._postings.post_all(postings))) is not None

    def drop_near(self) -> bool:
        """Take the index of near-duplicates out, be it damaged or whole, so that it is filled anew. False where Redis is away."""
        return self._ask(self._postings.drop) is not None

    def gauge(self) -> Gauge | None:
        """How full the server is, and whether it may evict; from then on what may have been evicted is asked of SQL."""
        found: Gauge | None = self._ask(lambda: gauge(self._client))
        self._forgets = found is not None and found.policy not in (NOEVICTION, "")
        if self._forgets:  # the mark does not expire, what it vouches for may be evicted before the policy is mended
            self._ask(self._postings.doubt)
        return found

    def kinds(self) -> dict[str, Kind] | None:
        """Keys, entries and bytes of each kind of our keys, measured on a sample of them."""
        found: dict[str, Kind] | None = self._ask(lambda: kinds(self._client, self._prefix))
        return found

    def trouble(self, budget: int) -> str | None:
        """Why this Redis cannot be relied on, in one sentence; None where all is well. `budget` in bytes."""
        try:
            self._client.ping()
        except redis.RedisError as error:
            return f"Redis is away ({_plain(error)}): working through SQL, slower"
        found = self.gauge()
        return found.trouble(budget) if found else "Redis does not tell how full it is: allow it to answer INFO"

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _mended(self, question: Callable[[], Any]) -> Any:
        """The answer about the index of near-duplicates; one that somebody wrote into is dropped, and SQL asked until it is filled anew."""
        try:
            return question()
        except redis.ResponseError as error:
            if any(sign in str(error) for sign in _TORN):
                self._warn("Redis' index of near-duplicates was damaged by another writer: it is filled anew from SQL; nothing is lost")
                self._postings.drop()
            raise

    def _ask(self, question: Callable[[], Any]) -> Any:
        if time.monotonic() < self._away_until:
            return None
        try:
            answer = question()
        except redis.OutOfMemoryError:
            self._warn("Redis is full: it keeps what it knows, SQL does the rest, slower; nothing is lost. Give it more memory")
            return None
        except redis.RedisError as error:
            self._away_until, self._rest = time.monotonic() + self._rest, min(2 * self._rest, LONGEST_REST)
            self._warn(f"Redis is away ({_plain(error)}): working through SQL, slower; nothing is lost")
            return None
        self._rest = REST
        return answer

    def _warn(self, words: str) -> None:
        if words not in self._warned:
            self._warned.add(words)
            log.warning(words)


def _plain(error: Exception) -> str:
    kind = type(error).__name__.removesuffix("Error").lower() or "error"
    return ": ".join([kind, *str(error).splitlines()[:1]])[:LONGEST_WORDS]


def _places(keys: Sequence[str]) -> bytes:
    """(place, fingerprint) of each key: 32 bits that choose the bucket, 53 bits that are kept in it."""
    digests = b"".join([blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest() for key in keys])
    numbers = np.frombuffer(digests, dtype="<u8").reshape(-1, 2)
    return np.stack([numbers[:, 0] >> np.uint64(32), numbers[:, 1] >> np.uint64(11)], axis=1).astype("<f8").tobytes()


def _generation(at: datetime | None = None) -> int:
    return int((at or datetime.now(UTC)).timestamp() // GENERATION.total_seconds())


def _generations() -> str:
    newest = _generation()
    return ",".join(str(newest - back) for back in range(SEEN_GENERATIONS))
