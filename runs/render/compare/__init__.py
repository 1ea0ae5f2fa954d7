"""Runs side by side as HTML, with marks of what differs."""

from runs.render.compare.cells import (
    MAX_CELL_CHARS,
    best_value,
    difference_html,
    html_link,
    is_number,
    metric_cells_html,
    shortened_text_html,
    signed_number,
    tag_chips,
    text_cells_html,
    wrap_in_cells,
)
from runs.render.compare.diff_html import (
    MAX_DIFF_LINES,
    DiffLine,
    LinePair,
    diff_lines,
    side_by_side,
    split_lines,
)
from runs.render.compare.word_diffs import DiffPart, shorten_unchanged_parts, word_diff

__all__ = [
    "MAX_CELL_CHARS",
    "MAX_DIFF_LINES",
    "DiffLine",
    "DiffPart",
    "LinePair",
    "best_value",
    "diff_lines",
    "difference_html",
    "html_link",
    "is_number",
    "metric_cells_html",
    "shorten_unchanged_parts",
    "shortened_text_html",
    "side_by_side",
    "signed_number",
    "split_lines",
    "tag_chips",
    "text_cells_html",
    "word_diff",
    "wrap_in_cells",
]
