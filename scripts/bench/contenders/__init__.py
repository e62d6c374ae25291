"""What Daybook is measured beside: each runs as a process of its own."""
