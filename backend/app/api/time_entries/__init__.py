"""Time entries over HTTP."""
