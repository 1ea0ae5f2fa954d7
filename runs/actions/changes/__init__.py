"""Change sets, and conflicts between two edits."""
