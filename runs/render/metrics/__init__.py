"""Documents, tables and values that were logged as metrics."""

from __future__ import annotations

from runs.render.metrics.confusion_table import (
    Matrix,
    confusion_matrix,
)
from runs.render.metrics.evaluation_documents import (
    Numbers,
    document_data,
    read_document,
    read_labels,
    read_numbers,
)
from runs.render.metrics.logged_tables import (
    DEFAULT_VIEW,
    column_pairs,
    rows_table,
)
from runs.render.metrics.values import (
    DisplayValue,
    display_column,
    display_head,
    display_last,
    display_logged,
    display_value,
)

__all__ = [
    "DEFAULT_VIEW",
    "DisplayValue",
    "Matrix",
    "Numbers",
    "column_pairs",
    "confusion_matrix",
    "display_column",
    "display_head",
    "display_last",
    "display_logged",
    "display_value",
    "document_data",
    "read_document",
    "read_labels",
    "read_numbers",
    "rows_table",
]
