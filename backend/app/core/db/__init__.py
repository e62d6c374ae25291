"""The database: its URL, its engines, its sessions, its schema."""
