"""A queue of records on disk that survives its process: append here, deliver there.

The records are numbered 0, 1, 2 … and lie in segments, files whose names tell the
number of their first record. What the kernel was given outlives `kill -9`. A segment is
removed when all in it was delivered and another was begun, so that the last record is
always there and tells how many there were.

Where the disk takes no more, records wait in memory, within a bound, until it does or
until they are delivered; what finds no room there is counted as lost.

An interrupt (Ctrl-C, a notebook's stop button) may come between any two steps of an
append. Then what there is is counted anew from the disk.
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

from studio.sdk.delivery import segments
from studio.sdk.delivery.segments import (
    Segment,
    disk_is_full,
    frame,
    read_frames,
    read_piece,
)

SEGMENT_BYTES = 4 * 1024 * 1024
#: How long after a failure the disk is tried again.
RETRY_SECONDS = 1.0

_write = os.write


#: So much waits at most.
MEMORY_BYTES = 8 * 1024 * 1024
#: How much a record counts for where it is lost.
Weigh = Callable[[bytes], int]


def one(_payload: bytes) -> int:
    return 1


class Memory:
    """Payloads in their order, within a bound."""

    def __init__(self, payloads: Iterable[bytes] = ()) -> None:
        self.payloads = deque(payloads)
        self._size = sum(map(len, self.payloads))

    def __len__(self) -> int:
        return len(self.payloads)

    def take(self, payload: bytes) -> bool:
        """Keep one more; false where there is no room for it."""
        size = self._size + len(payload)
        if size > MEMORY_BYTES:
            return False
        self.payloads.append(payload)
        self._size = size
        return True

    def forget(self, count: int) -> int:
        """The first `count` are delivered; how many there were of them."""
        count = min(count, len(self.payloads))
        for _ in range(count):
            self._size -= len(self.payloads.popleft())
        return count


class Spool:
    """The records of one sort of one writer, below the writer's folder.

    `lost` is what found no room, as `weigh` counts it, and got no number; `damaged` are
    records that had one and cannot be read any more.
    """

    def __init__(self, folder: Path, sort: str, weigh: Weigh = one) -> None:
        self.folder, self.sort, self._weigh = folder, sort, weigh
        self.appended = self.done = self.lost = self.damaged = 0
        self.failure: OSError | None = None
        #: The last record that an earlier process appended.
        self.last = b""
        # The handler of a signal may log, too, in the middle of an append.
        self._lock = threading.RLock()
        self._is_busy = False
        self._later: deque[bytes] = deque()
        self._segments: deque[Segment] = deque()
        self._handle = -1
        # The last segment's, while it is open for writing.
        self._current: Segment | None = None
        self._offset = 0
        self._memory = Memory()
        self._retry_at = 0.0
        # Whether an append was interrupted and not counted anew since.
        self._unsure = False
        # The first record of the last reading, how many there were, where they ended.
        self._last_read = (-1, 0, 0)

    @classmethod
    def found(cls, folder: Path, sort: str, weigh: Weigh = one) -> Spool:
        """What an earlier process left in `folder`."""
        spool = cls(folder, sort, weigh)
        for segment, payloads in segments.find(folder, sort):
            spool._segments.append(segment)
            spool.last = payloads[-1] if payloads else spool.last
        if spool._segments:
            last = spool._segments[-1]
            spool.done = spool._segments[0].first
            spool.appended = last.first + last.count
        return spool

    @property
    def waiting(self) -> int:
        return self.appended - self.done

    def append(self, payload: bytes) -> bool:
        """Keep a record; false where there was no room for it anywhere."""
        record = frame(payload)
        with self._lock:
            if self._is_busy:
                # It comes after the one under way.
                self._later.append(payload)
                return True
            self._is_busy = True
            try:
                segment = self._current
                if segment is not None and not self._memory:
                    try:
                        if _write(self._handle, record) == len(record):
                            segment.size += len(record)
                            segment.count += 1
                            self.appended += 1
                            if segment.size >= SEGMENT_BYTES:
                                self._seal()
                            return True
                        self.failure = disk_is_full()
                    except OSError as error:
                        self.failure = error
                    self._cut()
                    self._seal()
                is_kept = self._append_slowly(payload, record)
            except BaseException:
                self._unsure = True
                self._count_anew()
                raise
            finally:
                self._is_busy = False
                while self._later:
                    self.append(self._later.popleft())
            return is_kept

    def read(self, most: int, most_bytes: int) -> tuple[int, Sequence[bytes]]:
        """The number of the first record to deliver, and those that come with it."""
        with self._lock:
            self._be_sure()
            segment, first, offset = self._front(), self.done, self._offset
            if segment is None:
                return first, list(islice(self._memory.payloads, most))
            payloads, length = segments.read_records(segment, offset, most, most_bytes)
        self._last_read = (first, len(payloads), offset + length)
        return first, payloads

    def acknowledge(self, upto: int) -> None:
        """The records before `upto` are delivered."""
        with self._lock:
            upto = min(upto, self.appended)
            while self.done < upto:
                segment = self._front()
                if segment is None:
                    self.done += self._memory.forget(upto - self.done)
                else:
                    step = min(segment.first + segment.count, upto) - self.done
                    self._offset = self._after(segment, step)
                    self.done += step
            self._front()

    def _after(self, segment: Segment, step: int) -> int:
        """Where the record begins that comes `step` after the first to deliver."""
        if self._last_read[:2] == (self.done, step):
            return self._last_read[2]
        data = read_piece(segment.path, self._offset, segment.size - self._offset)
        return self._offset + read_frames(data, most=step)[1]

    def _front(self) -> Segment | None:
        """The segment of the first record to deliver; None if it is in memory.

        Segments before it are removed, but never the last of all; a gap between two is
        damage.
        """
        while self._segments:
            segment = self._segments[0]
            if segment.first > self.done:
                self.damaged += segment.first - self.done
                self.done = segment.first
            if self.done < segment.first + segment.count:
                return segment
            if segment is self._current or (
                len(self._segments) == 1 and not self._memory
            ):
                return None
            self._segments.popleft()
            self._offset = 0
            segments.remove(segment.path)
        return None

    def sync(self) -> None:
        """Have the kernel put on the disk what it was given: for power failures."""
        with self._lock, contextlib.suppress(OSError):
            if self._handle >= 0:
                os.fdatasync(self._handle)

    def close(self) -> None:
        """Leave what is on the disk; what is only in memory goes with the process."""
        with self._lock:
            self._be_sure()
            if self._memory and not self._write_memory():
                lost = self.lost + sum(map(self._weigh, self._memory.payloads))
                kept, memory = self.appended - len(self._memory), Memory()
                # No call between them: an interrupt finds all of it done, or nothing.
                self.lost, self.appended, self._memory = lost, kept, memory
            self._seal()

    def settle(self) -> None:
        """Have the counts tell what an interrupted append came to."""
        with self._lock:
            self._be_sure()

    def _be_sure(self) -> None:
        if self._unsure:
            self._count_anew()

    def forget(self) -> None:
        """Give up the files, which are another process's."""
        handle, self._handle, self._current = self._handle, -1, None
        if handle >= 0:
            os.close(handle)

    def _append_slowly(self, payload: bytes, record: bytes) -> bool:
        """Into a new segment, else into memory; the lock is held."""
        self._be_sure()
        if time.monotonic() >= self._retry_at and self._write_memory():
            try:
                self._begin(self.appended)
                if _write(self._handle, record) == len(record):
                    assert self._current is not None
                    self._current.size, self._current.count = len(record), 1
                    self.appended += 1
                    return True
                self.failure = disk_is_full()
            except OSError as error:
                self.failure = error
            self._cut()
            self._seal()
        self._retry_at = max(self._retry_at, time.monotonic() + RETRY_SECONDS)
        if not self._memory.take(payload):
            self.lost += self._weigh(payload)
            return False
        self.appended += 1
        return True

    def _write_memory(self) -> bool:
        """Put what waits in memory on the disk; false where that fails again."""
        if not self._memory:
            return True
        data = b"".join(map(frame, self._memory.payloads))
        try:
            self._begin(self.appended - len(self._memory))
            if _write(self._handle, data) != len(data):
                raise disk_is_full()
        except OSError as error:
            self.failure = error
            self._cut()
            self._seal()
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        assert self._current is not None
        # Forgotten before it is counted on the disk: see `_count_anew`.
        count = len(self._memory)
        self._memory = Memory()
        self._current.size, self._current.count = len(data), count
        self._seal()
        return True

    def _begin(self, first: int) -> None:
        self._seal()
        path = self.folder / f"{self.sort}.{first:016d}.seg"
        self._handle, self._current = segments.begin(path), Segment(path, first)
        self._segments.append(self._current)

    def _seal(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)
        if self._current is not None and not self._current.count:
            # The one that is written to is the last.
            self._remove_last()
        self._current = None

    def _cut(self) -> None:
        """Take half a record away again, so that whole ones may follow."""
        if self._handle < 0 or self._current is None:
            return
        try:
            os.ftruncate(self._handle, self._current.size)
        except OSError:
            self._seal()

    def _count_anew(self) -> None:
        """Believe the disk alone of the segment that was written to, and end it."""
        handle, self._handle, self._current = self._handle, -1, None
        if handle >= 0:
            os.close(handle)
        end = self.done
        if self._segments:
            last = self._segments[-1]
            was_begun = not last.count
            payloads, last.size = read_frames(read_piece(last.path, 0, -1))
            last.count = len(payloads)
            end = max(end, last.first + last.count)
            if was_begun and self._memory:
                # It was memory that was written: what is on the disk is not there too.
                self._memory = Memory(islice(self._memory.payloads, last.count, None))
            if not last.count:
                self._remove_last()
        self._memory = Memory(self._memory.payloads)
        self.appended = end + len(self._memory)
        self._unsure = False

    def _remove_last(self) -> None:
        segments.remove(self._segments.pop().path)
