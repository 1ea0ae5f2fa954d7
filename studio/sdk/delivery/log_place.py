"""How far a writer has come with its logs: each piece tells where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from studio.sdk.delivery.records import LogPiece, pack_log

if TYPE_CHECKING:
    from studio.sdk.delivery.courier import Courier

Keep = Callable[[Callable[[bytes], bool], bytes], bool]


class LogPlace:
    """The bytes of each log so far, by its path."""

    def __init__(self) -> None:
        self._offsets: dict[str, int] = {}

    def knows(self, path: str) -> bool:
        return path in self._offsets

    def append(self, courier: Courier, keep: Keep, path: str, piece: bytes) -> bool:
        """Put a piece in the spool; false where there was no room for it.

        An interrupt may come when it is there already: then the next piece must know.
        """
        total, offset = courier.log_bytes, self._offsets.get(path, 0)
        before = courier.logs.appended
        record = pack_log(LogPiece(total, offset, path, piece))
        is_kept = False
        try:
            is_kept = keep(courier.logs.append, record)
        except BaseException:
            if courier.logs.appended > before:
                self._advance(courier, path, total, offset, len(piece))
            raise
        if is_kept:
            self._advance(courier, path, total, offset, len(piece))
        else:
            courier.log_bytes = total + len(piece)
        return is_kept

    def _advance(
        self, courier: Courier, path: str, total: int, offset: int, size: int
    ) -> None:
        courier.log_bytes = total + size
        self._offsets[path] = offset + size
