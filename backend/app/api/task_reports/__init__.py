"""Reports on tasks: what was meant to be spent on each, and what was."""
