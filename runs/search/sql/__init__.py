"""The SQL of single conditions: comparisons, words, keys, and scans that fit them."""
