"""Daybook: the backend for a person's tasks and time."""
