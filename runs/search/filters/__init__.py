"""What completion and facets offer, with counts."""

from runs.search.filters.completion import (
    KINDS_IN_ORDER,
    KeyCount,
    find_keys,
    list_keys,
)
from runs.search.filters.facets import (
    KEYED_KINDS,
    MAX_OPEN_FACETS,
    Facet,
    FacetReader,
    SampledKey,
    ValueCount,
    is_facet,
    is_term_on,
)

__all__ = [
    "KEYED_KINDS",
    "KINDS_IN_ORDER",
    "MAX_OPEN_FACETS",
    "Facet",
    "FacetReader",
    "KeyCount",
    "SampledKey",
    "ValueCount",
    "find_keys",
    "is_facet",
    "is_term_on",
    "list_keys",
]
