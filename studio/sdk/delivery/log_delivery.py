"""How far a writer has come with its logs: each piece tells where it belongs."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.core.errors import Conflict, StudioError
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.records import LogPiece, pack_log, unpack_log
from studio.sdk.delivery.retry_policy import TIMEOUT, WRONG

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Courier


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


PIECES = 10_000
#: Of one append.
LOG_BYTES = 1024 * 1024
#: Of a writer's folder.
SHIFTS = "shifts.json"


class Logs:
    """Appends a writer's pieces to the run's files."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        # Bytes of a path that the server lost since it had them. What was sent after
        # them lies so much before its own place: a later process must know, too.
        living, place = courier.living, courier.place
        self._lost_before: dict[str, int] = {} if living else place.read(SHIFTS)
        #: How many bytes this process has delivered.
        self.stored = 0

    def send(self) -> None:
        logs = self._courier.logs
        first, payloads = logs.read(PIECES, LOG_BYTES)
        pieces = [unpack_log(payload) for payload in payloads]
        at = 0
        while at < len(pieces):
            end = at + 1
            while end < len(pieces) and pieces[end].path == pieces[at].path:
                end += 1
            self._append(pieces[at:end])
            logs.acknowledge(first + end)
            at = end

    def _append(self, pieces: list[LogPiece]) -> None:
        path = pieces[0].path
        offset = pieces[0].offset - self._lost_before.get(path, 0)
        data = b"".join(piece.data for piece in pieces)
        try:
            try:
                self._patch(path, offset, data)
            except Conflict as error:
                if "expected" not in error.details:
                    raise
                # As after its backup was restored; the receipt tells what is missing.
                lost = offset - int(error.details["expected"])
                self._lost_before[path] = self._lost_before.get(path, 0) + lost
                with contextlib.suppress(OSError):
                    self._courier.place.write(SHIFTS, self._lost_before)
                self._patch(path, offset - lost, data)
        except (*WRONG, Conflict) as error:
            _give_up(path, error)
        else:
            self.stored += len(data)

    def _patch(self, path: str, offset: int, data: bytes) -> None:
        courier = self._courier
        courier.client.send(
            "PATCH",
            f"{courier.base}/files/{quote(path, safe='/')}",
            data,
            headers={"Content-Type": "application/octet-stream"},
            query={"offset": offset, "writer": courier.place.owner.writer},
            timeout=TIMEOUT,
            attempts=1,
        )


def _give_up(path: str, error: StudioError) -> None:
    tell(f"The log {path} was refused: {error.message}", once=True)
