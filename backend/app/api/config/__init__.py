"""A person's settings over HTTP."""
