"""Many writes at once over HTTP."""
