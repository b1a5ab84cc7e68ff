"""The index of near-duplicates in Redis: which articles share shingles with a text.

Posting lists by linear hashing: a bucket is a string of records, small at every size of the index, so that one MGET answers for a
text and C searches what it brings. Which buckets to ask follows from how many there are; every answer tells that too, and a text
whose buckets split since is asked again.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, pairwise

import numpy as np
import redis

from pipelines.dedup.scripts import FEWEST, INDEX_DAYS, POST, RECORD
from pipelines.dedup.shingles import Hashes

SPOTS = 4000  # shingles of one question, more than the sample of any text
TEXTS = 100  # a round trip
DAY = timedelta(days=1)
TTL = timedelta(days=INDEX_DAYS + 1)  # of a bucket that nothing was posted to
_RECORDS = np.dtype([("mark", "<u4"), ("day", "u1"), ("article", "<u4")])
assert _RECORDS.itemsize == RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An article for the index of near-duplicates, first seen `at`; `number` is its place in the order of postings, after `before`."""

    article_id: int
    number: int
    before: int
    at: datetime
    sample: Hashes


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Articles that share shingles with a text, with how many, most first; the index is whole up to the posting `upto`."""

    upto: int = 0
    votes: Mapping[int, int]


class Postings:
    """The index of one store; every method may raise redis.RedisError. `prefix` begins the names of its keys."""

    def __init__(self, client: redis.Redis, prefix: str) -> None:
        self._client, self._post = client, client.register_script(POST)
        self._size, self._upto, self._bucket = f"{prefix}postings-size", f"{prefix}postings-upto", f"{prefix}postings:"
        self._buckets = FEWEST

    def upto(self) -> int:
        """The posting up to which the index is whole."""
        return int(self._client.get(self._upto) or 0)

    def near_all(self, samples: Sequence[Hashes], now: datetime) -> list[Near]:
        """What shares shingles with each sample, some TEXTS a round trip."""
        groups = (samples[start : start + TEXTS] for start in range(0, len(samples), TEXTS))
        return [near for group in groups for near in self._near(group, _day(now))]

    def post_all(self, postings: Iterable[Posting]) -> int:
        """Add committed articles, in one round trip; gives how many, the same whatever their order, and whoever posts beside us."""
        ttl = int(TTL.total_seconds())
        with self._client.pipeline(transaction=False) as pipeline:
            for each in postings:
                args: list[int | bytes] = [each.article_id, _day(each.at), ttl, each.number, each.before, _packed(each.sample)]
                self._post(keys=[self._size, self._upto, self._bucket], args=args, client=pipeline)
            return len(pipeline.execute())

    def _near(self, samples: Sequence[Hashes], today: int) -> list[Near]:
        found = dict[int, Near]()
        while left := [number for number in range(len(samples)) if number not in found]:
            answers = self._read(_places([samples[number] for number in left], self._buckets))
            whole = [(number, answer) for number, answer in zip(left, answers, strict=True) if self._holds(samples[number], answer.size)]
            votes = _votes([answer.buckets for _, answer in whole], [samples[number] for number, _ in whole], today)
            found |= {number: Near(upto=answer.upto, votes=each) for (number, answer), each in zip(whole, votes, strict=True)}
            self._buckets = answers[-1].size
        return [found[number] for number in range(len(samples))]

    def _holds(self, sample: Hashes, size: int) -> bool:
        """Whether the buckets that were asked are those of the sample now that there are `size`."""
        return size == self._buckets or _places([sample], size) == _places([sample], self._buckets)

    def _read(self, asked: Iterable[Sequence[int]]) -> list["_Answer"]:
        with self._client.pipeline(transaction=False) as pipeline:
            for places in asked:
                names = [f"{self._bucket}{place}" for place in places]
                pipeline.execute_command("MGET", self._size, self._upto, *names, NEVER_DECODE=True)  # type: ignore[no-untyped-call]
            return [_Answer.read(*answer) for answer in pipeline.execute()]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """How many buckets there are, the newest posting, and what is in the buckets of a text, at one moment."""

    size: int
    upto: int
    buckets: Sequence[bytes]

    @classmethod
    def read(cls, size: bytes | None, upto: bytes | None, *buckets: bytes | None) -> "_Answer":
        """From what Redis holds; None for what it does not have."""
        count: int = struct.unpack("<II", size)[0] if size else FEWEST
        return cls(size=count, upto=int(upto or 0), buckets=[held or b"" for held in buckets])


def most_first(votes: Mapping[int, int]) -> dict[int, int]:
    """The votes in their order: the most first, of as many the newest article."""
    return dict(sorted(votes.items(), key=lambda vote: (vote[1], vote[0]), reverse=True))


def _votes(answers: Sequence[Sequence[bytes]], samples: Sequence[Hashes], today: int) -> list[dict[int, int]]:
    """For each sample the articles that its buckets name beside its marks, with how many times, most first."""
    votes: list[dict[int, int]] = [{} for _ in samples]
    buckets = [bucket for answer in answers for bucket in answer]
    lengths = np.fromiter(map(len, buckets), np.int64, len(buckets)) // RECORD
    records = np.frombuffer(b"".join(buckets), _RECORDS)
    shared = np.flatnonzero(records["mark"] == np.repeat(_marks(samples), lengths))
    ages = (today - records["day"][shared].astype(np.int64)) % 256
    shared = shared[(ages <= INDEX_DAYS) | (ages >= 128)]
    texts = np.repeat(np.arange(len(samples)), [len(answer) for answer in answers])
    whose = texts[np.searchsorted(np.cumsum(lengths), shared, side="right")]
    found, counts = np.unique(whose << 32 | records["article"][shared], return_counts=True)
    for at in np.lexsort((found, counts))[::-1].tolist():
        votes[found[at] >> 32][int(found[at] & 0xFFFF_FFFF)] = int(counts[at])
    return votes


def _places(samples: Sequence[Hashes], buckets: int) -> list[list[int]]:
    """The bucket of each shingle, where there are so many: those before the next to split are twice as many as those after it."""
    level = 1 << (buckets.bit_length() - 1)
    places = _bits(samples) & np.uint64(2 * level - 1)
    found = np.where(places < buckets, places, places - np.uint64(level)).tolist()
    ends = [0, *accumulate(len(sample[:SPOTS]) for sample in samples)]
    return [found[start:end] for start, end in pairwise(ends)]


def _marks(samples: Sequence[Hashes]) -> "np.ndarray[tuple[int], np.dtype[np.uint32]]":
    return (_bits(samples) >> np.uint64(8)).astype(np.uint32)


def _packed(sample: Hashes) -> bytes:
    """The lowest byte and the mark of each shingle: 40 bits. One taken for another makes a candidate, no verdict."""
    return _bits([sample]).astype("<u8").view(np.uint8).reshape(-1, 8)[:, :5].tobytes()


def _bits(samples: Sequence[Hashes]) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    together = np.concatenate([np.empty(0, np.int64), *(sample[:SPOTS] for sample in samples)])
    return together.astype(np.uint64) >> np.uint64(12)  # below are the bits by which shingles are sampled


def _day(at: datetime) -> int:
    return int(at.timestamp() // DAY.total_seconds())
