"""The comparison: runs side by side."""

from __future__ import annotations

from runs.pages.compare.conclusion import (
    conclusion_items,
)
from runs.pages.compare.state import (
    CompareState,
)
from runs.pages.compare.urls import (
    urlpatterns,
)

__all__ = [
    "CompareState",
    "conclusion_items",
    "urlpatterns",
]
