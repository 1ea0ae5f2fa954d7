"""Help: the user documentation, the filter language, the keys."""
