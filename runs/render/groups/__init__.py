"""Means with deviations, and tables for papers."""
