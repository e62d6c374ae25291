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


def test_a_stream_that_takes_nothing_stops_nobody_and_hears_nothing_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class FullOnce(io.RawIOBase):
        said = b""
        is_full = True

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            if self.is_full:
                self.is_full = False
                raise OSError(28, "No space left on device")
            self.said += bytes(data)
            return len(data)

    dealt_with: list[logging.LogRecord] = []
    disk = FullOnce()
    with configured(monkeypatch):
        handler = logging.root.handlers[0]
        monkeypatch.setattr(handler, "stream", io.TextIOWrapper(io.BufferedWriter(disk), line_buffering=True))
        monkeypatch.setattr(handler, "handleError", dealt_with.append)
        for status in (200, 201):
            tell(logging.getLogger("app.requests"), "request", {"status": status})
    assert [record.__dict__["status"] for record in dealt_with] == [200]
    assert [json.loads(line)["status"] for line in disk.said.splitlines()] == [200, 201]


def test_whoever_else_listens_or_filters_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    logger, parent, heard = logging.getLogger("app.requests"), logging.getLogger("app"), io.StringIO()
    other = logging.StreamHandler(heard)

    def nothing(_: logging.LogRecord) -> bool:
        return False

    with configured(monkeypatch) as lines:
        ours = logging.root.handlers[0]
        parent.addHandler(other)
        tell(logger, "heard by both", {})
        parent.removeHandler(other)
        logger.propagate = False
        tell(logger, "heard by nobody", {})
        logger.propagate = True
        for filtered in (logger, ours):
            filtered.addFilter(nothing)
            tell(logger, "filtered", {})
            filtered.removeFilter(nothing)
        ours.setLevel(logging.ERROR)
        tell(logger, "too low", {})
    assert [line["message"] for line in lines] == ["heard by both"]
    assert heard.getvalue() == "heard by both\n"
