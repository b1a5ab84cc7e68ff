"""WARC files: what every reader accepts, what is kept once, and what a killed or a full machine leaves."""

import fcntl
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
from warcio.cli import main as warcio

from pipelines.archive import reader
from pipelines.archive.check import troubles
from pipelines.archive.index import catalogue
from pipelines.archive.place import INDEX, WARC, Place
from pipelines.archive.writer import adopt
from tests.archive.conftest import START, archive, held, kept, note, page

SECOND = timedelta(seconds=1)


def files(place: Place, ending: str = WARC) -> list[str]:
    return [name for name in place.sizes("cape") if name.endswith(ending)]


def plain_records(data: bytes) -> list[tuple[dict[str, str], bytes]]:
    """WARC/1.1 as its specification has it, read by hand: (headers, block) of each record, each a gzip member of its own."""
    text, found = gzip.decompress(data), []
    while text:
        head, _, rest = text.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0] == "WARC/1.1"
        headers = dict(line.split(": ", 1) for line in lines[1:])
        size = int(headers["Content-Length"])
        assert rest[size : size + 4] == b"\r\n\r\n"
        found.append((headers, rest[:size]))
        text = rest[size + 4 :]
    return found


def test_a_page_comes_back_as_it_was_fetched(place: Place) -> None:
    sent = page(
        body="渡輪", status=404, headers=(("Content-Type", "text/html; charset=utf-8"), ("Last-Modified", "Sun, 22 Nov 2026 08:00:00 GMT"))
    )
    kept(place, sent)
    known = held(place)
    back = reader.page(place, known, known.entries[0])
    assert (back.url, back.body, back.status, back.content_type, back.ip) == (sent.url, sent.body, 404, sent.content_type, sent.ip)
    assert back.fetched_at == START
    assert ("Last-Modified", "Sun, 22 Nov 2026 08:00:00 GMT") in back.headers
    assert known.entries[0].note == note()


