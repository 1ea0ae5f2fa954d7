"""Runs of a list in groups: the choice, the table, and its text formats."""
