"""Why a file cannot be shown as a table."""

from __future__ import annotations

from enum import StrEnum


class TableFault(StrEnum):
    """The values are stored with the parsed tables."""

    CORRUPT = "corrupt"
    EMPTY = "empty"
    #: The content is valid and has no rows and columns.
    NO_TABLE = "no-table"
    TOO_LARGE = "too-large"
    #: Reading was stopped at its limit of memory or time.
    LIMITS = "limits"
    #: The package that reads this format is not installed.
    PACKAGE = "package"


class UnreadableTable(Exception):
    """The content cannot be shown as a table; `reason` is for the reader."""

    def __init__(self, fault: TableFault, reason: str = "") -> None:
        super().__init__(fault.value, reason)
        self.fault = fault
        self.reason = reason
