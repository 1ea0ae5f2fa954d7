"""Measurements of what the worker does in the background."""
