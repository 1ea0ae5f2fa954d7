"""Keep the segments few, whole, and free of deleted logs."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from django.db import transaction

from runs.actions.log_index.index_lock import known_files, lock_index
from runs.models import IndexedLog, LogIndexSettings, LogSegment, Workspace
from runs.storage.log_index import MAX_SEGMENT_BLOCKS, Blocks, segments

#: The number of segments of about the same size that become one.
MERGED_SEGMENTS = 8
#: Smaller segments are merged early if the index becomes too large.
SMALL_BLOCKS = 512
#: A file without a row can be one that another worker is about to add.
UNKNOWN_FILE_SECONDS = 3600


def merge_small_segments(workspace: Workspace) -> None:
    """Merge the segments of the first size with enough of them.

    A log that grows is in many small segments, with its last block in each. If they
    make the index larger than half of the text, they are merged sooner.
    """
    rows = list(LogSegment.objects.filter(workspace=workspace).order_by("pk"))
    by_size: dict[int, list[LogSegment]] = {}
    for segment in rows:
        by_size.setdefault(_size_class(segment.blocks), []).append(segment)
    for _size, found in sorted(by_size.items()):
        some = _that_fit(found)
        blocks = sum(segment.blocks for segment in some)
        # More do not fit, so these are not merged again soon.
        is_full = len(some) < len(found) and 2 * blocks >= MAX_SEGMENT_BLOCKS
        if len(some) >= MERGED_SEGMENTS or (is_full and len(some) > 1):
            rewrite_segments(workspace, some)
            return
    small = _that_fit([each for each in rows if each.blocks < SMALL_BLOCKS])
    if len(small) > 1 and _is_too_large(rows):
        rewrite_segments(workspace, small)


def _is_too_large(rows: Sequence[LogSegment]) -> bool:
    return 2 * sum(row.size for row in rows) > sum(row.text_size for row in rows)


def _size_class(blocks: int) -> int:
    """Segments in a class differ by less than `MERGED_SEGMENTS` times."""
    size = 0
    while blocks >= MERGED_SEGMENTS:
        blocks //= MERGED_SEGMENTS
        size += 1
    return size


def _that_fit(found: Sequence[LogSegment]) -> list[LogSegment]:
    """The smallest ones, with at most as many blocks as a segment can have."""
    some, total = [], 0
    for segment in sorted(found, key=lambda each: each.blocks):
        total += segment.blocks
        if total > MAX_SEGMENT_BLOCKS:
            break
        some.append(segment)
    return some


def write_without_deleted(workspace: Workspace, deadline: float) -> None:
    """Write segments with deleted logs again, without these; stop after the deadline.

    Which segments have them is not known before: most are left as they are.
    """
    for segment in LogSegment.objects.filter(workspace=workspace, has_deleted=True):
        if not _is_free_of_deleted(segment):
            rewrite_segments(workspace, [segment])
        if time.monotonic() > deadline:
            return


def _is_free_of_deleted(segment: LogSegment) -> bool:
    """Whether all logs of a segment exist; this is then remembered."""
    try:
        with segments.open(segment.workspace_id, segment.name) as opened:
            keys = np.unique(opened.blocks.files).tolist()
    except (OSError, ValueError):
        # The next check of the files finds it.
        return True
    with transaction.atomic():
        lock_index(segment.workspace_id)
        is_free = len(known_files(keys)) == len(keys)
        LogSegment.objects.filter(pk=segment.pk).update(has_deleted=not is_free)
    return is_free


def mark_segments_with_deleted(workspace: Workspace) -> None:
    """Look for deleted logs in segments that are not marked."""
    for segment in LogSegment.objects.filter(workspace=workspace, has_deleted=False):
        _is_free_of_deleted(segment)


def rewrite_segments(workspace: Workspace, old: Sequence[LogSegment]) -> None:
    """Replace segments by one that has their blocks, but for those of deleted logs."""
    names = [segment.name for segment in old]
    try:
        merged = segments.merge(workspace.pk, names, _existing)
    except (OSError, ValueError):
        # The next check of the files finds it.
        return
    with transaction.atomic():
        is_current = lock_index(workspace.pk) and _replace_rows(workspace, old, merged)
    if is_current:
        for name in names:
            segments.delete(workspace.pk, name)
    elif merged is not None:
        # Logs were deleted, or another worker merged them: the next pass starts again.
        segments.delete(workspace.pk, merged[0])


def _existing(files: np.ndarray) -> np.ndarray:
    return np.fromiter(known_files(files.tolist()), dtype=np.int64)


def _replace_rows(
    workspace: Workspace,
    old: Sequence[LogSegment],
    merged: tuple[str, int, Blocks] | None,
) -> bool:
    """Replace the rows; return False if the new segment is out of date."""
    rows = LogSegment.objects.filter(pk__in=[segment.pk for segment in old])
    if rows.count() != len(old):
        return False
    if merged is not None:
        name, size, blocks = merged
        keys = np.unique(blocks.files).tolist()
        if len(known_files(keys)) != len(keys):
            return False
        LogSegment.objects.create(
            workspace=workspace,
            name=name,
            blocks=len(blocks),
            size=size,
            text_size=_covered_bytes(blocks),
        )
    rows.delete()
    return True


def _covered_bytes(blocks: Blocks) -> int:
    return int((blocks.ends - blocks.starts).sum())


def restart_if_damaged(workspace: Workspace) -> None:
    """Index a workspace again if a file of its index is missing or damaged."""
    rows = LogSegment.objects.filter(workspace=workspace)
    for name, size in rows.values_list("name", "size"):
        try:
            with segments.open(workspace.pk, name):
                is_whole = segments.path(workspace.pk, name).stat().st_size == size
        except (OSError, ValueError):
            is_whole = False
        # A merge can have replaced it.
        if not is_whole and rows.filter(name=name).exists():
            delete_index(workspace)
            return


def delete_index(workspace: Workspace) -> None:
    """Delete the index of a workspace; the worker starts from the first log."""
    with transaction.atomic():
        lock_index(workspace.pk)
        rows = LogSegment.objects.filter(workspace=workspace)
        names = list(rows.values_list("name", flat=True))
        rows.delete()
        IndexedLog.objects.filter(workspace=workspace).delete()
        LogIndexSettings.objects.filter(workspace=workspace).update(last_file=0)
    for name in names:
        segments.delete(workspace.pk, name)


def remove_unknown_files() -> None:
    """Remove files that no row names: what a crash or a restored backup left."""
    known = set(LogSegment.objects.values_list("name", flat=True))
    limit = time.time() - UNKNOWN_FILE_SECONDS
    for path, name in segments.files():
        if name not in known and path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)
