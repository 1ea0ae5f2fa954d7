"""Index what logs have become longer: the worker's task.

A pass reads logs for a short time and writes one segment for each workspace. Segment
and rows are stored in this order: after a crash between the two, the segment's file
has no row and is removed, and the logs are read again. Two workers can do the same: the
rows of a log are only changed from what was read, so one of them starts again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F, Q

from runs.actions.log_index.index_lock import known_files, lock_index
from runs.actions.log_index.merging import (
    mark_segments_with_deleted,
    merge_small_segments,
    remove_unknown_files,
    restart_if_damaged,
    write_without_deleted,
)
from runs.actions.log_index.new_logs import find_forgotten_logs, find_new_logs
from runs.actions.task_rows import ServerWork, workspaces_with_open_work
from runs.models import IndexedLog, LogSegment, Run, TaskKind, Workspace
from runs.search.log_index import block_text, count_unsearched, folded, split_blocks
from runs.storage.log_index import (
    MAX_SEGMENT_BLOCKS,
    Blocks,
    GramArray,
    block_grams,
    segments,
)
from runs.storage.logs import LogReader, open_log
from studio.core.errors import MissingBytes
from studio.core.statuses import CODES, FINAL

log = logging.getLogger("studio.worker")

#: What a pass may take; other tasks of the worker wait for it.
PASS_SECONDS = 1.0
#: A log that grows is indexed at most so often.
GROWING_MS = 60_000
#: What can still arrive after a run's end is waited for so long.
LATE_MS = 600_000
#: Logs that a pass looks at, and segments' files that are checked.
MAX_LOGS = 2_000
CHECK_MS = 600_000
LOG_INDEX_ACTION = "index logs"
FINAL_CODES = sorted(CODES[status] for status in FINAL)


@dataclass
class _Pass:
    """The blocks of a pass with their trigrams, and the rows that change with them."""

    rows: list[tuple[int, int, int]] = field(default_factory=list)
    grams: list[GramArray] = field(default_factory=list)
    changed: list[tuple[IndexedLog, int, int]] = field(default_factory=list)
    text_size: int = 0
    #: Whether logs are left for the next pass.
    is_cut: bool = False

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MAX_SEGMENT_BLOCKS


class LogIndexer:
    """Indexes a bit of the logs at each call; remembers when it last checked files."""

    def __init__(self, seconds: float = PASS_SECONDS) -> None:
        self.seconds = seconds
        self._check_due = 0
        #: By workspace, up to which file the logs were checked.
        self._checked: dict[int, int] = {}
        #: By workspace, the work that takes more than a pass.
        self._behind: dict[int, ServerWork] = {}
        self._interrupted: set[int] | None = None

    def __call__(self, now: int) -> int:
        """Return the number of blocks that were indexed."""
        deadline = time.monotonic() + self.seconds
        is_check_due = now >= self._check_due
        if is_check_due:
            self._check_due = now + CHECK_MS
            remove_unknown_files()
        off = Q(log_index_settings__is_on=False)
        count = 0
        for workspace in Workspace.objects.exclude(off).order_by("pk"):
            if is_check_due:
                self._check(workspace, deadline)
            more = find_new_logs(workspace)
            while more and time.monotonic() < deadline:
                more = find_new_logs(workspace)
            write_without_deleted(workspace, deadline)
            work = index_logs(workspace, now, deadline)
            self._note_progress(workspace, work, is_behind=more or work.is_cut)
            count += len(work.rows)
            merge_small_segments(workspace)
        return count

    def _note_progress(
        self, workspace: Workspace, work: _Pass, *, is_behind: bool
    ) -> None:
        """Show members the work that takes several passes, as a background task."""
        if self._interrupted is None:
            self._interrupted = workspaces_with_open_work(TaskKind.LOG_INDEX)
        shown = self._behind.pop(workspace.pk, None)
        if shown is None:
            if not is_behind and workspace.pk not in self._interrupted:
                return
            shown = ServerWork(
                workspace.pk,
                TaskKind.LOG_INDEX,
                LOG_INDEX_ACTION,
                lambda: count_unsearched(workspace).bytes,
            )
        self._interrupted.discard(workspace.pk)
        shown.advance(work.text_size, changed=work.text_size)
        if is_behind:
            self._behind[workspace.pk] = shown
        else:
            shown.end()

    def _check(self, workspace: Workspace, deadline: float) -> None:
        """Look for what no task reported: once in a while."""
        restart_if_damaged(workspace)
        mark_segments_with_deleted(workspace)
        _reopen_longer_logs(workspace)
        checked = self._checked.get(workspace.pk, 0)
        while checked := find_forgotten_logs(workspace, checked):
            if time.monotonic() > deadline:
                break
        self._checked[workspace.pk] = checked


def index_logs(workspace: Workspace, now: int, deadline: float) -> _Pass:
    """Index logs until the deadline; return what was done."""
    work = _Pass()
    for each in _due_logs(workspace, now):
        _read_log(each, work, now, deadline)
        if work.is_full or time.monotonic() > deadline:
            work.is_cut = True
            break
    if work.changed:
        _save(workspace, work, now)
    return work


def _due_logs(workspace: Workspace, now: int) -> Iterator[IndexedLog]:
    """Logs of ended runs first, since these do not change any more."""
    rows = (
        IndexedLog.objects.filter(
            workspace=workspace, is_complete=False, file__replaced__isnull=True
        )
        .select_related("file", "file__run")
        .order_by("checked", "pk")
    )
    ended = Q(file__run__status__in=FINAL_CODES)
    is_due = Q(checked__lte=now - GROWING_MS) | Q(checked__gt=now)
    longer = Q(file__size__gt=F("indexed"))
    is_hashed = ~Q(file__sha256="")
    yield from rows.filter(longer & (ended | is_hashed))[:MAX_LOGS]
    yield from rows.filter(longer & ~ended & ~is_hashed & is_due)[:MAX_LOGS]
    # What did not grow can become complete.
    yield from rows.filter(~longer & is_due)[:MAX_LOGS]


def _read_log(row: IndexedLog, work: _Pass, now: int, deadline: float) -> None:
    file = row.file
    indexed, last_block = row.indexed, row.last_block
    try:
        with open_log(file.blob, file.size) as reader:
            for start, end, data in split_blocks(reader, row.last_block):
                is_new = end > row.indexed
                if is_new:
                    work.rows.append((file.pk, start, end))
                    work.grams.append(_grams_of_block(reader, start, data))
                    work.text_size += end - max(start, row.indexed)
                indexed, last_block = end, start
                if is_new and (work.is_full or time.monotonic() > deadline):
                    break
    except MissingBytes:
        # There is nothing to find. The check of stored files reports it.
        indexed = file.size
    work.changed.append((row, indexed, last_block))


def _grams_of_block(reader: LogReader, start: int, data: bytes) -> GramArray:
    text = block_text(data, reader.encoding, is_first=start == 0)
    return block_grams(folded(text).encode("utf-8", "replace"))


def _save(workspace: Workspace, work: _Pass, now: int) -> None:
    name, size = "", 0
    if work.rows:
        blocks = Blocks.of_rows(work.rows)
        name, size = segments.write(workspace.pk, blocks, work.grams)
    try:
        with transaction.atomic():
            _save_rows(workspace, work, name, size, now)
    except _OutOfDateError:
        segments.delete(workspace.pk, name)


class _OutOfDateError(Exception):
    """Another worker indexed the same logs, or the index was switched off."""


def _save_rows(
    workspace: Workspace, work: _Pass, name: str, size: int, now: int
) -> None:
    if not lock_index(workspace.pk):
        raise _OutOfDateError
    files = {file for file, _start, _end in work.rows}
    if name:
        LogSegment.objects.create(
            workspace=workspace,
            name=name,
            blocks=len(work.rows),
            size=size,
            text_size=work.text_size,
            # A run was purged since its log was read.
            has_deleted=len(known_files(files)) < len(files),
        )
    for row, indexed, last_block in work.changed:
        unchanged = IndexedLog.objects.filter(pk=row.pk, indexed=row.indexed)
        updated = unchanged.update(
            indexed=indexed,
            last_block=last_block,
            # A log that the pass did not finish is due again.
            checked=now if indexed >= row.file.size else row.checked,
            is_complete=_is_complete(row, indexed, now),
        )
        # A row that is deleted is no conflict: its run was purged.
        if not updated and IndexedLog.objects.filter(pk=row.pk).exists():
            raise _OutOfDateError


def _is_complete(row: IndexedLog, indexed: int, now: int) -> bool:
    file, run = row.file, row.file.run
    if indexed < file.size:
        return False
    if file.sha256:
        return True
    if run is None or run.status not in FINAL_CODES:
        return False
    return now - _last_heard(run) > LATE_MS


def _last_heard(run: Run) -> int:
    return max(run.heard or 0, run.updated)


def _reopen_longer_logs(workspace: Workspace) -> None:
    """Logs that grew although they were complete, long after their run's end."""
    grown = IndexedLog.objects.filter(
        workspace=workspace, is_complete=True, file__size__gt=F("indexed")
    )
    keys = list(grown.values_list("pk", flat=True))
    IndexedLog.objects.filter(pk__in=keys).update(is_complete=False)
