"""Logs on their way: pieces of one path in one append, each byte once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from studio.core.errors import Conflict, StudioError
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.records import LogPiece, unpack_log
from studio.sdk.delivery.terms import TIMEOUT, WRONG

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

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
