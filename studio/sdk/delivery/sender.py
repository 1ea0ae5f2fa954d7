"""Sends one writer's records to the server, each kind in its order.

The server reports by number how far it has come, so a record that is sent twice counts
once: after a lost response, a crash, or a restart the sender continues from what the
server has. Only the current batch is in memory.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from studio.core.errors import AlreadyExists, Conflict, StudioError
from studio.sdk.client import Client
from studio.sdk.delivery.log_delivery import LogSender
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.receipts import Counts, LostDataCounter, Receipt, read_counts
from studio.sdk.delivery.retry_policy import (
    DELIVERY_ERRORS,
    PERMANENT_ERRORS,
    TIMEOUT_SECONDS,
    DeliveryBlocked,
    RetryPause,
    as_delivery_error,
)
from studio.sdk.delivery.spool import Spool
from studio.sdk.delivery.spool_folder import SpoolFolder
from studio.sdk.delivery.spool_records import (
    RecordedRequest,
    unpack_file,
    unpack_request,
)
from studio.sdk.delivery.staged_files import (
    delete_staged,
    deliver_file,
    held_file,
    open_source,
)
from studio.sdk.delivery.writer_queues import WriterQueues

#: The server accepts no larger batch of rows.
MAX_BATCH_ROWS = 10_000
MAX_BATCH_BYTES = 4 * 1024 * 1024
MAX_REQUEST_BYTES = 32 * 1024 * 1024
#: How long a batch that is not full waits for more rows.
LINGER_SECONDS = 1.0
#: The error of a run whose process ended without a word.
KILLED_MESSAGE = (
    "The script's process ended without reporting how: it was killed (SIGKILL), ran "
    "out of memory, or its machine stopped."
)
#: After this many refusals in a row the rows are not the cause.
MAX_REFUSED_ROWS = 20


class Sender:
    """The deliveries of one writer.

    Two background threads drive it: one calls `send_due`, the other `upload_next`.
    """

    def __init__(self, folder: SpoolFolder, client: Client, *, is_live: bool) -> None:
        self.folder, self.client, self.is_live = folder, client, is_live
        self.queues = WriterQueues(folder, is_live=is_live)
        self.requests, self.rows = self.queues.requests, self.queues.rows
        self.logs, self.files = self.queues.logs, self.queues.files
        self.lost_data = LostDataCounter(self.queues)
        #: How the run ended, for when `end.json` cannot be written.
        self.end_record: dict[str, Any] | None = None
        if not is_live and (killed := folder.was_killed_at()) is not None:
            failed = {"status": "Failed", "message": KILLED_MESSAGE, "ended": killed}
            self.end_record = {**failed, "launcher": folder.was_launcher()}
        #: How often something was delivered; a drain watches it.
        self.progress = 0
        self.is_hurried = not is_live
        self.cancel_requested = False
        #: Whether a member wants the process to get SIGKILL at once.
        self.force_requested = False
        #: Whether another attempt of the run took this one's place.
        self.is_lost = False
        #: The number of the launcher's attempt, which its reports name; 0 for others.
        self.attempt = 0
        #: When a heartbeat was last answered, by the monotonic clock; also by a proxy
        #: or a machine that says that the server is down.
        self.answered_at = time.monotonic()
        #: Called with each response that tells of a cancel request.
        self.on_cancel: Callable[..., None] | None = None
        self.receipt: Receipt | None = None
        self.is_closing = not is_live
        #: Whether a later process delivers the rest.
        self.is_released = False
        self._pause, self._upload_pause = RetryPause(), RetryPause()
        self._batch_rows = MAX_BATCH_ROWS
        self._sent_at = 0.0
        self._refused_rows = 0
        self._log_sender = LogSender(client, self.queues)
        # The next request and its number, once it was read.
        self._next_request: tuple[int, RecordedRequest] | None = None
        self._acknowledging = threading.Lock()

    @property
    def run_path(self) -> str:
        return self.queues.run_path

    @property
    def waiting(self) -> int:
        return self.queues.waiting

    @property
    def last_error(self) -> StudioError | None:
        """The last failure; None once something was delivered again."""
        return self._pause.error or self._upload_pause.error

    @property
    def failing_since(self) -> float:
        return self._pause.since or self._upload_pause.since

    @property
    def is_blocked(self) -> bool:
        """Whether the user must fix something first: a token, a role, the run."""
        others = self.rows.waiting or self.logs.waiting or self.is_waiting_for_run
        no_upload = self._upload_pause.is_blocked and not others
        return self._pause.is_blocked or no_upload

    @property
    def is_drained(self) -> bool:
        return not self.waiting

    @property
    def is_waiting_for_run(self) -> bool:
        """Whether a request must be sent before all else; a snapshot need not."""
        return bool(self.requests.waiting) and self._next_upload_request() is None

    def read_cancel_request(self, reply: Any) -> None:
        """Read from a response whether the run should end. Raises KeyError."""
        self.is_lost = self.is_lost or bool(reply.get("lost"))
        if reply["cancel"]:
            # A requested cancellation stays requested.
            self.cancel_requested = True
            # Only heartbeats tell it, and not those of an older server.
            self.force_requested = bool(reply.get("force", self.force_requested))
            if self.on_cancel is not None:
                self.on_cancel(force=self.force_requested)

    def send_without_delay(self) -> None:
        """Send without waiting for more rows, and retry now what failed."""
        self.is_hurried = True
        self._pause.retry_now()
        self._upload_pause.retry_now()

    def send_due(self) -> bool:
        """Send what is due; whether there was anything. Never raises StudioError."""
        return self._run_unless_paused(self._send_due, self._pause)

    def upload_next(self) -> bool:
        """Deliver one file or one waiting snapshot; whether there was one."""
        return self._run_unless_paused(self._upload_next, self._upload_pause)

    def _run_unless_paused(self, act: Callable[[], bool], pause: RetryPause) -> bool:
        if not pause.is_over:
            return False
        try:
            did_something = act()
        except DELIVERY_ERRORS as caught:
            was_failing, error = self.last_error is not None, as_delivery_error(caught)
            pause.start(error)
            if pause.is_blocked and not was_failing:
                print_notice(
                    f"{error.message} What is logged waits in {self.folder.path}."
                )
            return False
        if did_something:
            pause.clear()
            self.progress += 1
        return did_something

    def _send_due(self) -> bool:
        if self.requests.waiting and self._next_upload_request() is None:
            number, request = read_next_request(self.requests)
            self._next_request = number, request
            if not request.held:
                self._send_request(request)
                return True
        is_due = self.is_hurried or time.monotonic() - self._sent_at >= LINGER_SECONDS
        has_sent = False
        if self.rows.waiting and (is_due or self.rows.waiting >= self._batch_rows):
            self._send_rows()
            has_sent = True
        if self.logs.waiting and is_due:
            self._log_sender.send()
            has_sent = True
        if has_sent:
            self._sent_at = time.monotonic()
        elif self.is_closing and self.is_drained and self.receipt is None:
            receipt = send_report_and_status(self)
            self.folder.remove()
            # Set last: a thread that waits for it can end the process.
            self.receipt = receipt
            has_sent = True
        return has_sent

    def _upload_next(self) -> bool:
        request = self._next_upload_request()
        if request is not None:
            self._send_request(request)
        elif self.files.waiting and not self.requests.waiting:
            _, [payload] = self.files.read(1, MAX_BATCH_BYTES)
            file = unpack_file(payload)
            deliver_file(self.client, self.queues, self.lost_data, file)
            self._remove_delivered(self.files, file.held)
        else:
            return False
        return True

    def _next_upload_request(self) -> RecordedRequest | None:
        """The next request if its body is a file: everything else goes before it.

        A snapshot can be large, and nothing depends on it. The request that creates the
        run came before.
        """
        number, request = self._next_request or (-1, None)
        is_next = request is not None and number == self.requests.delivered
        return request if is_next and request and request.held else None

    def _send_request(self, request: RecordedRequest) -> None:
        send_request(self.client, request, self.folder)
        self._remove_delivered(self.requests, request.held)

    def _send_rows(self) -> None:
        first, payloads = self.rows.read(self._batch_rows, MAX_BATCH_BYTES)
        body = b'{"first":%d,"rows":[%b]}' % (first, b",".join(payloads))
        try:
            reply = self._post_rows(body)
        except Conflict as error:
            self._skip_lost_rows(error, first)
            return
        except PERMANENT_ERRORS as error:
            self._halve_batch(first, len(payloads), error)
            return
        # A refused row made the batches small.
        self._batch_rows = min(2 * self._batch_rows, MAX_BATCH_ROWS)
        self._refused_rows = 0
        self.read_cancel_request(reply)
        for refused in reply["refused"]:
            print_notice(f"A metric was refused: {refused['message']}", once=True)
        self.rows.acknowledge(int(reply["next"]))

    def _remove_delivered(self, spool: Spool, staged_name: str) -> None:
        """Remove the first record of the spool, and its staged file, as delivered.

        `done.json` is written first: a later process must not look for a deleted file.
        The spool is updated last: that can complete the delivery and remove the folder.
        """
        with self._acknowledging:
            delivered = {one.kind: one.delivered for one in (self.requests, self.files)}
            delivered[spool.kind] += 1
            try:
                self.folder.write("done.json", delivered)
            except OSError:
                # The disk is full: the file is deleted with the folder.
                staged_name = ""
            delete_staged(self.folder.path, staged_name)
            spool.acknowledge(delivered[spool.kind])

    def _post_rows(self, body: bytes) -> Any:
        path = f"{self.run_path}/writers/{self.folder.owner.writer}/rows"
        headers = {"Content-Type": "application/json"}
        return self.client.send(
            "POST", path, body, headers=headers, timeout=TIMEOUT_SECONDS, attempts=1
        )

    def _skip_lost_rows(self, error: Conflict, first: int) -> None:
        """Use up the numbers of rows that the server lost, as after a restored backup.

        This machine no longer has them either; the receipt reports them as missing.
        """
        if "expected" not in error.details:
            raise error
        expected = int(error.details["expected"])
        count = min(first - expected, MAX_BATCH_ROWS)
        nulls = ",".join(["null"] * count)
        self._post_rows(b'{"first":%d,"rows":[%b]}' % (expected, nulls.encode()))

    def _halve_batch(self, first: int, count: int, error: StudioError) -> None:
        """Find the row that makes the server refuse a batch, and drop only that row."""
        if count > 1:
            self._batch_rows = max(1, count // 2)
            return
        self._refused_rows += 1
        if self._refused_rows > MAX_REFUSED_ROWS:
            # The rows are not the cause: keep all others.
            raise DeliveryBlocked(error.message)
        print_notice(f"A metric was refused: {error.message}", once=True)
        reply = self._post_rows(b'{"first":%d,"rows":[null]}' % first)
        self.rows.acknowledge(int(reply["next"]))

    def save_end_record(self) -> None:
        """Write how the run ended, for a later process."""
        if self.end_record is not None:
            with contextlib.suppress(OSError):
                self.folder.write("end.json", self.end_record)

    def leave_to_later_process(self) -> None:
        """Leave the rest to a later process. Can be repeated."""
        self.is_released = True
        for spool in self.queues.spools:
            spool.close()
        self.lost_data.save()
        self.folder.unlock()

    def close_inherited(self) -> None:
        """Close the copies of the parent's files; called in a forked child."""
        for spool in self.queues.spools:
            spool.close_inherited()
        self.folder.unlock()

    def current_delivery_report(self) -> Receipt:
        """The receipt as of now; what is in the spool counts as waiting."""
        return self.receipt or Receipt(
            self.folder.owner.run_id,
            self.lost_data.count_points(self.rows.delivered - self.rows.damaged),
            self.lost_data.count_files(),
            Counts(self.queues.log_bytes, self._log_sender.stored),
            waiting=self.waiting,
            gone=self.lost_data.count_lost(),
        )


