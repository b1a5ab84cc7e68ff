"""How full Redis is: the figures of `portalwatch redis info`, of doctor, and of whoever collects metrics."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import redis

from pipelines.dedup.scripts import RECORD

NOEVICTION = "noeviction"
FULL = 0.8  # of the budget, or of the server's own limit: the time to do something
SAMPLE = 200  # keys of a kind that are measured
PAGE = 5000  # keys a round trip
KINDS = ("seen", "postings", "lease", "alive")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The server: bytes that its data takes, its maxmemory (0 for none), its policy (empty where it does not say), keys evicted so far."""

    used: int
    limit: int
    policy: str
    evicted: int

    def trouble(self, budget: int) -> str | None:
        """What a person should do about it, None where all is well. `budget` in bytes."""
        if self.policy not in (NOEVICTION, ""):
            return (
                f"Redis runs with maxmemory-policy {self.policy}, so that it may evict what we rely on: near-duplicates are asked of SQL, "
                "slower; run `CONFIG SET maxmemory-policy noeviction` and write it into its configuration, or give us a Redis of our own"
            )
        room = min(filter(None, (self.limit, budget)), default=0)
        if room and self.used >= FULL * room:
            return (
                f"Redis takes {self.used / MB:.0f} of {room / MB:.0f} MB: raise PORTALWATCH_REDIS_BUDGET (and the server's maxmemory); "
                "a full one loses nothing, but everything is slower"
            )
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Our keys of one kind: how many, what is in them, and the bytes they take."""

    keys: int
    entries: int
    bytes: int


MB = 1024 * 1024


def gauge(client: redis.Redis) -> Gauge:
    """Ask the server; a redis.RedisError where it does not answer."""
    memory: dict[str, Any] = client.info("memory")
    evicted = client.info("stats").get("evicted_keys", 0)
    return Gauge(
        used=int(memory["used_memory"]),
        limit=int(memory.get("maxmemory", 0)),
        policy=str(memory.get("maxmemory_policy", "")),
        evicted=int(evicted),
    )


def kinds(client: redis.Redis, prefix: str) -> dict[str, Kind]:
    """Look through our keys; sizes are those of a sample of each kind, a few per cent off."""
    names: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for name in client.scan_iter(f"{prefix}*", count=PAGE):
        kind = name.removeprefix(prefix).partition(":")[0]
        names.setdefault(kind.partition("-")[0], []).append(name)
    return {kind: _kind(client, kind, found) for kind, found in names.items()}


def _kind(client: redis.Redis, kind: str, names: Sequence[str]) -> Kind:
    sample = sorted(names)[:: max(1, len(names) // SAMPLE)]
    sizes = [size for batch in _batches(sample) for size in _sizes(client, kind, batch)]
    scale = len(names) / max(1, len(sizes))
    return Kind(
        keys=len(names), entries=round(scale * sum(entries for entries, _ in sizes)), bytes=round(scale * sum(size for _, size in sizes))
    )


def _sizes(client: redis.Redis, kind: str, names: Sequence[str]) -> Iterator[tuple[int, int]]:
    """(entries, bytes) of each key; one that has just expired is none, and one that only tells of others has no entries."""
    holder, count, each = _HOLDERS.get(kind, ("string", "exists", 1))
    with client.pipeline(transaction=False) as pipeline:
        for name in names:
            pipeline.type(name)
            pipeline.memory_usage(name, samples=0)
        types = pipeline.execute()
        for name, type_ in zip(names, types[::2], strict=True):
            getattr(pipeline, count)(name) if type_ == holder else pipeline.exists("")
        entries = pipeline.execute()
    return ((int(held) // each, int(size)) for held, size in zip(entries, types[1::2], strict=True) if size is not None)


_HOLDERS = {"seen": ("set", "scard", 1), "postings": ("string", "strlen", RECORD)}
"""The type of a kind's keys, what tells how much is in one, and how much of that an entry takes."""


def _batches(names: Sequence[str]) -> Iterator[list[str]]:
    left = iter(names)
    while batch := list(islice(left, PAGE)):
        yield batch
