"""What configure_logging lets through, and in what form."""

import io
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.core.logs import configure_logging, tell


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


@pytest.mark.parametrize("path", ["/api/v1/tasks", "/caf\u00e9\n", "/half \ud83d", "\u2028"])
def test_what_is_told_at_every_request_is_a_line_like_any_other(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    logger, fields = logging.getLogger("app.requests"), {"path": path, "status": 200, "milliseconds": 0.1}
    with configured(monkeypatch) as lines:
        logger.info("request", extra=fields)
        tell(logger, "request", fields)
        logger.setLevel(logging.WARNING)
        tell(logger, "request", fields)
        logger.setLevel(logging.NOTSET)
    logged, told = lines
    assert logged.pop("time") <= told.pop("time")
    assert logged == told == {"level": "info", "logger": "app.requests", "message": "request", **fields}


def test_a_stream_that_takes_nothing_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

    dealt_with: list[logging.LogRecord] = []
    with configured(monkeypatch):
        handler = logging.root.handlers[0]
        monkeypatch.setattr(handler, "stream", Full())
        monkeypatch.setattr(handler, "handleError", dealt_with.append)
        tell(logging.getLogger("app.requests"), "request", {"status": 200})
    assert [record.__dict__["status"] for record in dealt_with] == [200]
