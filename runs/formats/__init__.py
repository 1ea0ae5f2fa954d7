"""Formats of numbers and dates that differ from those of Django's locales."""
