"""The file that a backup is: a zip with a manifest, and a seal over all its bytes."""

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from app.core.db.backups.manifest import Manifest, Member, decoded, encoded
from app.core.files import private_file
from app.core.operating import RefusedError

MANIFEST: Final = "manifest.json"
MANIFEST_BYTES_MAX: Final = 1024 * 1024
CHUNK: Final = 1024 * 1024
COMPRESSION: Final = 1
"""Measured: the higher levels take two to three times as long, and save one part in fifty."""
SEAL: Final = b"Daybook backup, SHA-256 of all before: "
"""The zip's comment begins so, and comments stand at a zip's very end: 64 digits follow, then nothing."""
DIGITS: Final = 64
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED: Final = 0x1


@dataclass
class Packing:
    """A backup that is being written."""

    archive: zipfile.ZipFile
    members: list[Member] = field(default_factory=list)

    @contextmanager
    def member(self, name: str, *, compress: bool) -> Iterator["Hashing"]:
        """A part of the payload, to write into, in pieces of any length."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        info._compresslevel = COMPRESSION  # type: ignore[attr-defined] # public from 3.13 on, as compress_level
        with self.archive.open(info, "w", force_zip64=True) as file:
            hashing = Hashing(file)
            yield hashing
        self.members.append(Member(name, hashing.bytes, hashing.hex))

    def add(self, name: str, file: Path, *, compress: bool) -> None:
        """A part of the payload, copied from a file."""
        with file.open("rb") as source, self.member(name, compress=compress) as target:
            while chunk := source.read(CHUNK):
                target.write(chunk)

    def finish(self, manifest: Manifest) -> None:
        """The last thing to write."""
        self.archive.writestr(MANIFEST, encoded(manifest))


class Hashing:
    """A stream that counts and digests what goes through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._sha256 = hashlib.sha256()
        self.bytes = 0

    @property
    def hex(self) -> str:
        """The digest, as 64 hexadecimal digits."""
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> None:
        """Write on."""
        self._stream.write(data)
        self._take(data)

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        data = self._stream.read(size)
        self._take(data)
        return data

    def _take(self, data: bytes) -> None:
        self._sha256.update(data)
        self.bytes += len(data)


@contextmanager
def packing(file: Path) -> Iterator[Packing]:
    """Write a backup to a file of its owner's alone; it is sealed, and on the disk, when the block ends."""
    private_file(file)
    with file.open("w+b") as stream:
        with zipfile.ZipFile(stream, "w") as archive:
            yield Packing(archive)
            archive.comment = SEAL + b"0" * DIGITS
        length = stream.seek(-DIGITS, os.SEEK_END)
        stream.seek(0)
        digits = _digest(stream, length)
        stream.seek(length)
        stream.write(digits)
        stream.flush()
        os.fsync(stream.fileno())


@dataclass(frozen=True)
class Backup:
    """A backup that is open to be read: sealed, whole, and of a format that this code knows."""

    file: Path
    manifest: Manifest
    archive: zipfile.ZipFile

    @contextmanager
    def member(self, name: str) -> Iterator[Hashing]:
        """A part of the payload; having been read to its end, it is what the manifest says."""
        try:
            with self.archive.open(name) as stream:
                hashing = Hashing(stream)
                yield hashing
        except (KeyError, EOFError, zipfile.BadZipFile, zlib.error):
            raise RefusedError(f"{self.file} can't be used: {name} is missing in it, or damaged") from None
        if Member(name, hashing.bytes, hashing.hex) not in self.manifest.payload:
            raise RefusedError(f"{self.file} can't be used: {name} is not what its manifest says")

    def extract(self, name: str, target: Path) -> None:
        """A part of the payload as a file of its owner's alone."""
        private_file(target)
        with self.member(name) as source, target.open("wb") as stream:
            while chunk := source.read(CHUNK):
                stream.write(chunk)


@contextmanager
def opened(file: Path) -> Iterator[Backup]:
    """Read a backup. Raises RefusedError where it is none, or not as it was written."""
    with _stream(file) as stream:
        _refuse_unsealed(file, stream)
        with _archive(file, stream) as archive:
            yield Backup(file, _manifest(file, archive), archive)


def manifest_of(file: Path) -> Manifest:
    """What a backup says of itself, without a look at the rest of it. Raises RefusedError."""
    with _stream(file) as stream, _archive(file, stream) as archive:
        return _manifest(file, archive)


@contextmanager
def _stream(file: Path) -> Iterator[BinaryIO]:
    try:
        stream = file.open("rb")
    except OSError as error:
        raise RefusedError(f"{file} can't be read: {error.strerror}") from None
    with stream:
        yield stream


def _refuse_unsealed(file: Path, stream: BinaryIO) -> None:
    length = stream.seek(0, os.SEEK_END) - DIGITS
    stream.seek(max(0, length - len(SEAL)))
    if length == -DIGITS:
        raise RefusedError(f"{file} is empty")
    if stream.read(len(SEAL)) != SEAL:
        raise RefusedError(f"{file} is truncated, or no backup of Daybook's")
    digits = stream.read()
    stream.seek(0)
    if _digest(stream, length) != digits:
        raise RefusedError(f"{file} is altered or damaged: its seal does not fit; take another backup")


def _digest(stream: BinaryIO, length: int) -> bytes:
    """The SHA-256 of so many bytes from here on, in digits."""
    sha256 = hashlib.sha256()
    while length > 0 and (chunk := stream.read(min(CHUNK, length))):
        sha256.update(chunk)
        length -= len(chunk)
    return sha256.hexdigest().encode()


@contextmanager
def _archive(file: Path, stream: BinaryIO) -> Iterator[zipfile.ZipFile]:
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, ValueError):
        raise RefusedError(f"{file} is no backup of Daybook's") from None
    with archive:
        if not all(_is_plain(each) for each in archive.infolist()):
            raise RefusedError(f"{file} is no backup of Daybook's")
        yield archive


def _is_plain(member: zipfile.ZipInfo) -> bool:
    """Whether it is packed as we pack: each other way fails in words of its own, when it is read."""
    return member.compress_type in _METHODS and not member.flag_bits & _ENCRYPTED


def _manifest(file: Path, archive: Any) -> Manifest:
    try:
        with archive.open(MANIFEST) as member:
            return decoded(member.read(MANIFEST_BYTES_MAX))
    except (KeyError, zipfile.BadZipFile, NotImplementedError, EOFError):
        # No manifest in it, or cut short, or of a kind of zip that `zipfile` has no code for.
        raise RefusedError(f"{file} is no backup of Daybook's") from None
    except RefusedError as error:
        raise RefusedError(f"{file} can't be used: {error}") from None
