"""The search box: completion, editors of terms, and the facets panel."""

from __future__ import annotations

from runs.pages.filters.error_note import (
    filter_note_context,
    filter_problem_context,
)
from runs.pages.filters.facet_sections import (
    RANGE_OPERATORS,
    link_with_replaced_term,
)
from runs.pages.filters.facets import (
    facets_context,
)
from runs.pages.filters.urls import (
    urlpatterns,
)

__all__ = [
    "RANGE_OPERATORS",
    "facets_context",
    "filter_note_context",
    "filter_problem_context",
    "link_with_replaced_term",
    "urlpatterns",
]
