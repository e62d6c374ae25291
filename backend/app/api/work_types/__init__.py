"""Work types over HTTP."""