def test_a_file_just_begun_is_not_lost_to_one_who_takes_it_for_that_of_a_killed_run(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, taken = fcntl.flock, []

    def late(file: IO[bytes], how: int) -> None:
        if how == fcntl.LOCK_EX and not taken:
            taken.append(adopt(folder, "cape"))
        plain(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    kept(folder, page(1), page(2))
    assert taken == [1]
    assert [entry.note.identity for entry in held(folder).entries] == ["1", "2"]


def foreign(**headers: str | None) -> bytes:
    """A record as another program may write it."""
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello"
    given = {"WARC-Type": "response", "WARC-Date": "2026-11-22T08:00:00Z", "WARC-Target-URI": "http://cape.example/article/9"}
    given |= {"Content-Type": "application/http; msgtype=response", "Content-Length": str(len(block))}
    given |= {f"WARC-{name.replace('_', '-')}": value for name, value in headers.items()}  # type: ignore[dict-item]
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value is not None)
    return gzip.compress(f"WARC/1.0\r\n{head}\r\n".encode() + block + b"\r\n\r\n")


@pytest.mark.parametrize(
    "headers",
    [
        {"Target_URI": "http://[::1/x"}, {"Target_URI": "http://cape.example:99999/"}, {"Target_URI": None}, {"Date": None},
        {"Date": "yesterday"}, {"Date": "9999-12-31T23:59:59-12:00"}, {"Type": "revisit", "Refers_To_Date": "bad"},
    ],
)  # fmt: skip
def test_a_record_of_another_program_that_does_not_read_hides_no_other_and_stops_no_writer(
    folder: Place, headers: dict[str, str | None]
) -> None:
    folder.write("cape", f"20261122T070000-other-000{WARC}", foreign(**headers) + foreign())
    kept(folder, page())
    assert [entry.url for entry in held(folder).entries] == ["http://cape.example/article/9", "http://cape.example/article/1"]
    assert len(list(troubles(folder, "cape", "20261122T070000-other-000"))) == 1


def test_a_date_without_a_zone_is_utc(folder: Place) -> None:
    folder.write("cape", f"20261122T070000-other-000{WARC}", foreign(Date="2026-11-22T08:00:00"))
    assert [entry.at for entry in held(folder).entries] == [START]


def test_a_second_reader_that_knows_only_the_specification_reads_the_file(place: Place) -> None:
    kept(place, page(), page(at=START + SECOND), page(2))
    info, response, revisit, _ = plain_records(place.read("cape", files(place)[0]))
    assert info[0]["WARC-Type"] == "warcinfo"
    assert b"software: portalwatch/" in info[1]
    head, _, body = response[1].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'ETag: "a"' in head
    assert b"Content-Length: 12" in head
    assert b"chunked" not in head
    assert body.decode() == "渡輪復航"
    assert response[0]["WARC-IP-Address"] == "192.0.2.7"
    assert response[0]["WARC-Date"] == "2026-11-22T08:00:00.000000Z"
    assert revisit[0]["WARC-Type"] == "revisit"
    assert revisit[0]["WARC-Profile"].endswith("/1.1/revisit/identical-payload-digest")
    assert revisit[0]["WARC-Refers-To-Target-URI"] == response[0]["WARC-Target-URI"]
    assert revisit[0]["WARC-Refers-To-Date"] == response[0]["WARC-Date"]
    assert revisit[0]["WARC-Payload-Digest"] == response[0]["WARC-Payload-Digest"]
    assert revisit[1].endswith(b"\r\n\r\n")


def test_warcio_check_accepts_every_file(folder: Place) -> None:
    odd = page(3, headers=(("X-Name", "caf\u00e9 \u6e21"), ("b\u00e4d", "x"), ("X-Long", "y" * 9000)), body="")
    kept(folder, page(), page(at=START + SECOND), odd)
    paths = [str(folder.growing("cape") / name) for name in files(folder)]
    with pytest.raises(SystemExit) as ended:
        warcio(["check", "-v", *paths])
    assert ended.value.code == 0


def test_fastwarc_reads_the_same_records(folder: Place) -> None:
    fastwarc = pytest.importorskip("fastwarc.warc", reason="fastwarc: not installed; enable with `pip install fastwarc`")
    kept(folder, page(), page(at=START + SECOND), page(2))
    data = folder.read("cape", files(folder)[0])
    read = fastwarc.ArchiveIterator(BytesIO(data), verify_digests=True)
    found = [(record.headers["WARC-Type"], record.http_content_type, record.reader.read()) for record in read]
    assert [kind for kind, _, _ in found] == ["warcinfo", "response", "revisit", "response"]
    assert [body for _, _, body in found[1:]] == [page().body, b"", page().body]
    assert found[1][1] == "text/html"


def test_an_index_lies_beside_each_file_in_the_form_that_others_read(place: Place) -> None:
    kept(place, page(), page(at=START + SECOND))
    first, second = place.read("cape", files(place, INDEX)[0]).decode().splitlines()
    where, when, told = first.split(" ", 2)
    assert (where, when) == ("example,cape)/article/1", "20261122080000")
    assert json.loads(told).items() >= {"mime": "text/html", "status": "200", "filename": files(place)[0]}.items()
    assert json.loads(second.split(" ", 2)[2])["mime"] == "warc/revisit"


@pytest.mark.parametrize("broken", [None, b"nonsense\n"])
def test_an_index_that_is_missing_or_broken_is_made_anew(place: Place, broken: bytes | None) -> None:
    kept(place, page(), page(2), page(at=START + SECOND))
    before, name = held(place).entries, files(place, INDEX)[0]
    place.remove("cape", name) if broken is None else place.write("cape", name, broken)
    assert held(place).entries == before
    assert files(place, INDEX) == [name]


def test_the_same_body_is_kept_once_also_over_runs_and_read_back_whole(place: Place) -> None:
    kept(place, page())
    kept(place, page(at=START + timedelta(days=6)), at=START + timedelta(days=6))
    known = held(place)
    assert [entry.original for entry in known.entries] == [None, START]
    assert reader.page(place, known, known.entries[1]).body == page().body
    assert reader.page(place, known, known.entries[1]).fetched_at == START + timedelta(days=6)


def test_a_body_that_was_archived_long_ago_is_kept_again(place: Place) -> None:
    kept(place, page())
    kept(place, page(at=START + timedelta(days=8)), at=START + timedelta(days=8))
    assert [entry.original for entry in held(place).entries] == [None, None]


def test_a_full_file_is_followed_by_another(place: Place) -> None:
    writing = archive(place, rotate_at=2000)
    for number in range(1, 9):
        writing.keep(page(number, body=os.urandom(300).hex()), note(number))
    writing.close()
    assert len(files(place)) > 2
    assert len(held(place).entries) == 8


def test_two_runs_of_one_name_never_share_a_file(place: Place) -> None:
    one, other = archive(place), archive(place)
    one.keep(page(1), note(1))
    other.keep(page(2), note(2))
    one.close()
    other.close()
    assert len(files(place)) == 2
    assert {entry.note.identity for entry in held(place).entries} == {"1", "2"}


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from pipelines.archive.place import open_place
from pipelines.archive.records import Note
from pipelines.archive.writer import Archive
from pipelines.config import settings
from pipelines.models import Page
import os
archive = Archive(open_place(settings()), "cape", sys.argv[1], lambda: datetime.now(UTC))
for number in range(int(sys.argv[2])):
    url = f"http://cape.example/article/{sys.argv[1]}{number}"
    archive.keep(Page(url=url, body=os.urandom(3000).hex().encode(), content_type="text/html"), Note(identity=f"{sys.argv[1]}{number}", asked=url))
    print(number, flush=True)
archive.close()
print(archive.trouble, flush=True)
"""


def writer(place: Place, label: str, pages: int, **options: object) -> "subprocess.Popen[str]":
    env = os.environ | {"PORTALWATCH_ARCHIVE_URL": place.root, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen([sys.executable, "-c", WRITER, label, str(pages)], stdout=subprocess.PIPE, text=True, env=env, **options)  # type: ignore[call-overload, no-any-return]


def test_what_a_killed_run_wrote_is_taken_in_by_the_next_without_its_torn_end(folder: Place) -> None:
    killed = writer(folder, "1", 100000)
    assert killed.stdout is not None
    while int(killed.stdout.readline()) < 20:
        pass
    assert adopt(folder, "cape") == 0, "a file of a living run was taken"
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    (growing,) = folder.growing("cape").glob("*.open")
    with growing.open("ab") as file:
        file.write(gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\n" * 50)[:-7])
    kept(folder, page())
    assert not list(folder.growing("cape").glob("*.open"))
    known = held(folder)
    assert len(known.entries) >= 22
    assert all(reader.page(folder, known, entry).body for entry in known.entries)
    assert sorted(len(plain_records(folder.read("cape", name))) for name in files(folder))[0] == 2


def test_a_file_cut_anywhere_loses_its_last_record_only(folder: Place) -> None:
    kept(folder, page(1), page(2), page(3))
    name = files(folder)[0]
    data, last = folder.read("cape", name), max(entry.offset for entry in held(folder).entries)
    for size in range(last + 1, len(data), 7):
        (folder.growing("cape") / f"{name}.open").write_bytes(data[:size])
        for each in files(folder) + files(folder, INDEX):
            folder.remove("cape", each)
        assert adopt(folder, "cape") == 1
        assert [entry.note.identity for entry in held(folder).entries] == ["1", "2"]


def test_pages_archived_from_many_threads_are_whole_records(place: Place) -> None:
    writing = archive(place)
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda number: writing.keep(page(number, body=os.urandom(20_000).hex()), note(number)), range(40)))
    writing.close()
    known = held(place)
    assert len({reader.page(place, known, entry).url for entry in known.entries}) == 40


def test_two_processes_write_at_once(folder: Place) -> None:
    writers = [writer(folder, label, 30) for label in "12"]
    assert [process.communicate()[0].splitlines()[-1] for process in writers] == ["None", "None"]
    known = catalogue(folder, "cape")
    assert len(known.entries) == 60
    assert all(reader.page(folder, known, entry).body for entry in known.entries)


def test_a_full_disk_stops_archiving_and_leaves_a_good_file(folder: Place) -> None:
    limited = writer(folder, "1", 40, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000)))
    told = limited.communicate()[0].splitlines()
    assert told[-2:] == ["39", "archiving stopped: File too large"]
    known = held(folder)
    assert 3 < len(known.entries) < 40
    assert all(reader.page(folder, known, entry).body for entry in known.entries)


def test_an_address_that_fails_is_told_without_its_credentials_and_what_was_written_waits(
    remote: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("s3://KEY:hunter2@bucket refused")

    writing = archive(remote)
    writing.keep(page(), note())
    with monkeypatch.context() as broken:
        broken.setattr(remote.fs, "put_file", fail)
        writing.close()
        assert adopt(remote, "cape") == 0
    assert writing.trouble is not None
    assert "ConnectionError" in writing.trouble
    assert "hunter2" not in writing.trouble
    assert files(remote) == []
    kept(remote, page(2))
    assert {entry.note.identity for entry in held(remote).entries} == {"1", "2"}
    assert not list(remote.spool.glob("*/*"))


def test_archiving_is_quick_enough_not_to_be_noticed(folder: Place) -> None:
    began = time.process_time()
    kept(folder, *[page(number, body="渡輪復航" * 2000) for number in range(1, 101)])
    assert time.process_time() - began < 2.0


def damaged(data: bytes, start: int, length: int) -> bytes:
    return data[: start + 20] + bytes(length - 40) + data[start + length - 20 :]


def test_a_damaged_record_in_the_middle_costs_itself_only(folder: Place) -> None:
    kept(folder, *[page(number, body=f"{number}" * 300) for number in range(1, 6)])
    (name,) = files(folder)
    third = held(folder).entries[2]
    data = damaged(folder.read("cape", name), third.offset, third.length)
    path = folder.growing("cape") / name.replace(WARC, f"{WARC}.open")
    path.write_bytes(data + data[:50])
    for ending in (name, name.replace(WARC, ".cdxj")):
        folder.remove("cape", ending)
    assert adopt(folder, "cape") == 1
    known = held(folder)
    assert [entry.note.identity for entry in known.entries] == ["1", "2", "4", "5"]
    assert all(reader.page(folder, known, entry).body for entry in known.entries)
    assert list(troubles(folder, "cape", known.entries[0].stem)) == []


def test_damage_in_the_middle_is_told_and_what_follows_is_read(folder: Place) -> None:
    kept(folder, *[page(number) for number in range(1, 4)])
    (name,) = files(folder)
    second = held(folder).entries[1]
    folder.write("cape", name, damaged(folder.read("cape", name), second.offset, second.length))
    told = list(troubles(folder, "cape", name.removesuffix(WARC)))
    assert f"at byte {second.offset}: {second.length} bytes are damaged" in told
    folder.remove("cape", name.replace(WARC, ".cdxj"))
    assert [entry.note.identity for entry in held(folder).entries] == ["1", "3"]


def test_a_bomb_is_passed_over_and_what_follows_is_read(folder: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    from pipelines.archive import records
    from pipelines.errors import ArchiveError

    monkeypatch.setattr(records, "LARGEST", 10**6)
    kept(folder, page(1), page(2))
    (name,) = files(folder)
    second = held(folder).entries[1].offset
    data = folder.read("cape", name)
    bomb = gzip.compress(b"WARC/1.1\r\n" + bytes(10**7))
    twice = gzip.compress(gzip.compress(bytes(10**7)))
    folder.write("cape", f"20261122T070000-1{WARC}", data[:second] + bomb + twice + data[second:])
    for ending in (name, name.replace(WARC, ".cdxj")):
        folder.remove("cape", ending)
    assert [entry.note.identity for entry in held(folder).entries] == ["1", "2"]
    with pytest.raises(ArchiveError, match="too large"):
        records.unpacked(bomb)
