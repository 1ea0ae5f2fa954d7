"""Markdown as safe HTML."""

from runs.render.descriptions.first_lines import MAX_READ_CHARS, first_line
from runs.render.descriptions.markdown import find_references, render_markdown
from runs.render.descriptions.references import (
    FILE_REFERENCE,
    METRIC_REFERENCE,
    RUN_REFERENCE,
    Reference,
    ReferenceTarget,
    write_reference,
)

__all__ = [
    "FILE_REFERENCE",
    "MAX_READ_CHARS",
    "METRIC_REFERENCE",
    "RUN_REFERENCE",
    "Reference",
    "ReferenceTarget",
    "find_references",
    "first_line",
    "render_markdown",
    "write_reference",
]
