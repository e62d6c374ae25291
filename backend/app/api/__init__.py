"""The HTTP resources: one folder each."""
