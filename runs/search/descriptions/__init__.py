"""References in descriptions, and their versions."""
