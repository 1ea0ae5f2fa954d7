"""What completion and facets offer, with counts."""
