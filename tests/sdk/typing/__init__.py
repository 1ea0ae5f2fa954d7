"""Annotations and help of public names, as editors and type checkers read them."""
