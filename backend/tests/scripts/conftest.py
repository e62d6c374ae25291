"""Who runs the commands."""

import pytest


@pytest.fixture
def at_keyboard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What somebody at a terminal will answer, in order: to be filled by the test."""
    answers: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    return answers
