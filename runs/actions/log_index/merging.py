"""Keep the segments few, whole, and free of deleted logs."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from django.db import transaction

from runs.models import IndexedLog, LogIndexSettings, LogSegment, Workspace
from runs.storage.log_index import MAX_SEGMENT_BLOCKS, Blocks, segments

#: The number of segments of about the same size that become one.
MERGED_SEGMENTS = 8
#: A file without a row can be one that another worker is about to add.
UNKNOWN_FILE_SECONDS = 3600


def merge_small_segments(workspace: Workspace) -> None:
    """Merge the segments of the first size with enough of them."""
    by_size: dict[int, list[LogSegment]] = {}
    for segment in LogSegment.objects.filter(workspace=workspace).order_by("pk"):
        by_size.setdefault(_size_class(segment.blocks), []).append(segment)
    for _size, found in sorted(by_size.items()):
        some = _that_fit(found)
        if len(some) >= MERGED_SEGMENTS:
            rewrite_segments(workspace, some)
            return


def _size_class(blocks: int) -> int:
    """Segments in a class differ by less than `MERGED_SEGMENTS` times."""
    size = 0
    while blocks >= MERGED_SEGMENTS:
        blocks //= MERGED_SEGMENTS
        size += 1
    return size


def _that_fit(found: Sequence[LogSegment]) -> list[LogSegment]:
    """The first ones that have at most as many blocks as a segment can have."""
    some, total = [], 0
    for segment in found:
        total += segment.blocks
        if total > MAX_SEGMENT_BLOCKS:
            break
        some.append(segment)
    return some


def write_without_deleted(workspace: Workspace) -> None:
    """Write segments with deleted logs again, without these."""
    for segment in LogSegment.objects.filter(workspace=workspace, has_deleted=True):
        rewrite_segments(workspace, [segment])


def rewrite_segments(workspace: Workspace, old: Sequence[LogSegment]) -> None:
    """Replace segments by one that has their blocks, but for those of deleted logs."""
    names = [segment.name for segment in old]
    try:
        merged = segments.merge(workspace.pk, names, _known_files(workspace))
    except (OSError, ValueError):
        # The next check of the files finds it.
        return
    new = merged[0] if merged is not None else ""
    with transaction.atomic():
        rows = LogSegment.objects.filter(pk__in=[segment.pk for segment in old])
        is_current = rows.count() == len(old)
        if is_current:
            rows.delete()
            if merged is not None:
                name, size, blocks = merged
                LogSegment.objects.create(
                    workspace=workspace,
                    name=name,
                    blocks=len(blocks),
                    size=size,
                    text_size=_covered_bytes(blocks),
                )
    if not is_current:
        # Another worker merged them.
        segments.delete(workspace.pk, new)
        return
    for name in names:
        segments.delete(workspace.pk, name)


def _known_files(workspace: Workspace) -> np.ndarray:
    rows = IndexedLog.objects.filter(workspace=workspace)
    keys = rows.values_list("pk", flat=True)
    return np.fromiter(keys.iterator(chunk_size=10_000), dtype=np.int64)


def _covered_bytes(blocks: Blocks) -> int:
    return int((blocks.ends - blocks.starts).sum())


def restart_if_damaged(workspace: Workspace) -> None:
    """Index a workspace again if a file of its index is missing or damaged."""
    names = LogSegment.objects.filter(workspace=workspace)
    for name in names.values_list("name", flat=True):
        try:
            with segments.open(workspace.pk, name):
                pass
        except (OSError, ValueError):
            delete_index(workspace)
            return


def delete_index(workspace: Workspace) -> None:
    """Delete the index of a workspace; the worker starts from the first log."""
    with transaction.atomic():
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
