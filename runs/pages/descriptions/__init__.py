"""Descriptions: editor, versions, and references to runs, files and metrics."""
