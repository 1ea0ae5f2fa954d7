"""Save, replace and delete files, pictures and snapshots; sweep unused bytes."""

from __future__ import annotations

from runs.actions.files.blob_deletions import delete_blobs_after_commit
from runs.actions.files.blob_sweep import (
    plan_blob_sweep,
    referenced_blobs,
    run_blob_sweep,
)
from runs.actions.files.equal_files import EqualFileSharing
from runs.actions.files.file_changes import FILE_FIELDS, file_edit, is_same_version
from runs.actions.files.file_versions import (
    missing_versions,
    read_current_files,
    restore_version,
)
from runs.actions.files.files import (
    FileOwner,
    create_file,
    create_or_replace_file,
    current_files,
    delete_file_rows,
    delete_files,
    keep_or_discard_blob,
    lock_owner,
    refuse_clash,
    save_file,
)
from runs.actions.files.line_counter import LineCounter
from runs.actions.files.pictures import attach_picture
from runs.actions.files.snapshots import (
    SNAPSHOT_PROPERTY,
    delete_unused_snapshots,
    link_known_snapshot,
    link_snapshot,
    save_snapshot,
    share_snapshot,
)
from runs.actions.files.uploaded_sources import save_uploaded_sources

__all__ = [
    "FILE_FIELDS",
    "SNAPSHOT_PROPERTY",
    "EqualFileSharing",
    "FileOwner",
    "LineCounter",
    "attach_picture",
    "create_file",
    "create_or_replace_file",
    "current_files",
    "delete_blobs_after_commit",
    "delete_file_rows",
    "delete_files",
    "delete_unused_snapshots",
    "file_edit",
    "is_same_version",
    "keep_or_discard_blob",
    "link_known_snapshot",
    "link_snapshot",
    "lock_owner",
    "missing_versions",
    "plan_blob_sweep",
    "read_current_files",
    "referenced_blobs",
    "refuse_clash",
    "restore_version",
    "run_blob_sweep",
    "save_file",
    "save_snapshot",
    "save_uploaded_sources",
    "share_snapshot",
]
