"""Compare the database with the stored files, and repair what can be repaired."""

from runs.management.verify.database import (
    POINTS,
    check_database,
    repair_triggers_and_counts,
)
from runs.management.verify.findings import Finding, finding_lines, unrepaired_findings
from runs.management.verify.repair import finish_interrupted_uploads, repair_files
from runs.management.verify.stored_files import BYTES, ROWS, STORED, check_files

__all__ = [
    "BYTES",
    "POINTS",
    "ROWS",
    "STORED",
    "Finding",
    "check_database",
    "check_files",
    "finding_lines",
    "finish_interrupted_uploads",
    "repair_files",
    "repair_triggers_and_counts",
    "unrepaired_findings",
]
