"""Documents, tables and values that were logged as metrics."""
