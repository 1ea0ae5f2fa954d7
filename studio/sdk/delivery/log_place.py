"""How far a writer has come with its logs: each piece tells where it belongs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.sdk.delivery.records import LogPiece, pack_log

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

Keep = Callable[[Callable[[bytes], bool], bytes], bool]
#: Of a log, so much stands in one record.
PIECE_BYTES = 256 * 1024


class Outlet:
    """Bytes on their way to a log, and how far they have come.

    More may be added at any time. What the spool has taken is not offered again, even
    if an interrupt hid that from who sent it.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data, self._begin = data, 0
        # As `_begin` counted from the first byte ever added.
        self.taken = 0

    def add(self, data: bytes) -> None:
        self._data += data

    def pending(self) -> bytes:
        """What is not taken yet."""
        data, begin = self._data[self.taken - self._begin :], self.taken
        # No call between them: an interrupt finds both done, or none.
        self._data, self._begin = data, begin
        return data


@dataclass(frozen=True)
class _Begun:
    """A piece on its way into the spool, and what the spool counted before it."""

    piece: LogPiece
    appended: int
    lost: int
    outlet: Outlet
    taken: int


class LogPlace:
    """The bytes of each log so far, by its path."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        # The last piece, until it is known what became of it.
        self._begun: _Begun | None = None
        self._waiting: deque[tuple[str, Outlet]] = deque()
        self._is_busy = False

    def knows(self, path: str) -> bool:
        return path in self._offsets

    def append(self, courier: Courier, keep: Keep, path: str, outlet: Outlet) -> bool:
        """Put what is pending in the spool; false where there was no room for all.

        An interrupt may come at any step: what the spool came to then is looked at
        before the next piece. So may a signal whose handler logs: that comes after the
        piece under way.
        """
        self._waiting.append((path, outlet))
        if self._is_busy:
            return True
        self._is_busy, is_kept = True, True
        try:
            while self._waiting:
                is_kept = self._put(courier, keep, *self._waiting[0]) and is_kept
                self._waiting.popleft()
        except Exception:
            # As of a closed run: it is said to who logs, and not tried again.
            self._waiting.clear()
            raise
        finally:
            self._is_busy = False
        return is_kept

    def _put(self, courier: Courier, keep: Keep, path: str, outlet: Outlet) -> bool:
        self.settle(courier)
        logs, data, is_kept = courier.logs, outlet.pending(), True
        for start in range(0, len(data), PIECE_BYTES):
            part = data[start : start + PIECE_BYTES]
            piece = LogPiece(courier.log_bytes, self._offsets.get(path, 0), path, part)
            taken = outlet.taken + len(part)
            self._begun = _Begun(piece, logs.appended, logs.lost, outlet, taken)
            is_kept = keep(logs.append, pack_log(piece)) and is_kept
            self.settle(courier)
        return is_kept

    def settle(self, courier: Courier) -> None:
        """Count the last piece for what became of it. Twice is once."""
        begun = self._begun
        if begun is None:
            return
        courier.logs.settle()
        piece, size = begun.piece, len(begun.piece.data)
        is_kept = courier.logs.appended > begun.appended
        if is_kept:
            self._offsets[piece.path] = piece.offset + size
        if is_kept or courier.logs.lost > begun.lost:
            courier.log_bytes = piece.total + size
            begun.outlet.taken = begun.taken
        self._begun = None
