"""Backups that somebody forged, and sealed: they are refused, and nothing of what they say is done."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text

import backup_db
from app.core.db.backups.container import opened, packing
from app.core.db.backups.manifest import encoded
from tests.migrations.running import look
from tests.scripts.backed_up import back_up, restore, rewritten
from tests.scripts.commands import ran

TABLE: Final[dict[str, Any]] = {
    "name": "tasks",
    "columns": [{"name": "name", "kind": "text", "nullable": False}],
    "key": ["name"],
    "rows": 0,
    "sha256": "",
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": 2}, "it is of format 2, and this code reads 1"),
        ({"format": "one"}, "its manifest can't be read"),
        ({"tables": [{}]}, "its manifest can't be read"),
        (
            {"tables": [TABLE | {"name": 'x"; --'}]},
            "tables like none of ours",
        ),
        ({"payload": []}, "is not what its manifest says"),
        ({"tables": [TABLE, TABLE]}, "tables like none of ours"),
        ({"tables": [TABLE | {"key": ["nothing"]}]}, "tables like none of ours"),
        ({"tables": [TABLE | {"rows": -1}]}, "its manifest can't be read"),
        ({"kind": "pg_dump", "tool": "new"}, "its manifest can't be read"),
        ({"began_at": "0001-01-01T00:00:00+14:00"}, "its manifest can't be read"),
        ({"revision": ""}, "which this code does not know"),
        ({"revision": "\x1b[2JAll is well"}, "its manifest can't be read"),
    ],
)
async def test_a_manifest_that_makes_no_sense_is_refused(
    database_url: str, change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    done = await restore(database_url, rewritten(file, lambda manifest: manifest.update(change)))
    assert done.code == 2
    assert says in done.told["error"]


@pytest.mark.parametrize("verifies", [False, True])
async def test_a_backup_that_names_another_programs_table_does_not_write_to_it(
    database_url: str, *, verifies: bool, tmp_path: Path
) -> None:
    await look(database_url, lambda c: c.execute(text("CREATE TABLE accounts (name TEXT PRIMARY KEY)")))
    file = await back_up(database_url, tmp_path / "x.zip", "--portable")
    line = b'["mallory"]\n'
    sha256 = hashlib.sha256(line).hexdigest()

    def name_theirs(manifest: dict[str, Any]) -> None:
        manifest["tables"] = [*manifest["tables"], TABLE | {"name": "accounts", "rows": 1, "sha256": sha256}]

    forged = rewritten(file, name_theirs, {"tables/accounts.jsonl": line})
    if verifies:
        done = await ran(backup_db.main, database_url, "--json", "--verify", forged)
    else:
        done = await restore(database_url, forged)
    assert done.code == 2
    assert "tables that are none of ours: accounts" in done.told["error"]
    assert await look(database_url, lambda c: c.scalar(text("SELECT count(*) FROM accounts"))) == 0


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
async def test_what_is_packed_as_we_never_pack_is_no_backup(
    database_url: str, method: int, tmp_path: Path
) -> None:
    file, forged = await back_up(database_url, tmp_path / "x.zip", "--portable"), tmp_path / "y.zip"
    with opened(file) as backup, packing(forged) as packed:
        packed.archive.writestr("manifest.json", encoded(backup.manifest), compress_type=method)
    done = await restore(database_url, forged)
    assert done.code == 2
    assert "is no backup of Daybook's" in done.told["error"]
