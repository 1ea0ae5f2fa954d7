"""Conclusions of a comparison."""
