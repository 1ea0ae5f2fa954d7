"""The comparison: runs side by side."""
