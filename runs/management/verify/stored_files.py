"""Rows of files against the bytes on the disk, in both directions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from runs.actions.files import referenced_blobs
from runs.management.backup import (
    BytesChanged,
    ReportProgress,
    hash_file,
    locate_blob,
    map_in_threads,
    read_snapshot,
)
from runs.management.verify.findings import Fault, Finding
from runs.models import BlobRemoval, File, Snapshot
from runs.storage.files import INCOMING, QUARANTINE, files, is_blob_name
from studio.core.batches import batches

#: The phases of the check, as they are reported.
STORED, ROWS, BYTES = "stored files", "file rows", "file contents"


@dataclass(frozen=True)
class ReferencedFile:
    """A row's stored file; the hash is empty while the file is a log."""

    blob: str
    size: int
    sha256: str
    text: str


def check_files(report: ReportProgress, *, full: bool) -> Iterator[Finding]:
    """The disk is listed first, so that an upload under way is no finding."""
    stored_sizes = dict(_list_stored(files.root))
    report(STORED, len(stored_sizes), len(stored_sizes))
    rows = _list_files_of_rows()
    yield from _find_unknown_files(stored_sizes, {row.blob for row in rows})
    for done, row in enumerate(rows, 1):
        report(ROWS, done, len(rows))
        finding = check_referenced_file(row, stored_sizes.get(row.blob))
        # It can have been deleted since the rows were read.
        if finding is not None and _is_named_by_row(row.blob):
            yield finding
    if full:
        yield from _check_hashes(rows, report)


def _list_stored(root: Path) -> Iterator[tuple[str, int]]:
    """The kept blobs with their sizes."""
    for folder in root.glob("[0-9a-f][0-9a-f]"):
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_blob_name(entry.name):
                    yield entry.name, entry.stat().st_size


def _list_files_of_rows() -> list[ReferencedFile]:
    """All rows of one moment."""
    if connection.vendor == "sqlite":
        return list(_query_files_of_rows())
    with read_snapshot():
        return list(_query_files_of_rows())


_FILES = (
    "SELECT f.blob, f.size, f.sha256, f.folder, f.name, r.run_id, m.model_id "
    "FROM runs_file f LEFT JOIN runs_run r ON r.id = f.run_id "
    "LEFT JOIN runs_loggedmodel m ON m.id = f.model_id"
)
_SNAPSHOTS = "SELECT blob, size, digest FROM runs_snapshot"


def _query_files_of_rows() -> Iterator[ReferencedFile]:
    with connection.cursor() as cursor:
        cursor.execute(_FILES)
        for blob, size, sha256, folder, name, run, model in cursor.fetchall():
            owner = f"run {run}" if run else f"model {model}"
            path = f"{folder}/{name}" if folder else name
            yield ReferencedFile(blob, size, sha256, f"{owner}, {path} ({blob})")
        cursor.execute(_SNAPSHOTS)
        for blob, size, digest in cursor.fetchall():
            yield ReferencedFile(blob, size, digest, f"snapshot {digest} ({blob})")


def check_referenced_file(row: ReferencedFile, size: int | None) -> Finding | None:
    """`size` is that of the listing; what came later is looked for again."""
    if size is not None and size == row.size:
        return None
    path = locate_blob(files.root, row.blob)
    if path is None:
        return Finding(Fault.MISSING, row.text, row.blob)
    if path.parent.name == QUARANTINE:
        return Finding(Fault.MISPLACED, row.text, row.blob)
    size = path.stat().st_size
    # A log may have more bytes than its row counts: an append that was cut off.
    is_wrong = size < row.size or (row.sha256 and size != row.size)
    if not is_wrong:
        return None
    text = f"{row.text}: {size:,} of {row.size:,} bytes"
    return Finding(Fault.DAMAGED, text, row.blob)


def _check_hashes(
    rows: Iterable[ReferencedFile], report: ReportProgress
) -> Iterator[Finding]:
    known = [row for row in rows if row.sha256]
    for done, finding in enumerate(map_in_threads(_check_hash, known), 1):
        report(BYTES, done, len(known))
        if finding is not None:
            yield finding


def _check_hash(row: ReferencedFile) -> Finding | None:
    path = locate_blob(files.root, row.blob)
    try:
        if path is None or hash_file(path, row.size) == row.sha256:
            return None
    except (BytesChanged, FileNotFoundError):
        # Reported by its size, or deleted a moment ago.
        return None
    return Finding(Fault.DAMAGED, f"{row.text}: the content has changed", row.blob)


def _find_unknown_files(
    stored_sizes: dict[str, int], named_by_rows: set[str]
) -> Iterator[Finding]:
    candidates = sorted(set(stored_sizes) - named_by_rows)
    for some in batches(candidates):
        known = referenced_blobs(some) | _recorded_removals(some)
        for name in some:
            if name not in known and files.path(name).exists():
                text = f"{name}: {stored_sizes[name]:,} bytes"
                yield Finding(Fault.UNKNOWN, text, name)


def _recorded_removals(names: Iterable[str]) -> set[str]:
    """What a deletion left to the sweep."""
    rows = BlobRemoval.objects.filter(blob__in=list(names))
    return set(rows.values_list("blob", flat=True))


def _is_named_by_row(blob: str) -> bool:
    tables = (File.objects, Snapshot.objects)
    return any(table.filter(blob=blob).exists() for table in tables)


def count_waiting_blobs(folder: str = INCOMING) -> int:
    """How many blobs wait there: uploads under way, or cut off."""
    return sum(is_blob_name(path.name) for path in (files.root / folder).glob("*"))
