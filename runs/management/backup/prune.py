"""Remove old backups, and the objects that no other backup names."""

from __future__ import annotations

import shutil

from runs.management.backup import manifest
from runs.management.backup.backup_folder import PARTIAL_SUFFIX, BackupFolder
from studio.core.private_files import sync_folder


def prune_backups(folder: BackupFolder, keep: int) -> int:
    """Keep the newest `keep` complete backups; returns how many were removed.

    The caller holds the folder's lock. A backup first loses its name, so that one whose
    removal is interrupted does not count; objects go last. Raises CommandError, before
    any object goes, where a manifest that stays cannot be read.
    """
    stamps = folder.complete_backups()
    old = stamps[:-keep]
    if not old:
        return 0
    kept = [manifest.read_manifest(folder, stamp) for stamp in stamps[-keep:]]
    for stamp in old:
        path = folder.path / stamp
        removed = path.rename(path.with_name(f"{stamp}{PARTIAL_SUFFIX}"))
        sync_folder(folder.path)
        shutil.rmtree(removed)
    needed = {blob.sha256 for one in kept for blob in one.blobs}
    for name in list(folder.object_names()):
        if name not in needed:
            folder.object_path(name).unlink()
    return len(old)
