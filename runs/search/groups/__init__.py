"""Runs in groups, with count, mean, deviation and extremes."""
