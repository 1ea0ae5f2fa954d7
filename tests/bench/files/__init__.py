"""Runs with very many files."""
