"""A run's files, images and snapshot."""