def read_next_request(requests: Spool) -> tuple[int, RecordedRequest]:
    """The number of the next request and the request; it stays until acknowledged."""
    first, [payload] = requests.read(1, MAX_REQUEST_BYTES)
    return first, unpack_request(payload)


def send_request(client: Client, request: RecordedRequest, folder: SpoolFolder) -> None:
    """Send a recorded request; a refusal is printed and skipped.

    `folder` has the bodies that are files. Raises the refusal of an essential request,
    such as the run's creation, and every temporary error.
    """
    try:
        if request.held:
            _upload_body(client, request, folder)
        else:
            client.json(
                request.method,
                request.path,
                request.body,
                timeout=TIMEOUT_SECONDS,
                attempts=1,
            )
    except (*PERMANENT_ERRORS, Conflict) as error:
        if request.essential:
            raise
        # An earlier attempt arrived, and only its response was lost.
        if not isinstance(error, AlreadyExists):
            print_notice(
                f"{request.method} {request.path} was refused: {error.message}"
            )


def _upload_body(client: Client, request: RecordedRequest, folder: SpoolFolder) -> None:
    try:
        content = open_source(folder, held_file(folder.path, request.held))
    except OSError as error:
        print_notice(f"{request.path} was not kept: {error.strerror or error}")
        return
    with content:
        client.upload(
            request.path,
            content,
            os.fstat(content.fileno()).st_size,
            timeout=TIMEOUT_SECONDS,
            attempts=1,
        )


