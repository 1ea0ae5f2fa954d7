"""Many runs at once: queries, their columns, histories of metrics."""
