"""A store in a local directory: temporary file, fsync, rename, fsync of the folder."""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from media import errors
from media.storage.base import CHUNK_BYTES, Address, Found, Missing, Opened, safe

REF = re.compile(r"[0-9a-f]{32}")
FULL = (errno.ENOSPC, errno.EDQUOT)
SPARE_BYTES = 1_000_000_000  # never filled by uploads: the database may lie on the same disk


@contextmanager
def _told() -> Iterator[None]:
    """Faults of the disk as the sentence that the uploader needs."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise errors.Full() from error
        raise errors.Unavailable() from error


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


class DirectoryStore:
    """Files below `root`. Parts of running uploads lie under `.parts`, half-written files under `.new`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in (root, root / ".new", root / ".parts"):
            folder.mkdir(parents=True, exist_ok=True)

    def _path(self, key: str) -> Path:
        return self.root / safe(key)

    def _parts(self, ref: str) -> Path:
        if not REF.fullmatch(ref):
            raise ValueError("not an upload of this store")
        return self.root / ".parts" / ref

    def _publish(self, fresh: Path, key: str) -> None:
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        os.replace(fresh, path)
        _sync_folder(path.parent)

    def put(self, key: str, data: bytes) -> None:
        safe(key)
        fresh = self.root / ".new" / secrets.token_hex(16)
        with _told():
            try:
                with fresh.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                self._publish(fresh, key)
            finally:
                fresh.unlink(missing_ok=True)

    def put_file(self, key: str, path: Path) -> None:
        safe(key)
        fresh = self.root / ".new" / secrets.token_hex(16)
        with _told():
            try:
                with path.open("rb") as source, fresh.open("wb") as file:
                    shutil.copyfileobj(source, file, 1024 * 1024)
                    file.flush()
                    os.fsync(file.fileno())
                self._publish(fresh, key)
            finally:
                fresh.unlink(missing_ok=True)

    def read(self, key: str) -> bytes:
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise Missing(key) from error

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size = self.size(key)
        left = max(0, size - start) if length is None else min(length, max(0, size - start))
        return self._chunks(key, start, left)

    def _chunks(self, key: str, start: int, left: int) -> Iterator[bytes]:
        with self._path(key).open("rb") as file:
            file.seek(start)
            while left > 0:
                chunk = file.read(min(CHUNK_BYTES, left))
                if not chunk:
                    return
                left -= len(chunk)
                yield chunk

    def fetch(self, key: str, path: Path) -> None:
        source = self._path(key)
        if not source.is_file():
            raise Missing(key)
        with _told():
            shutil.copyfile(source, path)

    def local_path(self, key: str) -> Path | None:
        path = self._path(key)
        return path if path.is_file() else None

    def size(self, key: str) -> int:
        path = self._path(key)
        if not path.is_file():
            raise Missing(key)
        return path.stat().st_size

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def list(self, prefix: str) -> Iterator[Found]:
        safe(prefix.rstrip("/") or "x")
        top = self.root / prefix.rpartition("/")[0]
        keys = sorted(
            str(path.relative_to(self.root))
            for path in top.rglob("*")
            if path.is_file() and not path.relative_to(self.root).parts[0].startswith(".")
        )
        for key in keys:
            if key.startswith(prefix):
                with suppress(FileNotFoundError):  # deleted since
                    about = (self.root / key).stat()
                    yield Found(key, about.st_size, _moment(about.st_mtime))

    def move(self, key: str, to: str) -> None:
        if not self.exists(key):
            raise Missing(key)
        with _told():
            self._publish(self._path(key), to)

    def delete(self, key: str) -> None:
        with _told():
            self._path(key).unlink(missing_ok=True)

    def delete_all(self, prefix: str) -> None:
        if not prefix.endswith("/"):
            raise ValueError("a prefix to delete ends in a slash")
        shutil.rmtree(self._path(prefix[:-1]), ignore_errors=True)

    def begin_parts(self, key: str) -> str:
        safe(key)
        ref = secrets.token_hex(16)
        with _told():
            self._parts(ref).touch()
        return ref

    def put_part(self, key: str, ref: str, number: int, data: bytes, *, offset: int) -> str:
        """Written where it belongs in the one file, so that joining copies nothing."""
        safe(key)
        path = self._parts(ref)
        with _told():
            try:
                handle = os.open(path, os.O_WRONLY)
            except FileNotFoundError as error:
                raise Missing(key) from error
            try:
                view = memoryview(data)
                at = offset
                while view:
                    written = os.pwrite(handle, view, at)
                    view, at = view[written:], at + written
                os.fsync(handle)
            finally:
                os.close(handle)
        return f"part-{number}"

    def join_parts(self, key: str, ref: str, parts: Iterable[tuple[int, str]]) -> None:
        numbers = [number for number, _mark in parts]
        if numbers != list(range(1, len(numbers) + 1)):
            raise ValueError("parts out of order")
        with _told():
            try:
                self._publish(self._parts(ref), key)
            except FileNotFoundError:
                if not self.exists(key):
                    raise

    def drop_parts(self, key: str, ref: str) -> None:
        path = self._parts(ref)
        for left in (path, self.root / ".new" / path.name):
            with suppress(OSError):
                left.unlink(missing_ok=True)

    def part_address(
        self,
        key: str,
        ref: str,
        number: int,
        *,
        size_bytes: int,
        content_hash: bytes,
        expires_s: int,
    ) -> Address | None:
        safe(key)
        return None

    def part_mark(
        self, key: str, ref: str, number: int, *, size_bytes: int, content_hash: bytes
    ) -> str | None:
        safe(key)
        return None

    def opened(self) -> Iterator[Opened]:
        """Half-written files that a killed process left count, too: their key is empty."""
        for folder in (".parts", ".new"):
            for path in sorted((self.root / folder).iterdir()):
                with suppress(FileNotFoundError):
                    yield Opened("", path.name, _moment(path.stat().st_mtime))

    def presign(self, key: str, *, expires_s: int) -> str | None:
        safe(key)
        return None

    def allow(self, origin: str) -> None:
        """Nothing to do: pages reach these files through the site alone."""

    def room_bytes(self) -> int | None:
        with _told():
            return max(0, shutil.disk_usage(self.root).free - SPARE_BYTES)

    def check(self) -> None:
        with _told():
            probe = self.root / ".new" / secrets.token_hex(16)
            probe.touch()
            probe.unlink()
