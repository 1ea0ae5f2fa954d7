"""The SQL of single conditions: comparisons, words, keys, and the scans that fit them."""
