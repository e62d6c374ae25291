"""Daybook: the backend for a person's tasks and time."""

from typing import Final

VERSION: Final = "0.1.0"
