"""A run's life: created, changed, ended, deleted, purged."""
