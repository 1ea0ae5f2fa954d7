"""Custom views that a member can see."""
