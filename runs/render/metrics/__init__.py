"""Documents, tables and values that were logged as metrics."""

from __future__ import annotations

from runs.render.metrics.confusion_table import (
    Matrix,
    confusion_matrix,
)
from runs.render.metrics.evaluation_documents import (
    Numbers,
    data_of_evaluation,
    parse_evaluation_document,
    read_labels,
    read_numbers,
)
from runs.render.metrics.logged_tables import (
    DEFAULT_VIEW,
    LoggedTable,
    build_logged_table,
    column_pairs,
)
from runs.render.metrics.values import (
    DisplayValue,
    display_column,
    display_last,
    display_logged_value,
    display_summary,
    display_value,
)

__all__ = [
    "DEFAULT_VIEW",
    "DisplayValue",
    "LoggedTable",
    "Matrix",
    "Numbers",
    "build_logged_table",
    "column_pairs",
    "confusion_matrix",
    "data_of_evaluation",
    "display_column",
    "display_last",
    "display_logged_value",
    "display_summary",
    "display_value",
    "parse_evaluation_document",
    "read_labels",
    "read_numbers",
]
