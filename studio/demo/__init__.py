"""A small sweep that really trains: digits, by scikit-learn, through the SDK."""
