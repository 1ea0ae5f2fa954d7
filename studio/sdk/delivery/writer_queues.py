"""The records of one writer that wait for delivery, in one queue per kind."""

from __future__ import annotations

from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import log_size, unpack_log


class WriterQueues:
    """Requests, rows of metrics, log pieces and files, below one spool folder.

    `is_live` queues are new; others are what an earlier process left.
    """

    def __init__(self, folder: SpoolFolder, *, is_live: bool) -> None:
        self.folder, self.is_live = folder, is_live
        open_queue = Spool if is_live else Spool.reopen
        self.requests = open_queue(folder.path, "requests")
        self.rows = open_queue(folder.path, "rows")
        self.logs = open_queue(folder.path, "logs", log_size)
        self.files = open_queue(folder.path, "files")
        #: All bytes of logs so far, also those that found no room.
        self.log_bytes = _logged_bytes_up_to(self.logs.last)
        if not is_live:
            # Rows and logs need no such file: the server reports how far they have
            # come.
            delivered = folder.read("done.json")
            self.requests.acknowledge(int(delivered.get("requests", 0)))
            self.files.acknowledge(int(delivered.get("files", 0)))

    @property
    def run_path(self) -> str:
        """The run's path below its workspace."""
        return f"runs/{self.folder.owner.run_id}"

    @property
    def spools(self) -> tuple[Spool, ...]:
        return (self.requests, self.rows, self.logs, self.files)

    @property
    def waiting(self) -> int:
        """The number of records that are not delivered."""
        return sum(spool.waiting for spool in self.spools)


def _logged_bytes_up_to(last_piece: bytes) -> int:
    """The number of bytes that were logged up to the end of the last piece."""
    if not last_piece:
        return 0
    piece = unpack_log(last_piece)
    return piece.total + len(piece.data)
