"""Experiments: created, renamed, described, deleted."""
