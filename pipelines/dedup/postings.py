"""The index of near-duplicates in Redis: which articles share shingles with a text.

Posting lists by linear hashing: a bucket is a string of records, small at every size of the index, so that one MGET answers for a
text and C searches what it brings. Which buckets to ask follows from how many there are; every answer tells that too, and a text
whose buckets split since is asked again.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import redis

from pipelines.dedup.scripts import FEWEST, INDEX_DAYS, POST, RECORD
from pipelines.dedup.shingles import Hashes

SPOTS = 4000  # shingles of one question, more than the sample of any text
TEXTS = 20  # asked for together
DAMAGED = "the index of near-duplicates is damaged"
DAY = timedelta(days=1)
TTL = timedelta(days=INDEX_DAYS + 1)  # of a bucket that nothing was posted to
_RECORDS = np.dtype([("mark", "<u4"), ("day", "u1"), ("article", "<u4")])
assert _RECORDS.itemsize == RECORD
_LAST = 2**32 - 1  # the greatest id that a record can name
Bits = np.ndarray[tuple[int], np.dtype[np.uint64]]
Marks = np.ndarray[tuple[int], np.dtype[np.uint32]]
Places = np.ndarray[tuple[int], np.dtype[np.uint32]]
Texts = np.ndarray[tuple[int], np.dtype[np.int64]]


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
        self._size, self._upto, self._bucket = f"{prefix}postings-buckets", f"{prefix}postings-whole", f"{prefix}postings:"
        self._buckets = FEWEST

    def upto(self) -> int:
        """The posting up to which the index is whole."""
        try:
            return int(self._client.get(self._upto) or 0)
        except ValueError:  # somebody else wrote to our key: filling the index anew mends it
            return 0

    def doubt(self) -> None:
        """Count the index as empty until it is filled anew: something of it may be gone."""
        self._client.delete(self._upto)

    def drop(self) -> int:
        """Take the whole index out, whatever stands at its keys; it is filled anew from SQL. Gives how many keys went."""
        self.doubt()
        keys = list(self._client.scan_iter(f"{_literal(self._size.removesuffix('-buckets'))}[-:]*", count=1000))
        for start in range(0, len(keys), 1000):
            self._client.unlink(*keys[start : start + 1000])
        self._buckets = FEWEST
        return len(keys)

    def near_all(self, samples: Sequence[Hashes], now: datetime) -> list[Near]:
        """What shares shingles with each sample. The next TEXTS are asked for before the answer about the last is looked through."""
        groups = [samples[start : start + TEXTS] for start in range(0, len(samples), TEXTS)]
        try:
            return [near for group, each in zip(groups, self._answers(groups), strict=True) for near in self._near(group, *each, _day(now))]
        except (ValueError, struct.error) as error:  # somebody else wrote to our keys
            raise redis.ResponseError(DAMAGED) from error

    def post_all(self, postings: Iterable[Posting]) -> int:
        """Add committed articles, in one round trip; gives how many, the same whatever their order, and whoever posts beside us.

        None beyond _LAST, so that from there on the index is not whole, and SQL is asked: it would be taken for another article.
        """
        ttl = int(TTL.total_seconds())
        with self._client.pipeline(transaction=False) as pipeline:
            for each in (each for each in postings if each.article_id <= _LAST):
                args: list[int | bytes] = [each.article_id, _day(each.at), ttl, each.number, each.before, _packed(each.sample)]
                self._post(keys=[self._size, self._upto, self._bucket], args=args, client=pipeline)
            return len(pipeline.execute())

    def _near(self, samples: Sequence[Hashes], asked: int, answer: "_Answer", today: int) -> list[Near]:
        size, upto, *buckets = answer
        bits = _bits(samples)
        self._buckets = struct.unpack("<II", size)[0] if size else FEWEST
        if self._buckets != asked and (_places(bits, self._buckets) != _places(bits, asked)).any():
            [again] = self._answers([samples])
            return self._near(samples, *again, today)
        texts = np.repeat(np.arange(len(samples)), [len(sample[:SPOTS]) for sample in samples])
        votes: list[dict[int, int]] = [{} for _ in samples]
        for text, article, count in _shared(buckets, _marks(bits), texts, today):
            votes[text][article] = count
        return [Near(upto=int(upto or 0), votes=each) for each in votes]

    def _answers(self, groups: Sequence[Sequence[Hashes]]) -> Iterator[tuple[int, "_Answer"]]:
        """For each group how many buckets there were thought to be, and what they hold; one question is ahead of the answers."""
        pool = self._client.connection_pool
        connection, asked = pool.get_connection(), list[int]()
        try:
            for group in groups:
                asked.append(self._buckets)
                connection.send_packed_command([self._question(_places(_bits(group), self._buckets))])  # type: ignore[no-untyped-call]
                if len(asked) > 1:
                    yield asked.pop(0), connection.read_response(disable_decoding=True)
            while asked:
                yield asked.pop(0), connection.read_response(disable_decoding=True)
        finally:
            if asked:  # an answer that nobody took must not be the next one's
                connection.disconnect()  # type: ignore[no-untyped-call]
            pool.release(connection)

    def _question(self, places: Places) -> bytes:
        """MGET of the size, the newest posting and so many buckets, as it goes over the wire: redis-py takes longer for each name."""
        names = np.tile(np.frombuffer(_argument(f"{self._bucket}{0:08x}"), np.uint8), (len(places), 1))
        names[:, -10:-2] = np.frombuffer(places.astype(">u4").tobytes().hex().encode(), np.uint8).reshape(-1, 8)
        return b"*%d\r\n" % (len(places) + 3) + b"".join(map(_argument, ("MGET", self._size, self._upto))) + names.tobytes()


_Answer = Sequence[bytes | None]  # the index' size, its newest posting, and what is in each bucket, at one moment


def most_first(votes: Mapping[int, int]) -> dict[int, int]:
    """The votes in their order: the most first, of as many the newest article."""
    return dict(sorted(votes.items(), key=lambda vote: (vote[1], vote[0]), reverse=True))


def _shared(buckets: Sequence[bytes | None], marks: Marks, texts: Texts, today: int) -> Iterator[tuple[int, int, int]]:
    """(text, article, how many marks of the text its buckets hold for the article), the most and the newest first."""
    held = [bucket or b"" for bucket in buckets]
    lengths = np.fromiter(map(len, held), np.int64, len(held)) // RECORD
    records = np.frombuffer(b"".join(held), _RECORDS)
    places = np.flatnonzero(records["mark"] == np.repeat(marks, lengths))
    ages = (today - records["day"][places].astype(np.int64)) % 256
    places = places[(ages <= INDEX_DAYS) | (ages >= 128)]
    whose = texts[np.searchsorted(np.cumsum(lengths), places, side="right")]
    found, counts = np.unique(whose << 32 | records["article"][places], return_counts=True)
    order = np.lexsort((found, counts))[::-1]
    return zip((found >> 32)[order].tolist(), (found & 0xFFFF_FFFF)[order].tolist(), counts[order].tolist(), strict=True)


def _literal(name: str) -> str:
    """A name as a pattern that means nothing else."""
    return "".join(f"\\{char}" if char in "*?[]^\\" else char for char in name)


def _bits(samples: Sequence[Hashes]) -> Bits:
    return np.concatenate([np.empty(0, np.int64), *(sample[:SPOTS] for sample in samples)]).astype(np.uint64)


def _argument(word: str) -> bytes:
    """A word of a command in Redis' protocol."""
    return b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode())


def _places(bits: Bits, buckets: int) -> Places:
    """The bucket of each shingle, where there are so many: those before the next to split are twice as many as those after it."""
    level = 1 << (buckets.bit_length() - 1)
    places = (bits >> np.uint64(12)) & np.uint64(2 * level - 1)
    return np.where(places < buckets, places, places - np.uint64(level)).astype(np.uint32)


def _marks(bits: Bits) -> Marks:
    return (bits >> np.uint64(20)).astype(np.uint32)


def _packed(sample: Hashes) -> bytes:
    """The lowest byte and the mark of each shingle: 40 bits above the 12 by which shingles are sampled. One taken for another makes a
    candidate, no verdict."""
    return (sample[:SPOTS].astype("<u8") >> np.uint64(12)).view(np.uint8).reshape(-1, 8)[:, :5].tobytes()


def _day(at: datetime) -> int:
    return int(at.timestamp() // DAY.total_seconds())
