"""Backups of a home: created while it is served, checked, restored, verified.

A backup folder holds many backups. Bytes of files are stored once, under their SHA-256,
so each backup adds only what is new:

    objects/<two letters>/<sha256>
    <UTC stamp>/manifest.json, database.*, secret_key, identity, client.json
"""

from runs.management.backup.backup_folder import BackupFolder
from runs.management.backup.create import (
    BackupOptions,
    CreatedBackup,
    ReportProgress,
    check_backups,
    create_backup,
    refuse_empty_database,
)
from runs.management.backup.manifest import (
    BackedUpBlob,
    StoredFile,
    describe_file,
    read_manifest,
)
from runs.management.backup.named_blobs import locate_blob
from runs.management.backup.object_writer import BytesChanged, hash_file, map_in_threads
from runs.management.backup.postgres import read_snapshot
from runs.management.backup.progress import Progress, size_text
from runs.management.backup.restore import (
    check_restore,
    refuse_partial_restore,
    restore_backup,
    restore_blob,
)
from runs.management.backup.schedule import ScheduledBackups, configured_schedule
from runs.management.backup.sqlite import sqlite_faults
from runs.management.backup.upgrade_copy import (
    COPY_ERRORS,
    COPY_SUFFIXES,
    upgrade_copy_kind,
    write_upgrade_copy,
)

__all__ = [
    "COPY_ERRORS",
    "COPY_SUFFIXES",
    "BackedUpBlob",
    "BackupFolder",
    "BackupOptions",
    "BytesChanged",
    "CreatedBackup",
    "Progress",
    "ReportProgress",
    "ScheduledBackups",
    "StoredFile",
    "check_backups",
    "check_restore",
    "configured_schedule",
    "create_backup",
    "describe_file",
    "hash_file",
    "locate_blob",
    "map_in_threads",
    "read_manifest",
    "read_snapshot",
    "refuse_empty_database",
    "refuse_partial_restore",
    "restore_backup",
    "restore_blob",
    "size_text",
    "sqlite_faults",
    "upgrade_copy_kind",
    "write_upgrade_copy",
]
