"""The values of many runs as arrays, and all that runs logged."""
