"""What a run depends on, kept next to its log: properties and files of the run."""

from __future__ import annotations

import contextlib
from pathlib import Path

from studio.core.errors import StudioError
from studio.sdk.delivery import Writer
from studio.sdk.run import git_properties
from studio.sdk.run_record import RunRecord, upload_diff, upload_record


def keep_record(writer: Writer, record: RunRecord, folder: Path) -> None:
    """Send the record, the commit of `folder` and its changes. Never raises."""
    properties = {**record.properties(), **git_properties(folder)}
    path = f"runs/{writer.run_id}/properties"
    with contextlib.suppress(StudioError, OSError):
        writer.record_request("POST", path, {"properties": properties})
        upload_record(record, writer.add_file)
        upload_diff(folder, writer.add_file)
