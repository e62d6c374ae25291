"""A copy of a live SQLite database: of one moment, and in nobody's way."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.core.db.backups import sqlite_snapshot
from app.core.db.backups.sqlite_snapshot import copy_snapshot, faults_of
from app.core.operating import FailedError, silent


@pytest.fixture
def live(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A database with a hundred rows, and the connection that writes it and never waits."""
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None, timeout=0)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE notes (text)")
        connection.executemany("INSERT INTO notes VALUES (?)", [("x" * 4000,)] * 100)
        yield connection


def test_a_copy_ends_however_much_is_written_meanwhile(
    live: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_snapshot, "PAGES", 1)
    steps: list[str] = []

    def write_on(line: str) -> None:
        steps.append(line)
        live.execute("INSERT INTO notes VALUES ('later')")

    copy_snapshot(tmp_path / "live.db", tmp_path / "copy.db", write_on)
    assert live.execute("SELECT count(*) FROM notes").fetchone() == (100 + len(steps),)
    with closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        assert copy.execute("SELECT count(*) FROM notes").fetchone() == (100,)
        (pages,) = copy.execute("PRAGMA page_count").fetchone()
    assert steps[-1] == f"copied {pages} of {pages} pages"
    assert len(steps) == pages  # no page was copied twice
    assert faults_of(tmp_path / "copy.db") == []
    assert {path.name for path in tmp_path.iterdir()} == {"live.db", "live.db-wal", "live.db-shm", "copy.db"}
    assert (tmp_path / "copy.db").stat().st_mode & 0o777 == 0o600


def test_what_is_damaged_is_told(live: sqlite3.Connection, tmp_path: Path) -> None:
    live.execute("CREATE TABLE parents (id PRIMARY KEY)")
    live.execute("CREATE TABLE children (parent REFERENCES parents (id))")
    live.execute("INSERT INTO children VALUES (1)")
    copy_snapshot(tmp_path / "live.db", tmp_path / "copy.db", silent)
    assert faults_of(tmp_path / "copy.db") == ["1 of children name a row of parents that is not there"]
    with (tmp_path / "copy.db").open("r+b") as file:
        file.seek(4096 * 2)
        file.write(b"\xff" * 4096)
    assert faults_of(tmp_path / "copy.db") != []
    (tmp_path / "none.db").write_bytes(b"no database at all" * 100)
    assert faults_of(tmp_path / "none.db") == ["it is no sound database (SQLITE_NOTADB)"]
    with pytest.raises(FailedError, match="SQLITE_NOTADB; nothing was kept"):
        copy_snapshot(tmp_path / "none.db", tmp_path / "other.db", silent)
