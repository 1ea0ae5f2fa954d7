"""Undo: puts back what a change set changed."""
