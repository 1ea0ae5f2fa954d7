"""Undo, and changes in words."""
