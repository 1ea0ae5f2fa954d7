"""A run's metric points."""
