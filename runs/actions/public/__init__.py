"""Public links: created, shown, revoked."""
