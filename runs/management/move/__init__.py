"""Move a home's data from its database to another, empty one."""
