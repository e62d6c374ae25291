"""What the service keeps on disk is its owner's alone, whatever the umask."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service import client_of, running, settings_for


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The usual umask, under which new files are readable by all."""
    before = os.umask(0o022)
    yield
    os.umask(before)


async def test_nobody_else_can_read_the_database(open_umask: None, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with running(settings_for(f"sqlite:///{folder}/app.db")) as app, client_of(app, "alice") as alice:
        assert (await alice.post("/api/v1/tasks", json={"title": "Water"})).status_code == 201
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.iterdir())}
    assert modes == {"data": 0o700, "app.db": 0o600, "app.db-wal": 0o600, "app.db-shm": 0o600}