def send_report_and_status(sender: Sender) -> Receipt:
    """Send the receipt and then the run's status, after all else was delivered.

    Can be repeated. Raises StudioError.
    """
    receipt = _send_delivery_report(sender)
    end_record = sender.end_record or sender.folder.read("end.json")
    status = end_record.get("status")
    if status:
        body = {
            "status": status,
            "message": end_record.get("message", ""),
            "ended": end_record.get("ended"),
        }
        if end_record.get("launcher"):
            body["launcher"] = True
        if end_record.get("attempt"):
            body["attempt"] = end_record["attempt"]
        path = f"{sender.run_path}/status"
        try:
            sender.client.json("POST", path, body, timeout=TIMEOUT_SECONDS, attempts=1)
        except (*PERMANENT_ERRORS, Conflict) as error:
            print_notice(f"The status {status} was refused: {error.message}")
    return receipt


def _send_delivery_report(sender: Sender) -> Receipt:
    owner, losses = sender.folder.owner, sender.lost_data
    files = losses.count_files()
    body = {
        "points": losses.count_points(0).sent,
        "files": files.sent,
        "stored_files": files.stored,
        "log_bytes": sender.queues.log_bytes,
    }
    path = f"{sender.run_path}/writers/{owner.writer}"
    reply = sender.client.json("PUT", path, body, timeout=TIMEOUT_SECONDS, attempts=1)
    return Receipt(
        owner.run_id,
        read_counts(reply["points"]),
        read_counts(reply["files"]),
        read_counts(reply["log_bytes"]),
        gone=losses.count_lost(),
    )
