"""Submit a run again, on this machine: the same sources with other settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from studio.core.launcher_properties import RESUBMITTED_FROM_PROPERTY
from studio.core.run_definition import check_definition
from studio.sdk.compute import LOCAL_TARGET
from studio.sdk.connection import WorkspaceConnection
from studio.sdk.run import download_file
from studio.sdk.snapshot_tree import hash_archive
from studio.sdk.submission.submit import NewSubmission, start_submission


def resubmit_here(
    experiment: Any,
    run_id: str,
    definition: Mapping[str, Any],
    tags: Mapping[str, Any] | None = None,
    *,
    name: str = "",
) -> Any:
    """Start a run with the snapshot of `run_id` on this machine; returns it at once.

    Raises NotFound if a script's run has no snapshot, InvalidValue, OSError.
    """
    connection: WorkspaceConnection = experiment._connection
    path = f"runs/{run_id}"
    has_snapshot = bool(
        connection.get(f"{path}/properties")["properties"].get("ContentSnapshotId")
    )

    def download_sources(copy: Path) -> str:
        download_file(connection.client, f"{path}/snapshot", copy)
        return hash_archive(copy)

    new = NewSubmission(
        check_definition({**definition, "target": LOCAL_TARGET}),
        download_sources if has_snapshot or definition.get("script") else None,
        tags or {},
        {RESUBMITTED_FROM_PROPERTY: run_id},
        name,
    )
    return start_submission(experiment, new)
