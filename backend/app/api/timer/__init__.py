"""The timer over HTTP: the one time entry that runs."""
