"""A list's rows as HTML, CSV, JSON and Parquet."""
