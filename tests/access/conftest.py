"""Fixtures of the access tests."""

from tests.access.people import team, visitor

__all__ = ["team", "visitor"]
