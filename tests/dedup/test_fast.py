"""Redis as the fast path: what it remembers, and that its loss is told by None, never by a wrong answer."""

import logging
import secrets
import struct
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import redis

from pipelines.dedup.fast import Fast
from pipelines.dedup.postings import Posting
from pipelines.dedup.scripts import FEWEST, FILL, FIRST_LAYER, INDEX_DAYS, RECORD, SEEN_FILL, SHARERS, SWEPT
from pipelines.dedup.shingles import Hashes, shingles
from pipelines.errors import ConfigError


def hashes(*numbers: int) -> Hashes:
    return np.array(numbers, dtype=np.int64) << 41


def post(fast: Fast, number: int, sample: Hashes, *, before: int | None = None, at: datetime | None = None) -> bool:
    posted_at = at or datetime.now(UTC)
    return fast.post(
        Posting(
            article_id=number, number=number, before=number - 1 if before is None else before, at=posted_at, sample=sample.astype(np.int64)
        )
    )


def near(fast: Fast, sample: Hashes, now: datetime | None = None) -> tuple[int, dict[int, int]]:
    found = fast.near(sample, now)
    assert found is not None
    return found.upto, dict(found.votes)


def test_a_marked_key_is_seen_and_others_are_not(fast: Fast) -> None:
    fast.mark_seen("storm_mg", ["a1\n", "a2\n3"])
    assert fast.seen("storm_mg", ["a1\n", "a2\n3", "a2\n4", "b\n"]) == [True, True, False, False]


def test_portals_do_not_share_their_seen_sets(fast: Fast) -> None:
    fast.mark_seen("storm_mg", ["1\n"])
    assert fast.seen("park6", ["1\n"]) == [False]


def test_two_stores_in_one_redis_do_not_meet(valkey: str) -> None:
    one, other = Fast(valkey, secrets.token_hex(6)), Fast(valkey, secrets.token_hex(6))
    one.mark_seen("p", ["x"])
    assert (one.seen("p", ["x"]), other.seen("p", ["x"])) == ([True], [False])
    one.close(), other.close()


def test_the_leases_of_a_dead_holder_are_free(fast: Fast) -> None:
    assert fast.lease("p", "dead", ["a"]) == [True]
    fast.alive("living")
    assert fast.lease("p", "living", ["a"]) == [True]
    assert fast.lease("p", "third", ["a"]) == [False]


def test_a_lease_is_given_once_until_it_is_released(fast: Fast) -> None:
    fast.alive("one")
    fast.alive("two")
    assert fast.lease("p", "one", ["a", "b"]) == [True, True]
    assert fast.lease("p", "one", ["a"]) == [True]
    assert fast.lease("p", "two", ["a", "c"]) == [False, True]
    fast.release("p", "two", ["a"])
    assert fast.lease("p", "two", ["a"]) == [False]
    fast.release("p", "one", ["a"])
    assert fast.lease("p", "two", ["a"]) == [True]


