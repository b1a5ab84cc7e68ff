"""Compiled watchlists in files of our own, so that a fresh process loads what another one compiled.

A file is trusted only in a folder that is ours alone; what is damaged, foreign or of another release counts as absent.
"""

import fcntl
import hashlib
import json
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

log = logging.getLogger(__name__)

NEWEST = 4  # compiled watchlists that stay: the running one, and what people try
_ENDING, _NEW, _LOCK = ".compiled", ".new", "lock"
_HOUR = 3600.0  # seconds after which a half-written file belongs to a writer that is dead
_DIGEST = 32  # bytes

Sections = Mapping[str, bytes | memoryview]


class Shelf:
    """The folder of compiled watchlists; `is_ours` says whether it may be used at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.is_ours = _is_ours_alone(folder)

    def read(self, key: str) -> dict[str, memoryview] | None:
        """The sections that were written under this key, None where there are none; a file that cannot be trusted goes."""
        path = self._folder / (key + _ENDING)
        try:
            return _sections(key, _content(path))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.info("%s cannot be used and is compiled anew: %s", path, error)
            with suppress(OSError):
                path.unlink()
            return None

    def write(self, key: str, sections: Sections) -> None:
        """Put the sections there in one step; where that fails the next process compiles again."""
        try:
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=_NEW)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.writelines(_file(key, sections))
                Path(name).replace(self._folder / (key + _ENDING))
            finally:
                Path(name).unlink(missing_ok=True)  # a full disk is not filled with halves
            self._tidy()
        except OSError as error:
            log.info("%s: the compiled watchlist cannot be kept: %s", self._folder, error)

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Wait for whoever compiles already, so that not every worker does what one is doing."""
        with ExitStack() as stack:
            with suppress(OSError):  # a file system without locks, or a full one: everybody compiles
                lock = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
                stack.callback(os.close, lock)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _tidy(self) -> None:
        aged = sorted(self._folder.glob("*" + _ENDING), key=_modified, reverse=True)
        dead = [path for path in self._folder.glob("*" + _NEW) if time.time() - _modified(path) > _HOUR]
        for path in (*aged[NEWEST:], *dead):
            path.unlink(missing_ok=True)


def _is_ours_alone(folder: Path) -> bool:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        log.info("%s: the compiled watchlist cannot be kept: %s", folder, error)
        return False
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077:
        return True
    log.info("%s is not ours alone (it should be a folder of mode 0700): the watchlist is compiled at every start", folder)
    return False


def _content(path: Path) -> bytes:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # of a pipe nobody waits for a writer
    with os.fdopen(os.open(path, flags), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            raise ValueError("it is not a file that only we can write")
        return file.read()


def _file(key: str, sections: Sections) -> list[bytes]:
    """Digest, one line of JSON that names the key and each section's length, the sections."""
    parts = [bytes(section) for section in sections.values()]
    head = json.dumps({"key": key, "sections": {name: len(part) for name, part in zip(sections, parts, strict=True)}})
    body = [head.encode() + b"\n", *parts]
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for part in body:
        digest.update(part)
    return [digest.digest(), *body]


def _sections(key: str, content: bytes) -> dict[str, memoryview]:
    """ValueError, LookupError or TypeError where the content is not what was written under the key."""
    whole = memoryview(content)
    if hashlib.blake2b(whole[_DIGEST:], digest_size=_DIGEST).digest() != whole[:_DIGEST]:
        raise ValueError("it is damaged")
    at = content.index(b"\n", _DIGEST) + 1
    head = json.loads(content[_DIGEST:at])
    if head["key"] != key:
        raise ValueError("it was written for something else")
    sections: dict[str, memoryview] = {}
    for name, size in head["sections"].items():
        sections[name], at = whole[at : at + size], at + size
    return sections


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another process tidied first
        return 0.0
