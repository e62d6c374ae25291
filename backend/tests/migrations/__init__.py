"""Migrations, run as an operator runs them and as the service does."""
