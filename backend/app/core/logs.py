"""Logs: one JSON object a line on standard error."""

import json
import logging
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import msgspec

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

ENCODER: Final = msgspec.json.Encoder(enc_hook=str)
ASCII: Final = json.JSONEncoder(default=str)
"""For what is not ASCII, or not even Unicode: whatever standard error is written in, it is JSON."""


class JsonLines(logging.Formatter):
    """Renders a record as one line of JSON: time, level, logger, message, and what `extra` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; line feeds in messages and stacks are escaped, so no text can forge a line."""
        fields = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            fields["stack"] = self.formatException(record.exc_info)
        return _line(record.created, record.levelname, record.name, record.getMessage(), fields)


class JsonHandler(logging.StreamHandler[TextIO]):
    """Writes such lines."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self.setFormatter(JsonLines())


def tell(logger: logging.Logger, message: str, fields: dict[str, Any]) -> None:
    """Logs at INFO as `logger.info(message, extra=fields)` would, for who does so at every request.

    Where one handler of ours is all that hears of it, the line is written there straight away: making a
    record, which looks up process, thread and file, and handing it on costs three times as much. A stream
    that takes nothing is the handler's to deal with.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    handler = _only_handler_of(logger)
    if handler is None:
        logger.info(message, extra=fields)
        return
    try:
        handler.stream.write(_line(time.time(), "INFO", logger.name, message, fields) + "\n")
    except (OSError, ValueError):
        handler.handleError(
            logger.makeRecord(logger.name, logging.INFO, "", 0, message, (), None, extra=fields)
        )


def configure_logging(level: str) -> None:
    """Sends every logger's records, and Python's warnings, to standard error as JSON lines."""
    logging.basicConfig(level=level.upper(), handlers=[JsonHandler(sys.stderr)], force=True)
    logging.captureWarnings(True)
    for name in ("httpx", "alembic"):  # they tell of every call at INFO
        logging.getLogger(name).setLevel(logging.WARNING)


def _only_handler_of(logger: logging.Logger) -> JsonHandler | None:
    """The handler of ours that hears all that the logger says at INFO, where no other does."""
    handlers: list[logging.Handler] = []
    speaker: logging.Logger | None = logger
    while speaker:
        handlers += speaker.handlers
        speaker = speaker.parent if speaker.propagate else None
    only = handlers[0] if len(handlers) == 1 else None
    if isinstance(only, JsonHandler) and only.level <= logging.INFO and not (only.filters or logger.filters):
        return only
    return None


def _line(at: float, level: str, logger: str, message: str, fields: dict[str, Any]) -> str:
    line = {
        "time": datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds"),
        "level": level.lower(),
        "logger": logger,
        "message": message,
        **fields,
    }
    with suppress(UnicodeEncodeError):
        rendered = ENCODER.encode(line)
        if rendered.isascii():
            return rendered.decode()
    return ASCII.encode(line)
