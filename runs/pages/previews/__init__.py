"""Previews of files: one module per kind, listed in `registry.py`, and the viewer."""

from runs.pages.previews.figure import FIGURE
from runs.pages.previews.kind import PreviewKind, Shown
from runs.pages.previews.reader import BudgetExceeded, FileContent, PreviewReader
from runs.pages.previews.vega_chart import VEGA
from runs.pages.previews.vega_data import run_paths
from runs.pages.previews.viewer import (
    Neighbor,
    Preview,
    file_viewer_context,
    part_response,
    preview_file,
)

__all__ = [
    "FIGURE",
    "VEGA",
    "BudgetExceeded",
    "FileContent",
    "Neighbor",
    "Preview",
    "PreviewKind",
    "PreviewReader",
    "Shown",
    "file_viewer_context",
    "part_response",
    "preview_file",
    "run_paths",
]
