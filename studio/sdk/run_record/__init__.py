"""What the result of a run depends on: command, machine, packages, variables."""

from studio.sdk.run_record.interpreters import (
    PythonFacts,
    probe_python,
    python_facts,
    this_python,
)
from studio.sdk.run_record.record import (
    RECORD_PATH,
    Redact,
    RunRecord,
    attempt_path,
    command_of_process,
    record_of_process,
    upload_record,
    working_folder,
)
from studio.sdk.run_record.source_changes import DIFF_PATH, upload_diff

__all__ = [
    "DIFF_PATH",
    "RECORD_PATH",
    "PythonFacts",
    "Redact",
    "RunRecord",
    "attempt_path",
    "command_of_process",
    "probe_python",
    "python_facts",
    "record_of_process",
    "this_python",
    "upload_diff",
    "upload_record",
    "working_folder",
]
