"""The server: one Django app, its rooms named by role (docs/architecture.md)."""
