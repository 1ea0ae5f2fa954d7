"""Lines of stored logs: an index of line ends, and reads of any line or byte."""

from runs.storage.logs.line_index import (
    BLOCK_BYTES,
    MIN_UPLOAD_BYTES,
    extend_line_index,
    index_uploaded_text,
)
from runs.storage.logs.log_reader import LogReader, UncountedLinesError, open_log
from runs.storage.logs.outline_store import load_outline, save_outline

__all__ = [
    "BLOCK_BYTES",
    "MIN_UPLOAD_BYTES",
    "LogReader",
    "UncountedLinesError",
    "extend_line_index",
    "index_uploaded_text",
    "load_outline",
    "open_log",
    "save_outline",
]
