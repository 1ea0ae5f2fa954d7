"""Records that wait in memory while the disk takes no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

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
