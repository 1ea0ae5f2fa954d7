"""The run page's files and snapshot."""
