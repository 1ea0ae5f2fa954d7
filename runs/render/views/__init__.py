"""Differences of views in words."""