def test_of_many_who_want_one_page_at_once_one_gets_it(fast: Fast) -> None:
    owners, granted = [f"owner {number}" for number in range(8)], list[list[bool] | None]()
    for owner in owners:
        fast.alive(owner)
    threads = [threading.Thread(target=lambda owner=owner: granted.append(fast.lease("p", owner, ["a", "b", "c"]))) for owner in owners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(granted, key=str) == [[False] * 3] * 7 + [[True] * 3]


def test_every_key_expires(fast: Fast, redis_client: "redis.Redis[bytes]") -> None:
    fast.mark_seen("p", ["a"])
    fast.lease("p", "me", ["a"])
    post(fast, 1, hashes(1, 2, 3))
    lasting = [key for key in redis_client.scan_iter(f"{fast._prefix}*") if redis_client.ttl(key) < 0]
    assert lasting == [f"{fast._prefix}postings-whole".encode()]


def test_an_article_is_found_by_its_shingles(fast: Fast) -> None:
    own, other = shingles("渡輪消息週三宣布"), shingles("完全不同的另一句話")
    post(fast, 7, own, before=0)
    assert near(fast, np.concatenate([own[:1], other])) == (7, {7: 1})
    assert near(fast, other) == (7, {})


def test_a_generation_that_outgrows_its_layer_opens_the_next_and_forgets_nothing(fast: Fast) -> None:
    keys = [f"{number}\n" for number in range(FIRST_LAYER * SEEN_FILL + 5000)]
    for start in range(0, len(keys), 5000):
        fast.mark_seen("p", keys[start : start + 5000])
    layers = {key.split(":")[-2] for key in fast._client.scan_iter(f"{fast._prefix}seen:p:*:*:*", count=10_000)}
    assert layers == {"1", "2"}
    assert all(fast.seen("p", keys[:100] + keys[-100:]) or [])
    assert not any(fast.seen("p", [f"x{key}" for key in keys[:2000]]) or [])


def test_marking_the_same_again_fills_nothing(fast: Fast) -> None:
    for _ in range(3):
        fast.mark_seen("p", ["a", "b"])
    meta = next(key for key in fast._client.scan_iter(f"{fast._prefix}seen:p:*") if fast._client.type(key) == "hash")
    assert fast._client.hgetall(meta) == {"l": "1", "n": "2"}


def test_a_gap_in_the_index_is_noticed(fast: Fast) -> None:
    post(fast, 1, hashes(10))
    post(fast, 3, hashes(30))
    assert near(fast, hashes(30)) == (1, {3: 1})
    post(fast, 2, hashes(20))
    assert near(fast, hashes(20)) == (2, {2: 1})


def test_a_shingle_leads_to_all_who_share_it_whatever_the_order_of_posting(valkey: str) -> None:
    one, other = Fast(valkey, secrets.token_hex(6)), Fast(valkey, secrets.token_hex(6))
    numbers = range(1, SHARERS + 4)
    for fast, order in ((one, numbers), (other, [*reversed(numbers), 5, 1])):
        for number in order:
            post(fast, number, hashes(10, 20 + number))
        assert list(near(fast, hashes(10))[1]) == list(reversed(numbers))[:SHARERS]
        assert near(fast, hashes(10, 25))[1][5] == 2
        fast.close()


def test_marks_that_only_the_bytes_of_others_spell_give_no_vote(fast: Fast) -> None:
    dice = np.random.default_rng(7)
    crowded = [np.unique(dice.integers(0, 2**18, 40) * 0x01_0001 % 2**24 << 12) for _ in range(200)]  # one bucket, few bytes
    for number, sample in enumerate(crowded, 1):
        post(fast, number * 0x01_0101, sample)
    for sample in crowded[-10:]:
        sharing = {number * 0x01_0101: len(np.intersect1d(sample, other)) for number, other in enumerate(crowded, 1)}
        assert near(fast, sample)[1] == {article: shared for article, shared in sharing.items() if shared}


def test_buckets_split_as_the_index_grows_and_nothing_is_lost(fast: Fast) -> None:
    dice, kept = np.random.default_rng(11), []
    for number in range(1, 1200):
        kept.append(dice.integers(0, 2**62, 26))
        post(fast, number, kept[-1])
    sizes = [fast._client.strlen(key) // RECORD for key in fast._client.scan_iter(f"{fast._prefix}postings:*", count=5000)]
    assert len(sizes) == pytest.approx(sum(sizes) / FILL, abs=2)
    assert len(sizes) > 2 * FEWEST
    assert (sum(sizes), max(sizes) < 4 * FILL) == (26 * len(kept), True)
    found = fast.near_all(kept)
    assert found is not None
    assert [near.votes for near in found] == [{number: 26} for number in range(1, 1200)]


def test_a_text_whose_buckets_split_since_the_last_question_is_asked_again(fast: Fast, valkey: str) -> None:
    dice, other = np.random.default_rng(12), Fast(valkey, fast._prefix[4:-2])
    first = dice.integers(0, 2**62, 100)
    post(fast, 1, first)
    assert near(fast, first) == (1, {1: 100})
    for number in range(2, 1200):
        post(other, number, dice.integers(0, 2**62, 26))
    assert near(fast, first) == (1199, {1: 100})
    fast._client.flushdb()
    post(other, 5, first, before=0)
    assert near(fast, first) == (5, {5: 100})
    other.close()


def test_what_aged_is_swept_out_of_a_bucket_as_it_fills(fast: Fast, now: datetime) -> None:
    one_bucket = hashes(*range(1, 3 * SWEPT))
    old, young = now - timedelta(days=INDEX_DAYS + 1), one_bucket[: 2 * SWEPT]
    for number, each in enumerate(one_bucket, 1):
        post(fast, number, each.reshape(1), at=old)
    bucket = next(iter(fast._client.scan_iter(f"{fast._prefix}postings:*")))
    for number, each in enumerate(young, 100):
        post(fast, number, each.reshape(1), at=now)
    assert fast._client.strlen(bucket) // RECORD < len(one_bucket) + SWEPT
    assert near(fast, one_bucket, now)[1] == dict.fromkeys(reversed(range(100, 100 + len(young))), 1)


def test_an_article_is_in_the_index_for_its_horizon_whenever_it_is_posted(fast: Fast, now: datetime) -> None:
    for number, days in enumerate((0, 15, 31), 1):
        post(fast, number, hashes(10), at=now - timedelta(days=days))
    assert set(near(fast, hashes(10), now)[1]) == {1, 2}


@pytest.mark.parametrize("call", ["seen", "lease", "near"])
def test_redis_away_answers_none_and_warns_once(call: str, caplog: pytest.LogCaptureFixture) -> None:
    away = Fast("unix:///nowhere/valkey.sock", "x")
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            answer = {
                "seen": lambda: away.seen("p", ["a"]),
                "lease": lambda: away.lease("p", "me", ["a"]),
                "near": lambda: away.near(np.array([1])),
            }[call]()
            assert answer is None
        away.mark_seen("p", ["a"])
    assert len(caplog.records) == 1
    away.close()


@pytest.mark.parametrize("written", ["abc", b"\xff", "1e3"])
def test_an_index_whose_end_is_unreadable_is_filled_anew(fast: Fast, written: str | bytes) -> None:
    post(fast, 1, hashes(1))
    fast._client.set(f"{fast._prefix}postings-whole", written)
    assert fast.upto() == 0
    post(fast, 1, hashes(1))
    assert near(fast, hashes(1)) == (1, {1: 1})


def test_an_index_that_lost_its_size_does_not_count_below_nothing(fast: Fast, redis_client: "redis.Redis[bytes]", now: datetime) -> None:
    for number, each in enumerate(hashes(*range(1, 3 * SWEPT)), 1):
        post(fast, number, each.reshape(1), at=now - timedelta(days=INDEX_DAYS + 1))
    fast._client.delete(f"{fast._prefix}postings-buckets")
    for number, each in enumerate(hashes(*range(1, 2 * SWEPT)), 100):
        post(fast, number, each.reshape(1), at=now)
    size = redis_client.get(f"{fast._prefix}postings-buckets") or b""
    assert struct.unpack("<II", size)[1] < 100


@pytest.mark.parametrize("damage", ["postings-buckets", "postings-whole", "postings:"])
def test_a_damaged_index_answers_nothing_so_that_sql_is_asked(fast: Fast, damage: str) -> None:
    sample = hashes(*range(1, 40))
    post(fast, 1, sample)
    for key in fast._client.scan_iter(f"{fast._prefix}{damage}*"):
        fast._client.set(key, b"\xff torn")
    assert fast.near(sample) is None


@pytest.mark.parametrize("damage", ["postings-buckets", "postings-whole", "postings:"])
def test_an_index_with_something_else_at_its_keys_is_dropped_and_filled_anew(fast: Fast, valkey: str, damage: str) -> None:
    sample = hashes(*range(1, 40))
    assert post(fast, 1, sample)
    for key in list(fast._client.scan_iter(f"{fast._prefix}{damage}*")):
        fast._client.delete(key)
        fast._client.rpush(key, "torn")
    fast.mark_seen("dw_zh", ["a"])
    assert not post(fast, 2, sample)
    again = Fast(valkey, fast._prefix.removeprefix("pw:{").removesuffix("}:"))
    assert again.upto() == 0
    assert post(again, 1, sample)
    assert near(again, sample) == (1, {1: 39})
    assert again.seen("dw_zh", ["a"]) == [True]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://h", "cannot be used"),
        ("redis://h:port/0", "cannot be used"),
        ("redis://h/0?nonsense=1&db=2", "redis-py knows no option nonsense$"),
        ("redis://h/0?ssl_ca_certs=/ca.pem", "redis-py knows no option ssl_ca_certs$"),
    ],
)
def test_an_address_that_cannot_be_meant_is_told_before_it_is_asked(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=f"PORTALWATCH_REDIS_URL: {told}"):
        Fast(url.replace("//", "//:hunter2@"), "store")


def test_options_of_connections_and_of_their_pool_are_taken() -> None:
    Fast("rediss://user:hunter2@h/0?ssl_ca_certs=/ca.pem&ssl_cert_reqs=none&health_check_interval=3&max_connections=4", "store").close()


def test_what_a_server_says_is_told_and_the_password_is_not(valkey: str) -> None:
    fast = Fast(f"{valkey}?db=99&password=hunter2", "store")
    told = fast.trouble(1)
    fast.close()
    assert told is not None
    assert "DB index is out of range" in told
    assert "hunter2" not in told


def test_an_article_whose_id_takes_more_than_four_bytes_is_left_to_sql(fast: Fast) -> None:
    same = hashes(1, 2, 3)
    for number, article_id in enumerate((2**32 - 1, 2**32, 2**32 + 5), 1):
        assert fast.post(Posting(article_id=article_id, number=number, before=number - 1, at=datetime.now(UTC), sample=same))
    assert near(fast, same) == (1, {2**32 - 1: 3})
