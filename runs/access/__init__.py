"""Who may see or do what: one table, one middleware, for every protocol."""
