"""The run list: rows, columns, tree, export."""
