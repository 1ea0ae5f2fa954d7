"""A queue of records on disk that survives its process: append here, deliver there.

The records are numbered 0, 1, 2 … and stored in segments: files whose names have the
number of their first record. What the kernel accepted survives `kill -9`. A segment is
deleted once it is delivered and a later one exists. So the last record is always there
and tells how many there were.

While the disk accepts nothing, records wait in memory, up to a limit. What finds no
room there is counted as lost.

An interrupt (Ctrl-C, a notebook's stop button) can come between any two steps of an
append. Then the records are counted again from the disk.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path

from studio.sdk.delivery.spool_segments import (
    Segment,
    create_segment_file,
    delete_segment_file,
    disk_full_error,
    list_segments,
    pack_frame,
    read_bytes,
    read_frames,
    read_records,
)

SEGMENT_BYTES = 4 * 1024 * 1024
#: How long after a failure the disk is not tried again.
RETRY_SECONDS = 1.0

_write = os.write
#: How many bytes of records wait in memory while the disk accepts nothing.
MAX_MEMORY_BYTES = 8 * 1024 * 1024
#: How much the loss of a record counts.
LostSizeOf = Callable[[bytes], int]


def count_each_as_one(_payload: bytes) -> int:
    return 1


class MemoryQueue:
    """Payloads in order, up to a limit."""

    def __init__(self, payloads: Iterable[bytes] = ()) -> None:
        self.payloads = deque(payloads)
        self._size = sum(map(len, self.payloads))

    def __len__(self) -> int:
        return len(self.payloads)

    def add(self, payload: bytes) -> bool:
        """Keep one more; false if there is no room for it."""
        size = self._size + len(payload)
        if size > MAX_MEMORY_BYTES:
            return False
        self.payloads.append(payload)
        self._size = size
        return True

    def remove_first(self, count: int) -> int:
        """Remove up to `count` delivered payloads; returns how many there were."""
        count = min(count, len(self.payloads))
        for _ in range(count):
            self._size -= len(self.payloads.popleft())
        return count


class Spool:
    """The records of one kind of one writer, in the writer's folder.

    `appended` and `delivered` count records. `lost` is what found no room, measured by
    `lost_size_of`; it got no number. `damaged` records have one and cannot be read.
    """

    def __init__(
        self, folder: Path, kind: str, lost_size_of: LostSizeOf = count_each_as_one
    ) -> None:
        self.folder, self.kind, self._lost_size_of = folder, kind, lost_size_of
        self.appended = self.delivered = self.lost = self.damaged = 0
        self.failure: OSError | None = None
        #: The last record that an earlier process appended.
        self.last = b""
        # A signal handler can log in the middle of an append; its records come after.
        self._lock = threading.RLock()
        self._is_appending = False
        self._from_signals: deque[bytes] = deque()
        self._segments: deque[Segment] = deque()
        self._handle = -1
        # The last segment, while `_handle` has it open for writing.
        self._current: Segment | None = None
        self._offset = 0
        self._memory = MemoryQueue()
        self._retry_at = 0.0
        # Whether an append was interrupted and nothing was counted since.
        self._is_count_uncertain = False
        # Of the last read: its first record, the number of records, the end offset.
        self._last_read = (-1, 0, 0)

    @classmethod
    def reopen(
        cls, folder: Path, kind: str, lost_size_of: LostSizeOf = count_each_as_one
    ) -> Spool:
        """The spool that an earlier process left in `folder`."""
        spool = cls(folder, kind, lost_size_of)
        for segment, payloads in list_segments(folder, kind):
            spool._segments.append(segment)
            spool.last = payloads[-1] if payloads else spool.last
        if spool._segments:
            last = spool._segments[-1]
            spool.delivered = spool._segments[0].first
            spool.appended = last.first + last.count
        return spool

    @property
    def waiting(self) -> int:
        return self.appended - self.delivered

    def append(self, payload: bytes) -> bool:
        """Keep a record; false if there was no room on the disk or in memory."""
        record = pack_frame(payload)
        with self._lock:
            if self._is_appending:
                self._from_signals.append(payload)
                return True
            self._is_appending = True
            try:
                segment = self._current
                # What waits in memory must be written first, to keep the order.
                if segment is not None and not self._memory:
                    try:
                        if _write(self._handle, record) == len(record):
                            segment.size += len(record)
                            segment.count += 1
                            self.appended += 1
                            if segment.size >= SEGMENT_BYTES:
                                self._close_segment()
                            return True
                        self.failure = disk_full_error()
                    except OSError as error:
                        self.failure = error
                    self._remove_partial_record()
                    self._close_segment()
                is_kept = self._append_to_new_segment(payload, record)
            except BaseException:
                self._is_count_uncertain = True
                self._count_records()
                raise
            finally:
                self._is_appending = False
                while self._from_signals:
                    self.append(self._from_signals.popleft())
            return is_kept

    def read(self, limit: int, max_bytes: int) -> tuple[int, Sequence[bytes]]:
        """The number of the first record to deliver, and the payloads from it on."""
        with self._lock:
            self._recount_if_uncertain()
            segment, first, offset = self._first_segment(), self.delivered, self._offset
            if segment is None:
                return first, list(islice(self._memory.payloads, limit))
            payloads, length = read_records(segment, offset, limit, max_bytes)
        self._last_read = (first, len(payloads), offset + length)
        return first, payloads

    def acknowledge(self, end: int) -> None:
        """Count the records before number `end` as delivered."""
        with self._lock:
            end = min(end, self.appended)
            while self.delivered < end:
                segment = self._first_segment()
                if segment is None:
                    self.delivered += self._memory.remove_first(end - self.delivered)
                else:
                    count = min(segment.first + segment.count, end) - self.delivered
                    self._offset = self._offset_after(segment, count)
                    self.delivered += count
            self._first_segment()

    def _offset_after(self, segment: Segment, count: int) -> int:
        """The offset behind the next `count` records to deliver."""
        if self._last_read[:2] == (self.delivered, count):
            return self._last_read[2]
        data = read_bytes(segment.path, self._offset, segment.size - self._offset)
        return self._offset + read_frames(data, limit=count)[1]

    def _first_segment(self) -> Segment | None:
        """The segment of the first record to deliver; None if it is in memory.

        Deletes the segments before it, but never the last one. A gap between two
        segments counts as damage.
        """
        while self._segments:
            segment = self._segments[0]
            if segment.first > self.delivered:
                self.damaged += segment.first - self.delivered
                self.delivered = segment.first
            if self.delivered < segment.first + segment.count:
                return segment
            if segment is self._current or (
                len(self._segments) == 1 and not self._memory
            ):
                return None
            self._segments.popleft()
            self._offset = 0
            delete_segment_file(segment.path)
        return None

    def sync(self) -> None:
        """Force what was written to the disk, against power failures."""
        with self._lock, contextlib.suppress(OSError):
            if self._handle != -1:
                os.fdatasync(self._handle)

    def close(self) -> None:
        """Stop writing. What cannot be moved from memory to the disk counts as lost."""
        with self._lock:
            self._recount_if_uncertain()
            if self._memory and not self._move_memory_to_disk():
                lost = self.lost + sum(map(self._lost_size_of, self._memory.payloads))
                kept, memory = self.appended - len(self._memory), MemoryQueue()
                # No call between them: an interrupt finds all assigned, or none.
                self.lost, self.appended, self._memory = lost, kept, memory
            self._close_segment()

    def recount(self) -> None:
        """Correct the counts after an interrupted append."""
        with self._lock:
            self._recount_if_uncertain()

    def _recount_if_uncertain(self) -> None:
        if self._is_count_uncertain:
            self._count_records()

    def close_inherited(self) -> None:
        """Close the handles after a fork: the files belong to the parent."""
        handle, self._handle, self._current = self._handle, -1, None
        if handle != -1:
            os.close(handle)

    def _append_to_new_segment(self, payload: bytes, record: bytes) -> bool:
        """Append to a new segment, else to memory. The caller holds the lock."""
        self._recount_if_uncertain()
        if time.monotonic() >= self._retry_at and self._move_memory_to_disk():
            try:
                self._start_segment(self.appended)
                if _write(self._handle, record) == len(record):
                    assert self._current is not None
                    self._current.size, self._current.count = len(record), 1
                    self.appended += 1
                    return True
                self.failure = disk_full_error()
            except OSError as error:
                self.failure = error
            self._remove_partial_record()
            self._close_segment()
        self._retry_at = max(self._retry_at, time.monotonic() + RETRY_SECONDS)
        if not self._memory.add(payload):
            self.lost += self._lost_size_of(payload)
            return False
        self.appended += 1
        return True

    def _move_memory_to_disk(self) -> bool:
        """Move what waits in memory to the disk; false if that fails again."""
        if not self._memory:
            return True
        data = b"".join(map(pack_frame, self._memory.payloads))
        try:
            self._start_segment(self.appended - len(self._memory))
            if _write(self._handle, data) != len(data):
                raise disk_full_error()
        except OSError as error:
            self.failure = error
            self._remove_partial_record()
            self._close_segment()
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        assert self._current is not None
        # Removed before it is counted on the disk: see `_count_records`.
        count = len(self._memory)
        self._memory = MemoryQueue()
        self._current.size, self._current.count = len(data), count
        self._close_segment()
        return True

    def _start_segment(self, first: int) -> None:
        self._close_segment()
        path = self.folder / f"{self.kind}.{first:016d}.seg"
        self._handle, self._current = create_segment_file(path), Segment(path, first)
        self._segments.append(self._current)

    def _close_segment(self) -> None:
        handle, self._handle = self._handle, -1
        if handle != -1:
            os.close(handle)
        if self._current is not None and not self._current.count:
            # The segment that is written to is the last one.
            self._delete_last_segment()
        self._current = None

    def _remove_partial_record(self) -> None:
        """Truncate half a record, since readers stop at one."""
        if self._handle == -1 or self._current is None:
            return
        try:
            os.ftruncate(self._handle, self._current.size)
        except OSError:
            self._close_segment()

    def _count_records(self) -> None:
        """Count the records of the last segment from the disk, and close it."""
        handle, self._handle, self._current = self._handle, -1, None
        if handle != -1:
            os.close(handle)
        end = self.delivered
        if self._segments:
            last = self._segments[-1]
            was_new = not last.count
            payloads, last.size = read_frames(read_bytes(last.path, 0, -1))
            last.count = len(payloads)
            end = max(end, last.first + last.count)
            if was_new and self._memory:
                # The memory was being written: drop from it what is on the disk.
                self._memory = MemoryQueue(
                    islice(self._memory.payloads, last.count, None)
                )
            if not last.count:
                self._delete_last_segment()
        self._memory = MemoryQueue(self._memory.payloads)
        self.appended = end + len(self._memory)
        self._is_count_uncertain = False

    def _delete_last_segment(self) -> None:
        delete_segment_file(self._segments.pop().path)
