"""Proves that a live database is what the code expects, and leaves it as it was."""

from app.core.db.verify.checks import Service, verify
from app.core.db.verify.report import Check

__all__ = ["Check", "Service", "verify"]
