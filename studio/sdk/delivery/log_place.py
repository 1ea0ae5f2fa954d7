"""How far a writer has come with its logs: each piece tells where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.sdk.delivery.records import LogPiece, pack_log

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

Keep = Callable[[Callable[[bytes], bool], bytes], bool]


@dataclass(frozen=True)
class _Begun:
    """A piece on its way into the spool, and what the spool counted before it."""

    piece: LogPiece
    appended: int
    lost: int


class LogPlace:
    """The bytes of each log so far, by its path."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}
        # The last piece, until it is known what became of it.
        self._begun: _Begun | None = None

    def knows(self, path: str) -> bool:
        return path in self._offsets

    def append(self, courier: Courier, keep: Keep, path: str, data: bytes) -> bool:
        """Put a piece in the spool; false where there was no room for it.

        An interrupt may come at any step: what the spool came to then is looked at
        before the next piece.
        """
        self.settle(courier)
        logs = courier.logs
        piece = LogPiece(courier.log_bytes, self._offsets.get(path, 0), path, data)
        self._begun = _Begun(piece, logs.appended, logs.lost)
        is_kept = keep(logs.append, pack_log(piece))
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
        self._begun = None
