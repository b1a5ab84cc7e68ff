"""Archives with real pages in them, in a folder and at an address that is none."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from pipelines.archive.index import Catalogue, catalogue
from pipelines.archive.place import Place, open_place
from pipelines.archive.records import Note
from pipelines.archive.writer import Archive
from pipelines.config import Settings
from pipelines.models import Page

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path, configured: Callable[..., Settings]) -> Place:
    """An archive in a folder, and one that knows neither renaming nor appending."""
    url = str(tmp_path / "archive") if request.param == "folder" else f"memory://{secrets.token_hex(4)}/pages"
    return open_place(configured(archive_url=url))


@pytest.fixture
def remote(configured: Callable[..., Settings]) -> Place:
    """The archive at an address."""
    return open_place(configured(archive_url=f"memory://{secrets.token_hex(4)}/pages"))


@pytest.fixture
def folder(tmp_path: Path, configured: Callable[..., Settings]) -> Place:
    """The archive in a folder."""
    return open_place(configured(archive_url=tmp_path / "archive"))


def page(number: int = 1, body: str = "渡輪復航", at: datetime = START, **changes: object) -> Page:
    """A page as the spider gives it."""
    values = {
        "url": f"http://cape.example/article/{number}",
        "body": body.encode(),
        "content_type": "text/html; charset=utf-8",
        "headers": (("Content-Type", "text/html; charset=utf-8"), ("ETag", '"a"'), ("Transfer-Encoding", "chunked")),
        "ip": "192.0.2.7",
        "fetched_at": at,
    }
    return Page(**(values | changes))  # type: ignore[arg-type]


def note(number: int = 1) -> Note:
    """Whose page it is."""
    return Note(identity=str(number), asked=f"http://cape.example/article/{number}?from=list")


def archive(place: Place, at: datetime = START, **changes: object) -> Archive:
    """A run's archive, whose clock goes on by a second each time."""
    seconds = count()
    return Archive(place, "cape", "17", lambda: at + timedelta(seconds=next(seconds)), **changes)  # type: ignore[arg-type]


def kept(place: Place, *pages: Page, at: datetime = START) -> None:
    """One run that archived these pages."""
    writing = archive(place, at)
    for each in pages:
        writing.keep(each, note(int(each.url.rpartition("/")[2])))
    writing.close()
    assert writing.trouble is None


def held(place: Place) -> Catalogue:
    """What the archive holds now."""
    return catalogue(place, "cape")
