"""Rows: how they are read, written, listed and rendered, whatever the resource."""
