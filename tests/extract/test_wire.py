"""A Reading survives its way through the pipe, whatever characters, times and gaps it has."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from pipelines.extract.wire import LENGTH, frame, reading_from_json, reading_to_json, thread_from_json, thread_to_json, unframed
from pipelines.models import Article, Comment, Credit, Image, PageKind, Reading, Thread

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
zones = st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)) if hours else UTC)
moments = st.none() | st.dates() | st.datetimes(timezones=zones)
counts = st.none() | st.integers(-5, 10**6)
comments = st.builds(
    Comment,
    author=texts,
    text=texts,
    badges=st.tuples(texts),
    at=moments,
    up=counts,
    down=counts,
    floor=counts,
    quotes=counts,
    key=st.none() | texts,
)
articles = st.builds(
    Article,
    images=st.lists(st.builds(Image, url=texts, caption=st.none() | texts), max_size=2).map(tuple),
    publisher_from=st.lists(st.builds(Credit, publisher=texts, where=texts, raw=texts), max_size=2).map(tuple),
    quality=st.none() | st.floats(0, 1),
    codec_why=texts,
    url=texts,
    title=texts,
    text=texts,
    published_at=moments,
    modified_at=moments,
    publisher=st.lists(texts, max_size=3).map(tuple),
    rights=st.none() | texts,
    captions=st.lists(texts, max_size=3).map(tuple),
    comment_count=counts,
    reactions=st.dictionaries(texts, st.integers(0, 99), max_size=3),
    comments=st.lists(comments, max_size=3).map(tuple),
    partial=st.none() | texts,
)
readings = st.builds(
    Reading, kind=st.sampled_from(PageKind), why=texts, article=st.none() | articles, next=st.none() | texts, thread=st.none() | texts
)
threads = st.builds(Thread, comments=st.lists(comments, max_size=3).map(tuple), next=st.none() | texts, trouble=st.none() | texts)


@given(readings)
def test_a_reading_comes_back_as_it_went(reading: Reading) -> None:
    sent = frame(reading_to_json(reading))
    (length,) = LENGTH.unpack(sent[: LENGTH.size])
    assert len(sent) == LENGTH.size + length
    assert reading_from_json(unframed(sent[LENGTH.size :])) == reading


@given(threads)
def test_a_thread_comes_back_as_it_went(thread: Thread) -> None:
    assert thread_from_json(json.loads(json.dumps(thread_to_json(thread)))) == thread


def test_a_day_stays_a_day_and_an_offset_an_offset() -> None:
    article = Article(
        url="",
        title="",
        text="",
        published_at=date(2024, 6, 18),
        modified_at=datetime(2024, 6, 18, 1, 44, tzinfo=timezone(timedelta(hours=8))),
    )
    data = json.loads(json.dumps(reading_to_json(Reading(kind=PageKind.ARTICLE, article=article))))
    assert (data["article"]["published_at"], data["article"]["modified_at"]) == ("2024-06-18", "2024-06-18T01:44:00+08:00")


def test_what_a_database_refuses_does_not_come_back() -> None:
    sent = Reading(kind=PageKind.ARTICLE, article=Article(url="u", title="渡\0輪\ud800", text="𠀀", reactions={"\0": 1}))
    article = reading_from_json(unframed(frame(reading_to_json(sent))[LENGTH.size :])).article
    assert article is not None
    assert (article.title, article.text, article.reactions) == ("渡輪\ufffd", "𠀀", {"": 1})
