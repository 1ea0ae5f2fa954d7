"""Runs side by side as HTML, with marks of what differs."""

from runs.render.compare.cells import (
    MAX_CELL_CHARS,
    best_of,
    html_link,
    html_row,
    is_number,
    metric_row,
    shortened_text,
    tag_chips,
    text_row,
)
from runs.render.compare.diff_parts import DiffPart, excerpt, word_diff
from runs.render.compare.word_marks import (
    MAX_DIFF_LINES,
    DiffLine,
    LinePair,
    diff_lines,
    side_by_side,
    split_lines,
)

__all__ = [
    "MAX_CELL_CHARS",
    "MAX_DIFF_LINES",
    "DiffLine",
    "DiffPart",
    "LinePair",
    "best_of",
    "diff_lines",
    "excerpt",
    "html_link",
    "html_row",
    "is_number",
    "metric_row",
    "shortened_text",
    "side_by_side",
    "split_lines",
    "tag_chips",
    "text_row",
    "word_diff",
]
