"""What clients log: points, rows, logs, models and datasets."""
