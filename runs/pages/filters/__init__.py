"""The search box: completion, editors of terms, and the facets panel."""

from __future__ import annotations

from runs.pages.filters.error_note import (
    filter_problem,
)
from runs.pages.filters.facet_sections import (
    RANGES,
    with_replaced_term,
)
from runs.pages.filters.facets import (
    facets_context,
)
from runs.pages.filters.urls import (
    urlpatterns,
)

__all__ = [
    "RANGES",
    "facets_context",
    "filter_problem",
    "urlpatterns",
    "with_replaced_term",
]
