"""Media of runs in a browser."""
