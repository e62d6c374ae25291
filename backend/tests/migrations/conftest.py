"""A place for revisions that a test makes up."""

from pathlib import Path

import pytest

from tests.migrations.running import ini_with


@pytest.fixture
def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose revisions this process takes for the service's own, after the real ones."""
    folder = tmp_path / "made_up"
    folder.mkdir()
    monkeypatch.setattr("app.core.db.migrations.revisions.INI", ini_with(folder))
    return folder
