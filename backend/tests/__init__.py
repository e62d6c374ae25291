"""The suite: it mirrors backend/app, and every database test runs on both engines."""
