"""A filter as people read it: pills, operators, bars of a facet."""

from runs.render.filters.facet_histogram import HistogramBar, build_histogram
from runs.render.filters.filter_words import (
    IN_THE_LAST,
    OLDER_THAN,
    DifferenceLine,
    aggregate_label,
    deleted_items_text,
    difference_lines,
    field_label,
    local_day,
    local_moment,
    operator_label,
    pill_texts,
    summarize_differences,
)

__all__ = [
    "IN_THE_LAST",
    "OLDER_THAN",
    "DifferenceLine",
    "HistogramBar",
    "aggregate_label",
    "build_histogram",
    "deleted_items_text",
    "difference_lines",
    "field_label",
    "local_day",
    "local_moment",
    "operator_label",
    "pill_texts",
    "summarize_differences",
]
