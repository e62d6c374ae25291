"""Logs: one JSON object a line on standard error."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Final

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}

ENCODER: Final = json.JSONEncoder(default=str)


class JsonLines(logging.Formatter):
    """Renders a record as one line of JSON: time, level, logger, message, and what `extra` adds."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; line feeds in messages and stacks are escaped, so no text can forge a line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info:
            line["stack"] = self.formatException(record.exc_info)
        return ENCODER.encode(line)


def configure_logging(level: str) -> None:
    """Sends every logger's records, and Python's warnings, to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    for name in ("httpx", "alembic"):  # they tell of every call at INFO
        logging.getLogger(name).setLevel(logging.WARNING)
