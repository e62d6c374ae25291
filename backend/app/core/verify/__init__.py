"""Proves that a live database is what the code expects, and leaves it as it was."""

from app.core.verify.checks import verify
from app.core.verify.report import Check

__all__ = ["Check", "verify"]
