"""Backups for tests: made by the command itself, in its ways, and altered in ways that it never would."""

import resource
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text

import backup_db
import restore_db
from app.core.db.backups.container import CHUNK, opened, packing
from app.core.db.backups.manifest import Manifest
from app.core.db.copying.reading import digests_of, snapshot
from app.models import metadata
from tests.migrations.running import look, parsed
from tests.postgres import postgres_home
from tests.scripts.commands import Ran, ran

TOOLS = ("--tools", postgres_home() / "bin")
WAYS = {"native": TOOLS, "portable": ("--portable",)}


async def back_up(url: str, to: Path, *arguments: object) -> Path:
    """Make a backup, which has to succeed."""
    done = await ran(backup_db.main, url, "--json", "--to", to, *arguments)
    assert done.code == 0, done.out
    return Path(done.told["file"])


async def restore(url: str, file: Path, *arguments: object, **settings: str) -> Ran:
    """Restore it, without being asked; what is kept on Postgres lies beside the backup."""
    given = (file, "--yes", "--json", "--keep-in", file.parent, *TOOLS, *arguments)
    return await ran(restore_db.main, url, *given, **settings)


async def contents_of(url: str) -> dict[str, str]:
    """The digest of every table; but not of the heads, which a restore renews."""
    async with snapshot(parsed(url)) as connection:
        found = await digests_of(connection, metadata)
    return {name: digest.hex for name, digest in found.items() if name != "change_heads"}


def names_in(folder: Path) -> set[str]:
    """What lies in a folder."""
    return {path.name for path in folder.iterdir()}


async def epochs_of(url: str) -> dict[str, str]:
    """Everybody's epoch."""
    found = await look(url, lambda c: c.execute(text("SELECT user_id, epoch FROM change_heads")).all())
    return {row.user_id: row.epoch for row in found}


def rewritten(
    file: Path, change: Callable[[dict[str, Any]], None], more: Mapping[str, bytes] | None = None
) -> Path:
    """The same backup with another manifest, and more in it, sealed as if it had always been so."""
    target = file.with_name(f"rewritten-{file.name}")
    with opened(file) as backup, packing(target) as packed:
        for member in backup.manifest.payload:
            with backup.member(member.name) as source, packed.member(member.name, compress=True) as copy:
                while chunk := source.read(CHUNK):
                    copy.write(chunk)
        for name, content in (more or {}).items():
            with packed.member(name, compress=True) as copy:
                copy.write(content)
        manifest = msgspec.to_builtins(backup.manifest)
        manifest["payload"] = msgspec.to_builtins(packed.members)
        change(manifest)
        packed.archive.writestr("manifest.json", msgspec.json.encode(manifest))
    return target


def manifest_in(file: Path) -> Manifest:
    """What a backup says of itself, having been found whole."""
    with opened(file) as backup:
        return backup.manifest


@contextmanager
def full_disk(bytes_: int) -> Iterator[None]:
    """No file of this process's may be longer."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
