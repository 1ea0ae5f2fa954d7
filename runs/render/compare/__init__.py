"""Runs side by side as HTML, with marks of what differs."""
