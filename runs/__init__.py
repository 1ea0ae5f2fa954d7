"""The server: one Django app; each package is one layer (docs/architecture.md)."""
