"""Logs: cut into numbered pieces for the spool, and sent so that each byte counts once.

Each piece carries its position in the log, so the server can tell a repeated piece from
a new one.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from studio.core.errors import Conflict, StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.retry_policy import PERMANENT_ERRORS, TIMEOUT_SECONDS
from studio.sdk.delivery.spool_records import LogPiece, pack_log, unpack_log
from studio.sdk.delivery.writer_queues import WriterQueues

#: Appends a record by the given function; false if there was no room.
AppendRecord = Callable[[Callable[[bytes], bool], bytes], bool]
MAX_PIECE_BYTES = 256 * 1024
#: The most pieces, and bytes, of one request.
MAX_PIECES = 10_000
MAX_APPEND_BYTES = 1024 * 1024
#: In the spool folder.
SHIFTS_FILE = "shifts.json"


class LogBuffer:
    """Bytes that wait to be written to a log.

    More can be added at any time. What the spool took is not offered again, even if an
    interrupt hid that from the caller.
    """

    def __init__(self, data: bytes = b"") -> None:
        self._data, self._start = data, 0
        # Counted, as `_start` is, from the first byte ever added.
        self.taken = 0

    def add(self, data: bytes) -> None:
        self._data += data

    def remaining(self) -> bytes:
        """The bytes that the spool has not taken yet."""
        data, start = self._data[self.taken - self._start :], self.taken
        # No call between the two: an interrupt finds both assigned, or neither.
        self._data, self._start = data, start
        return data


@dataclass(frozen=True)
class _PendingPiece:
    """A piece that is being appended, and the spool's counts before it."""

    piece: LogPiece
    appended: int
    lost: int
    buffer: LogBuffer
    taken: int


class LogOffsets:
    """How many bytes of each log, by its path, are in the spool so far."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        # The last piece, until its outcome is known.
        self._pending: _PendingPiece | None = None
        self._waiting: deque[tuple[str, LogBuffer]] = deque()
        self._is_appending = False

    def has(self, path: str) -> bool:
        return path in self._offsets

    def append(
        self, queues: WriterQueues, append: AppendRecord, path: str, buffer: LogBuffer
    ) -> bool:
        """Put the rest of the buffer into the spool; false if there was no room.

        An interrupt can come at any step: the next call first looks at what reached the
        spool. A signal handler can log in between: its bytes come after the piece that
        is being appended.
        """
        self._waiting.append((path, buffer))
        if self._is_appending:
            # The call that was interrupted appends it.
            return True
        self._is_appending, is_kept = True, True
        try:
            while self._waiting:
                is_kept = (
                    self._put_log_record(queues, append, *self._waiting[0]) and is_kept
                )
                self._waiting.popleft()
        except Exception:
            # Such as a closed run: the caller gets the error, and nothing is retried.
            self._waiting.clear()
            raise
        finally:
            self._is_appending = False
        return is_kept

    def _put_log_record(
        self, queues: WriterQueues, append: AppendRecord, path: str, buffer: LogBuffer
    ) -> bool:
        self.count_last_piece(queues)
        logs, data, is_kept = queues.logs, buffer.remaining(), True
        for start in range(0, len(data), MAX_PIECE_BYTES):
            part = data[start : start + MAX_PIECE_BYTES]
            piece = LogPiece(queues.log_bytes, self._offsets.get(path, 0), path, part)
            taken = buffer.taken + len(part)
            self._pending = _PendingPiece(
                piece, logs.appended, logs.lost, buffer, taken
            )
            is_kept = append(logs.append, pack_log(piece)) and is_kept
            self.count_last_piece(queues)
        return is_kept

    def count_last_piece(self, queues: WriterQueues) -> None:
        """Count the last piece by its outcome. A second call changes nothing."""
        pending = self._pending
        if pending is None:
            return
        queues.logs.recount()
        piece, size = pending.piece, len(pending.piece.data)
        is_kept = queues.logs.appended > pending.appended
        if is_kept:
            self._offsets[piece.path] = piece.offset + size
        if is_kept or queues.logs.lost > pending.lost:
            queues.log_bytes = piece.total + size
            pending.buffer.taken = pending.taken
        self._pending = None


class LogSender:
    """Appends a writer's pieces to the run's files: one request per path."""

    def __init__(self, client: Client, queues: WriterQueues) -> None:
        self._client, self._queues = client, queues
        # How many bytes of each path the server lost after it had stored them. What was
        # sent later sits that much before its own offset, and a later process must
        # know this, too.
        self._shifts: dict[str, int] = (
            {} if queues.is_live else queues.folder.read(SHIFTS_FILE)
        )
        #: How many bytes this process has delivered.
        self.stored = 0

    def send(self) -> None:
        """Send the next pieces. Raises StudioError for temporary failures."""
        logs = self._queues.logs
        first, payloads = logs.read(MAX_PIECES, MAX_APPEND_BYTES)
        pieces = [unpack_log(payload) for payload in payloads]
        start = 0
        while start < len(pieces):
            end = start + 1
            while end < len(pieces) and pieces[end].path == pieces[start].path:
                end += 1
            self._append_pieces(pieces[start:end])
            logs.acknowledge(first + end)
            start = end

    def _append_pieces(self, pieces: list[LogPiece]) -> None:
        path = pieces[0].path
        offset = pieces[0].offset - self._shifts.get(path, 0)
        data = b"".join(piece.data for piece in pieces)
        try:
            try:
                self._send_log_bytes(path, offset, data)
            except Conflict as error:
                if "expected" not in error.details:
                    raise
                # As after a restored backup; the receipt reports what is missing.
                lost = offset - int(error.details["expected"])
                self._shifts[path] = self._shifts.get(path, 0) + lost
                with contextlib.suppress(OSError):
                    self._queues.folder.write(SHIFTS_FILE, self._shifts)
                self._send_log_bytes(path, offset - lost, data)
        except (*PERMANENT_ERRORS, Conflict) as error:
            _print_refusal(path, error)
        else:
            self.stored += len(data)

    def _send_log_bytes(self, path: str, offset: int, data: bytes) -> None:
        queues = self._queues
        self._client.send(
            "PATCH",
            f"{queues.run_path}/files/{quote(path, safe='/')}",
            data,
            headers={"Content-Type": "application/octet-stream"},
            query={"offset": offset, "writer": queues.folder.owner.writer},
            timeout=TIMEOUT_SECONDS,
            attempts=1,
        )


def _print_refusal(path: str, error: StudioError) -> None:
    print_notice(f"The log {path} was refused: {error.message}", once=True)
