"""What crosses the wire: requests read, answers written."""
