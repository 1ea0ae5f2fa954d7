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
from runs.render.compare.patches import Patch, PatchFile, read_patch
from runs.render.compare.subsequence_matcher import equal_pairs
from runs.render.compare.table_diff import (
    NO_CELL,
    CellDiff,
    PlainTable,
    TableDiff,
    diff_tables,
    key_columns,
)
from runs.render.compare.text_diffs import (
    MAX_DIFF_BYTES,
    NO_FILE,
    FileStart,
    TextDiff,
    diff_files,
)
from runs.render.compare.word_diffs import DiffPart, shorten_unchanged_parts, word_diff
from runs.render.compare.word_spans import changed_spans

__all__ = [
    "MAX_CELL_CHARS",
    "MAX_DIFF_BYTES",
    "MAX_DIFF_LINES",
    "NO_CELL",
    "NO_FILE",
    "CellDiff",
    "DiffLine",
    "DiffPart",
    "FileStart",
    "LinePair",
    "Patch",
    "PatchFile",
    "PlainTable",
    "TableDiff",
    "TextDiff",
    "best_value",
    "changed_spans",
    "diff_files",
    "diff_lines",
    "diff_tables",
    "difference_html",
    "equal_pairs",
    "html_link",
    "is_number",
    "key_columns",
    "metric_cells_html",
    "read_patch",
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
