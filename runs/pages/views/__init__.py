"""Custom views: opened, saved, shared, deleted, restored."""
