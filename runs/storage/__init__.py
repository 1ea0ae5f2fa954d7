"""Bulky data: metric points, files, and fast statements. One package for each."""
