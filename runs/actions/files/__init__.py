"""Stored files: kept, removed, swept."""
