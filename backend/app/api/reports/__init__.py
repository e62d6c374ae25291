"""Reports: what the hours add up to."""
