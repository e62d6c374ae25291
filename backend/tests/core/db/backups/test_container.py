"""The file that a backup is: not a byte of it can change unseen."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.db.backups.container import manifest_of, opened, packing
from app.core.db.backups.manifest import Manifest, summary
from app.core.operating import RefusedError

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of hardly anything."""
    file = tmp_path / "x.zip"
    with packing(file) as packed:
        with packed.member("payload", compress=False) as member:
            member.write(b"all that there is")
        packed.finish(
            Manifest(
                kind="portable",
                engine="sqlite",
                engine_version="3",
                database="sqlite:///app.db",
                revision="abc",
                app_version="1",
                began_at=NOON,
                ended_at=NOON,
                tables=(),
                payload=tuple(packed.members),
            )
        )
    return file


def test_what_was_packed_is_there(backup: Path) -> None:
    with opened(backup) as found:
        assert summary(found.manifest)["began_at"] == "2026-05-01T12:00:00Z"
        with found.member("payload") as member:
            assert member.read() == b"all that there is"
        with pytest.raises(RefusedError, match="is missing in it"), found.member("other"):
            pass
    assert backup.stat().st_mode & 0o777 == 0o600


def test_every_byte_counts(backup: Path) -> None:
    whole = backup.read_bytes()
    for at in range(0, len(whole), 3):
        backup.write_bytes(whole[:at] + bytes([whole[at] ^ 0x20]) + whole[at + 1 :])
        with pytest.raises(RefusedError), opened(backup):
            pass
    for length in range(0, len(whole), 50):
        backup.write_bytes(whole[:length])
        with pytest.raises(RefusedError), opened(backup):
            pass
    backup.write_bytes(whole)
    assert manifest_of(backup).revision == "abc"


def test_another_zip_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\5\6" + bytes(18))
    with pytest.raises(RefusedError, match="no backup of Daybook's"):
        manifest_of(tmp_path / "x.zip")
