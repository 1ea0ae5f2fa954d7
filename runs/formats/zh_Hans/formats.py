"""Simplified Chinese: software groups digits by three there, as in English."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
