"""Who runs the commands."""

import pytest

from tests.scripts.commands import Operator


@pytest.fixture
def operator(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Somebody at a terminal without a keyboard."""
    return Operator(capsys, monkeypatch)


@pytest.fixture
def at_keyboard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What they will answer, in order: to be filled by the test."""
    answers: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    return answers
