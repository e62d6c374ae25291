"""What configure_logging lets through, and in what form."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.logs import configure_logging


@contextmanager
def configured(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """The lines that are written meanwhile; the tests' own set-up is back afterwards."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    lines: list[dict[str, Any]] = []
    with monkeypatch.context() as patched:
        patched.setattr("sys.stderr", stream)
        configure_logging("INFO")
        try:
            yield lines
        finally:
            lines += [json.loads(line) for line in stream.getvalue().splitlines()]
            logging.captureWarnings(False)
            root.handlers[:] = handlers
            root.setLevel(level)
            for name in ("httpx", "alembic"):
                logging.getLogger(name).setLevel(logging.NOTSET)


def test_who_tells_of_every_call_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    with configured(monkeypatch) as lines:
        for name in ("alembic.runtime.migration", "httpx", "app.requests"):
            logging.getLogger(name).info("by the way")
    assert [line["logger"] for line in lines] == ["app.requests"]


def test_a_warning_of_python_is_a_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with configured(monkeypatch) as lines:
            warnings.warn("this goes away in 3.15", DeprecationWarning, stacklevel=1)
    (line,) = lines
    assert (line["level"], line["logger"]) == ("warning", "py.warnings")
    assert "this goes away in 3.15" in line["message"]
