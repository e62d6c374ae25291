"""Backups: one sealed file that says what it holds, and the way back from it."""
