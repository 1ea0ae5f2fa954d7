"""Fixtures of the pages' tests."""

from tests.pages.rows import log, visitor
from tests.pages.views.view_rows import make_view

__all__ = ["log", "make_view", "visitor"]
