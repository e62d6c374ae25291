"""The history of the schema: where a database is in it, the way up, one step back, and all anew."""
