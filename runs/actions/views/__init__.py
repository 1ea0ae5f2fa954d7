"""Custom views: created, saved, shared, deleted."""
