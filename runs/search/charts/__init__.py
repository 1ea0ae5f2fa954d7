"""The runs and lines that charts draw."""
