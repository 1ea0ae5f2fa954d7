"""SQL statements that are compiled once and run with new values."""

from runs.storage.prepared.insert import PreparedInsert
from runs.storage.prepared.row_values import PreparedRowValues
from runs.storage.prepared.statements import (
    Prepared,
    PreparedDelete,
    PreparedRows,
    PreparedUpdate,
)

__all__ = [
    "Prepared",
    "PreparedDelete",
    "PreparedInsert",
    "PreparedRowValues",
    "PreparedRows",
    "PreparedUpdate",
]
