"""Fixtures of the pages' tests."""

from tests.pages.rows import log, visitor

__all__ = ["log", "visitor"]
