"""The feed of a person's changes: where a reader stands in it, and who is woken by what."""
