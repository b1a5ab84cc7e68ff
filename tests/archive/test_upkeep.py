"""Addresses, ageing and forgetting: what may go goes, what is referred to stays, and what was forgotten never comes back."""

import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from pipelines.archive import reader
from pipelines.archive.forget import forget, purge
from pipelines.archive.index import FORGOTTEN
from pipelines.archive.place import INDEX, WARC, Place, open_place
from pipelines.archive.retention import Limits, age_out
from pipelines.config import Settings, settings
from pipelines.errors import ArchiveError, ConfigError
from tests.archive.conftest import START, archive, held, kept, note, page
from tests.archive.test_files import files, plain_records

DAY = timedelta(days=1)
WIDE = Limits(days=30, size=10**9)


def test_the_archive_lies_in_home_where_nothing_else_is_said() -> None:
    assert open_place(settings()).root == str(settings().home.absolute() / "archive")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("nonsense://KEY:hunter2@bucket/x", "`nonsense://` is no address of a file system"),
        ("gs://KEY:hunter2@bucket/x", "needs a package that is not installed: Please install gcsfs"),
        ("abfs://KEY:hunter2@bucket/x", "needs a package"),
    ],
)
def test_an_address_that_cannot_be_used_says_what_to_do_and_no_credential(configured: Callable[..., Settings], url: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_place(configured(archive_url=url))
    assert str(refused.value).startswith("PORTALWATCH_ARCHIVE_URL: ")
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(("age", "left"), [(30 * DAY, 1), (30 * DAY + timedelta(seconds=1), 0)])
def test_a_page_is_kept_for_its_days(place: Place, age: timedelta, left: int) -> None:
    kept(place, page())
    assert age_out(place, WIDE, START + age) == 1 - left
    assert len(held(place).entries) == left
    assert len(place.sizes("cape")) == 2 * left


def test_a_body_stays_while_a_younger_record_refers_to_it(place: Place) -> None:
    kept(place, page(1), page(2))
    kept(place, page(3), at=START + DAY)
    kept(place, page(1, at=START + 5 * DAY), at=START + 5 * DAY)
    assert age_out(place, WIDE, START + 32 * DAY) == 1
    known = held(place)
    assert [entry.note.identity for entry in known.entries] == ["1", "2", "1"]
    assert reader.page(place, known, known.entries[-1]).body == page().body
    assert age_out(place, WIDE, START + 36 * DAY) == 2


def test_beyond_its_size_the_oldest_pages_go_and_a_record_that_refers_to_one_says_so(place: Place) -> None:
    kept(place, page(1, body="x" * 100))
    kept(place, page(1, body="x" * 100, at=START + DAY), page(2, at=START + DAY), at=START + DAY)
    young = sum(size for name, size in place.sizes("cape").items() if name.startswith("20261123"))
    assert age_out(place, Limits(days=30, size=young), START + DAY) == 1
    known = held(place)
    assert reader.page(place, known, known.entries[1]).body == page(2).body
    with pytest.raises(reader.BodyGone, match="aged out"):
        reader.page(place, known, known.entries[0])


def test_what_a_killed_write_left_goes_after_a_day_and_what_is_being_written_stays(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        for name in ("old", "young"):
            with pytest.raises(KeyboardInterrupt):
                folder.write("cape", name, b"pages")
    old, young = sorted(Path(folder.root, "cape").iterdir())
    os.utime(old, (START.timestamp(),) * 2)
    os.utime(young, ((START + DAY).timestamp(),) * 2)
    age_out(folder, WIDE, START + DAY + timedelta(seconds=1))
    assert list(Path(folder.root, "cape").iterdir()) == [young]


def test_files_that_are_not_ours_are_left_alone(place: Place) -> None:
    kept(place, page())
    place.write("cape", f"somebody-elses{WARC}", place.read("cape", files(place)[0]))
    age_out(place, Limits(days=1, size=1), START + 99 * DAY)
    assert files(place) == [f"somebody-elses{WARC}"]


def test_forgetting_removes_every_record_of_an_identity_from_files_and_indexes(place: Place) -> None:
    kept(place, page(1), page(2), page(3))
    kept(place, page(2, at=START + DAY), page(1, at=START + DAY), at=START + DAY)
    kept(place, page(2, at=START + 2 * DAY), at=START + 2 * DAY)
    assert forget(place, "cape", ["2"]) == 3
    known = held(place)
    assert [entry.note.identity for entry in known.entries] == ["1", "3", "1"]
    assert all(reader.page(place, known, entry).body == page().body for entry in known.entries)
    everything = b"".join(place.read("cape", name) for name in place.sizes("cape"))
    assert b"article/2" not in everything
    assert not [
        head
        for name in files(place)
        for head, _ in plain_records(place.read("cape", name))
        if head.get("WARC-Target-URI", "").endswith("/2")
    ]
    assert forget(place, "cape", ["2"]) == 0


def test_a_running_crawl_does_not_bring_it_back(place: Place) -> None:
    running = archive(place)
    running.keep(page(1), note(1))
    running.keep(page(2), note(2))
    assert forget(place, "cape", ["http://cape.example/article/2"]) == 0
    running.keep(page(2, at=START + DAY), note(2))
    running.close()
    assert [entry.note.identity for entry in held(place).entries] == ["1"]
    assert len(plain_records(place.read("cape", files(place)[0]))) == 2


def test_a_reader_with_an_old_index_finds_the_right_page_or_none(place: Place) -> None:
    kept(place, page(1, body="一"), page(2, body="二"), page(3, body="三"))
    old = held(place)
    forget(place, "cape", ["1"])
    assert [reader.page(place, old, entry).body.decode() for entry in old.entries[1:]] == ["二", "三"]
    with pytest.raises(reader.BodyGone, match="no longer in the archive"):
        reader.page(place, old, old.entries[0])


def test_forgetting_that_was_cut_short_is_finished_later_and_hides_the_page_at_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(place, page(1), page(2))
    with monkeypatch.context() as cut:
        cut.setattr(Place, "remove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            forget(place, "cape", ["2"])
    assert [entry.note.identity for entry in held(place).entries] == ["1"]
    assert len(files(place)) == 2
    assert purge(place, "cape") == 1
    assert len(files(place)) == 1


def test_readers_writers_and_forgetting_at_once(folder: Place) -> None:
    kept(folder, *[page(number) for number in range(1, 40)])
    wrong: list[object] = []

    def read() -> None:
        known = held(folder)
        for entry in known.entries:
            try:
                wrong.extend([entry] if reader.page(folder, known, entry).url != entry.url else [])
            except reader.BodyGone:
                wrong.extend([] if entry.note.identity in ("5", "6", "7") else [entry])

    def write(day: int) -> None:
        kept(folder, *[page(number, at=START + day * DAY) for number in range(1, 40)], at=START + day * DAY)

    work = [read] * 3 + [partial(write, day) for day in (1, 2)] + [partial(forget, folder, "cape", [str(number)]) for number in (5, 6, 7)]
    with ThreadPoolExecutor(len(work)) as pool:
        for done in [pool.submit(each) for each in work]:
            done.result()
    read()
    assert wrong == []
    purge(folder, "cape")
    assert not {entry.note.identity for entry in held(folder).entries} & {"5", "6", "7"}
    assert len([name for name in folder.sizes("cape") if name.endswith(FORGOTTEN)]) == 3


def test_a_listing_misses_no_file_that_gets_a_new_name_meanwhile(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(folder, page(1))
    (old,), plain = files(folder), folder.fs.ls
    renamed = [f"20261122T080000-renamed{ending}" for ending in (WARC, INDEX)]

    def late(path: str, detail: bool) -> object:
        found = plain(path, detail=detail)
        if detail and renamed:
            for name in renamed:
                Path(f"{path}/{old.removesuffix(WARC)}.{name.partition('.')[2]}").rename(f"{path}/{name}")
            renamed.clear()
            return []
        return found

    monkeypatch.setattr(folder.fs, "ls", late)
    assert [entry.note.identity for entry in held(folder).entries] == ["1"]


def test_a_folder_that_never_stands_still_is_told_of(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(folder, page(1))
    numbers = itertools.count()
    monkeypatch.setattr(folder.fs, "ls", lambda _, detail: [{"name": str(next(numbers)), "type": "file", "size": 1}] if detail else ["x"])
    with pytest.raises(ArchiveError, match="cape: its files change faster than they can be listed"):
        folder.sizes("cape")


def test_files_of_an_older_release_are_read(folder: Place) -> None:
    from io import BytesIO

    from warcio.statusandheaders import StatusAndHeaders
    from warcio.warcwriter import WARCWriter

    out = BytesIO()
    headers = StatusAndHeaders("200 -", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    old = WARCWriter(out, gzip=True)
    old.write_record(old.create_warc_record("http://cape.example/article/9", "response", payload=BytesIO(b"old"), http_headers=headers))
    Path(folder.growing("cape")).mkdir(parents=True)
    (folder.growing("cape") / "20261122T070000-3.warc.gz").write_bytes(out.getvalue())
    known = held(folder)
    assert reader.page(folder, known, known.entries[0]).body == b"old"
    states = reader.states(known.entries, lambda url: (url.rpartition("/")[2], url))
    assert list(states) == ["9"]
    assert forget(folder, "cape", ["http://cape.example/article/9"]) == 1
    assert held(folder).entries == ()
