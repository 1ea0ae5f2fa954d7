"""Measurements of submitted runs."""
