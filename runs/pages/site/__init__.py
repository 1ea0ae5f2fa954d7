"""Pages and context of the whole site: frame, home, help, health, style guide."""
