"""Bodies for the endpoints: right ones by operation, and what is wrong."""
