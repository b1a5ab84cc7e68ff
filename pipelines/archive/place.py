"""Where the archive lies: a folder, or any fsspec address that several workers share, and the local folder in which files grow."""

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pipelines.config import PREFIX, Settings
from pipelines.errors import ArchiveError, ConfigError

WARC, INDEX, GROWING, DRAFT = ".warc.gz", ".cdxj", ".open", ".draft"
LISTINGS = 50
"""Of one folder, until two of them agree; each differs only where a file came or went within its milliseconds."""
RESTLESS = "its files change faster than they can be listed"
_STARTED = re.compile(r"\d{8}T\d{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An archive's address. A portal's files lie in a folder of its own, STEM.warc.gz with its index STEM.cdxj beside it.

    A file never changes once it is here: what must change gets a new name, so that a reader with an old index finds no file
    rather than another page. `spool`: where the files of running crawls grow; ArchiveError for whatever the address answers.
    """

    fs: Any
    root: str
    spool: Path
    is_local: bool
    shown: str

    def portals(self) -> list[str]:
        """The portals that have a folder here."""
        with self._told():
            self.fs.invalidate_cache()
            found = self.fs.ls(self.root, detail=True) if self.fs.exists(self.root) else []
        return sorted(each["name"].rstrip("/").rpartition("/")[2] for each in found if each["type"] == "directory")

    def sizes(self, portal: str) -> dict[str, int]:
        """{file name: bytes} of a portal's files, in the order of their names, which is that of time.

        A file that gets a new name while it is listed may show under neither; so names and sizes are asked for until both agree.
        ArchiveError where they do not in LISTINGS times.
        """
        folder = self._path(portal)
        with self._told():
            for _ in range(LISTINGS):
                self.fs.invalidate_cache()
                try:
                    names = set(self.fs.ls(folder, detail=False))
                    self.fs.invalidate_cache()
                    found = sorted(self.fs.ls(folder, detail=True), key=lambda each: str(each["name"]))
                except FileNotFoundError:
                    return {}
                if names == {each["name"] for each in found}:
                    return {each["name"].rpartition("/")[2]: each["size"] for each in found if each["type"] == "file"}
        raise ArchiveError(f"the archive ({self.shown}): {portal}: {RESTLESS}")

    def stems(self, portal: str) -> list[str]:
        """The stems of a portal's WARC files, oldest first."""
        return [name.removesuffix(WARC) for name in self.sizes(portal) if name.endswith(WARC)]

    def read(self, portal: str, name: str, span: tuple[int, int] | None = None) -> bytes:
        """A file, or the bytes `span[0]` to `span[1]` of it; FileNotFoundError where it is gone."""
        start, end = span or (None, None)
        with self._told():
            data: bytes = self.fs.cat_file(self._path(portal, name), start=start, end=end)
        return data

    def read_many(self, portal: str, names: Iterable[str]) -> dict[str, bytes]:
        """{name: content} of those files that are there, fetched together."""
        paths = [self._path(portal, name) for name in names]
        with self._told():
            found = self.fs.cat(paths, on_error="omit") if paths else {}
        return {path.rpartition("/")[2]: data for path, data in found.items()}

    def open(self, portal: str, name: str) -> IO[bytes]:
        """A file to read from its beginning; FileNotFoundError where it is gone."""
        with self._told():
            opened: IO[bytes] = self.fs.open(self._path(portal, name), "rb")
        return opened

    def write(self, portal: str, name: str, data: bytes) -> None:
        """Put a small file there, whole or not at all."""
        with self._told():
            if not self.is_local:
                self.fs.makedirs(self._path(portal), exist_ok=True)
                self.fs.pipe_file(self._path(portal, name), data)
                return
            path = Path(self._path(portal, name))
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}{DRAFT}")
            try:
                draft.write_bytes(data)
                draft.replace(path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise

    def take(self, portal: str, path: Path, name: str) -> None:
        """Take over a local file under `name`: renamed in a folder, which a full disk still allows, else uploaded, then removed."""
        with self._told():
            target = self._path(portal, name)
            if not self.is_local:
                self.fs.makedirs(self._path(portal), exist_ok=True)
                self.fs.put_file(str(path), target)
                path.unlink()
            else:
                Path(target).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(path, target)

    def remove(self, portal: str, name: str) -> None:
        """Remove a file, if it is still there."""
        with self._told(), contextlib.suppress(FileNotFoundError):
            self.fs.rm_file(self._path(portal, name))

    def clear(self, portal: str, before: datetime) -> None:
        """Remove what writes left that were killed `before`: a draft holds pages, and no forgetting would find them there."""
        with self._told():
            for path in Path(self._path(portal)).glob(f".*{DRAFT}") if self.is_local else ():
                with contextlib.suppress(FileNotFoundError):
                    if path.stat().st_mtime < before.timestamp():
                        path.unlink()

    def growing(self, portal: str) -> Path:
        """The local folder in which a portal's files grow."""
        return self.spool / portal

    def _path(self, portal: str, name: str = "") -> str:
        return "/".join(part for part in (self.root.rstrip("/"), portal, name) if part)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What an address refuses, in words that hold no credential: neither its URL nor a library's message is repeated.

        A folder fails with OSErrors only; anything else is a mistake of ours, and shows.
        """
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise ArchiveError(f"the archive ({self.shown}): {plain(error)}") from None
        except Exception as error:
            if self.is_local:
                raise
            raise ArchiveError(f"the archive ({self.shown}): {plain(error)}") from None


def open_place(settings: Settings) -> Place:
    """The archive of PORTALWATCH_ARCHIVE_URL, HOME/archive where it is left out. ConfigError names the package that a scheme needs."""
    from fsspec.core import url_to_fs
    from fsspec.implementations.local import LocalFileSystem

    address = settings.archive_address
    scheme = address.partition("://")[0] if "://" in address else "file"
    try:
        fs, root = url_to_fs(address)
    except Exception as error:  # noqa: BLE001 - a file system may refuse its address with anything; the URL may hold a password
        raise ConfigError(f"{PREFIX}ARCHIVE_URL: {_refusal(scheme, error)}") from None
    is_local = isinstance(fs, LocalFileSystem)
    spool = Path(root) if is_local else settings.home.absolute() / "archive-spool"
    return Place(fs=fs, root=root, spool=spool, is_local=is_local, shown=root if is_local else f"{scheme}://…")


def started(stem: str) -> datetime | None:
    """When a file of ours was begun, by its name; None for a file that is not ours."""
    found = _STARTED.match(stem)
    return datetime.strptime(found[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) if found else None


def plain(error: BaseException) -> str:
    """A failure without what it may quote."""
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__


def _refusal(scheme: str, error: Exception) -> str:
    from fsspec.registry import known_implementations

    if scheme not in known_implementations:
        return f"`{scheme}://` is no address of a file system; write a folder, file://, s3:// or another that fsspec knows"
    if isinstance(error, ImportError):
        told = known_implementations[scheme].get("err", "the documentation of fsspec names it")
        return f"{scheme}:// needs a package that is not installed: {told}"
    return f"{scheme}:// cannot be used: {plain(error)}"
