"""What the web processes count, in memory that they share.

Each process writes to a slot of its own; the sum of the slots is the server's value. A
process that is started again continues the counters of its slot.
"""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterator, MutableSequence
from enum import StrEnum

#: What a request asks for, and the class of its response's status; "none" is a client
#: that left.
REQUEST_KINDS = ("page", "rest", "mlflow", "static", "monitoring")
STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx", "none")
#: Upper limits in seconds; the last bucket has none.
SECONDS_LIMITS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Counted(StrEnum):
    """What is counted next to requests: logged data, and what goes down again."""

    POINTS = "points"
    PARAMS = "params"
    LOG_BYTES = "log_bytes"
    FILE_BYTES = "file_bytes"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    SPOOL_FILES = "spool_files"
    SPOOL_BYTES = "spool_bytes"


_GAUGES = (
    Counted.IN_PROGRESS,
    Counted.WAITING,
    Counted.SPOOL_FILES,
    Counted.SPOOL_BYTES,
)
Key = tuple[str, ...]


def _keys() -> Iterator[Key]:
    for kind in REQUEST_KINDS:
        yield from (("requests", kind, status) for status in STATUS_CLASSES)
        yield from (("seconds", kind, str(n)) for n in range(len(SECONDS_LIMITS) + 1))
        yield ("seconds_sum", kind)
    yield from ((name,) for name in Counted)


_INDEX = {key: index for index, key in enumerate(_keys())}
#: Numbers of one process.
COUNTER_SLOT_SIZE = len(_INDEX)


class Counters:
    def __init__(self) -> None:
        # Of a program that is no web process, such as a command.
        self.attach(array("d", bytes(8 * COUNTER_SLOT_SIZE)), 0)
        self._lock = threading.Lock()

    def attach(self, values: MutableSequence[float], slot: int) -> None:
        """Use the shared memory from now on, and write to this slot of it."""
        self._values, self._start = values, slot * COUNTER_SLOT_SIZE
        for name in _GAUGES:
            self._values[self._start + _INDEX[name,]] = 0

    def add(self, *key: str, amount: float = 1) -> None:
        index = self._start + _INDEX[key]
        # Threads count too, and `+=` is a read and a write.
        with self._lock:
            self._values[index] += amount

    def total(self, *key: str) -> float:
        return sum(self._values[_INDEX[key] :: COUNTER_SLOT_SIZE])

    def count_request(self, kind: str, status: int | None, seconds: float) -> None:
        code = "none" if status is None else f"{status // 100}xx"
        # The last bucket has no limit.
        bucket = bisect_left(SECONDS_LIMITS, seconds)
        self.add("requests", kind, code)
        self.add("seconds", kind, str(bucket))
        self.add("seconds_sum", kind, amount=seconds)


counters = Counters()
