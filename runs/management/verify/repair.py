"""Repairs that verify makes on request; none of them deletes anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.core.management.base import CommandError

from runs.management.backup import (
    BackedUpBlob,
    BackupFolder,
    read_manifest,
    restore_blob,
)
from runs.management.verify.findings import Fault, Finding
from runs.models import File, Snapshot, now_ms
from runs.storage.files import (
    INCOMING,
    deletions_allowed,
    files,
    is_blob_name,
    move_to_quarantine,
)
from studio.core.errors import MissingBytes

LOST_FAULTS = (Fault.MISSING, Fault.DAMAGED)


def repair_files(
    findings: Iterable[Finding], backup: Path | None, *, quarantine_unknown: bool
) -> list[Finding]:
    """Raises CommandError while a backup copies the files that would be moved.

    Unknown files move only with `quarantine_unknown`: where the database is a restored
    older copy, they are what was logged since.
    """
    source = BackupSource(backup) if backup else None
    with deletions_allowed() as is_allowed:
        if not is_allowed:
            raise CommandError(
                "A backup is running. Run the repair again when it has finished."
            )
        return [_repair_finding(one, source, quarantine_unknown) for one in findings]


def _repair_finding(
    finding: Finding, source: BackupSource | None, quarantine_unknown: bool
) -> Finding:
    is_done = False
    if finding.fault is Fault.UNKNOWN and quarantine_unknown:
        is_done = move_to_quarantine(finding.blob, now_ms())
    if finding.fault is Fault.MISPLACED:
        is_done = move_blob_to_final_folder(finding.blob)
    if finding.fault in LOST_FAULTS and source is not None:
        is_done = source.put_back(finding.blob)
    return finding.as_repaired() if is_done else finding


def move_blob_to_final_folder(blob: str) -> bool:
    try:
        files.keep(blob)
    except MissingBytes:
        return False
    return True


def finish_interrupted_uploads() -> int:
    """Finish uploads whose row was committed just before their process died."""
    names = [p.name for p in (files.root / INCOMING).glob("*") if is_blob_name(p.name)]
    known = [name for name in names if _size_and_hash(name) is not None]
    return sum(move_blob_to_final_folder(name) for name in known)


def _size_and_hash(blob: str) -> tuple[int, str] | None:
    found = File.objects.filter(blob=blob).values_list("size", "sha256").first()
    if found is None:
        rows = Snapshot.objects.filter(blob=blob)
        found = rows.values_list("size", "digest").first()
    return found


class BackupSource:
    """The objects of a backup folder, by the names of stored files."""

    def __init__(self, path: Path) -> None:
        self._folder = BackupFolder(path.absolute())
        self._blobs: dict[tuple[str, int], BackedUpBlob] = {}
        stamps = self._folder.complete_backups()
        if not stamps:
            raise CommandError(f"{path} contains no complete backup.")
        # Names of stored files are unique, whichever home they are from.
        for stamp in stamps:
            found = read_manifest(self._folder, stamp)
            self._blobs.update({(b.name, b.size): b for b in found.blobs})

    def put_back(self, blob: str) -> bool:
        """Copy the bytes that the row describes; False where the backup has none."""
        row = _size_and_hash(blob)
        if row is None:
            return False
        size, sha256 = row
        known = self._blobs.get((blob, size))
        if sha256:
            known = BackedUpBlob(blob, size, sha256)
        return known is not None and restore_blob(self._folder, files.root, known)
