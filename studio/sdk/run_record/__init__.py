"""What the result of a run depends on: command, machine, packages, variables."""

from studio.sdk.run_record.interpreters import PythonFacts, probe_python, this_python
from studio.sdk.run_record.record import (
    RECORD_PATH,
    Redact,
    RunRecord,
    attempt_path,
    record_of_process,
    upload_record,
    working_folder,
)

__all__ = [
    "RECORD_PATH",
    "PythonFacts",
    "Redact",
    "RunRecord",
    "attempt_path",
    "probe_python",
    "record_of_process",
    "this_python",
    "upload_record",
    "working_folder",
]
