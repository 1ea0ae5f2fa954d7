"""Alert rules among many status changes."""
