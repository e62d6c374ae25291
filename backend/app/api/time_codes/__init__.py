"""Time codes over HTTP."""
