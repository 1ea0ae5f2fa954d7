"""What a script logs with: each call writes to the spool and returns.

writer = Writer.open(client, run_id)
writer.add_point("loss", 0.5)
writer.close("Completed")
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

from studio.core import names
from studio.core.errors import InvalidState
from studio.sdk.client import Client
from studio.sdk.delivery import shutdown
from studio.sdk.delivery.account import read_account_if_reachable
from studio.sdk.delivery.log_delivery import LogBuffer, LogOffsets
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.receipts import Receipt
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool_folder import SpoolFolder, create_spool_folder
from studio.sdk.delivery.spool_records import (
    RecordedRequest,
    check_step,
    encode_item,
    encode_scalar,
    pack_file,
    pack_request,
)
from studio.sdk.delivery.staged_files import (
    delete_staged,
    stage_file,
    stage_snapshot,
)

#: How many metric names are kept as JSON before the cache is emptied.
MAX_CACHED_NAMES = 10_000
#: How often the notice about a full disk is repeated.
REPEAT_NOTICE_SECONDS = 60.0

_now = time.time


class Writer:
    """Everything that one process logs to one run. Safe with threads and after a fork.

    In a forked child it is a writer of its own, which neither sends heartbeats nor
    reports how the run ends.
    """

    def __init__(
        self,
        client: Client,
        run_id: str,
        *,
        root: Path | None,
        user: str,
        heartbeats: bool,
        offline: bool,
        begins_run: bool = False,
        watches_run: bool = False,
        on_cancel: Callable[..., None] | None = None,
        is_launcher: bool = False,
        attempt: int = 0,
        is_leased: bool = False,
        is_quiet: bool = False,
    ) -> None:
        self.client, self.run_id = client, run_id
        #: Whether this process started the run's script and reports how it ended.
        self.is_launcher, self.attempt, self.is_leased = is_launcher, attempt, is_leased
        #: Whether the receipt is printed only if something is missing.
        self.is_quiet = is_quiet
        self.heartbeats, self.offline = heartbeats, offline
        #: Whether to ask if the run is canceled, without heartbeats.
        self.watches_run = watches_run
        self._begins_run, self._on_cancel = begins_run, on_cancel
        self._user, self._root = user, root
        self._lock = threading.RLock()
        self._row_prefixes: dict[str, str] = {}
        self._log_offsets = LogOffsets()
        self._sender: Sender | None = None
        self._append: Callable[[bytes], bool] = self._append_first_record
        self._is_closed = False
        self._receipt: Receipt | None = None
        self.is_child = False
        self._disk_notice = FullDiskNotice()

    @classmethod
    def open(
        cls,
        client: Client,
        run_id: str,
        *,
        root: Path | None = None,
        user: str = "",
        heartbeats: bool = True,
        offline: bool = False,
        begins_run: bool = False,
        watches_run: bool = False,
        on_cancel: Callable[..., None] | None = None,
        is_launcher: bool = False,
        attempt: int = 0,
        is_leased: bool = False,
        is_quiet: bool = False,
    ) -> Writer:
        """A writer for a run that exists, or that a recorded request will create.

        `root` is the spool's root instead of `STUDIO_SPOOL`. With `begins_run` the run
        ends with this process: it fails if the process is killed. Once a cancel was
        requested, the sender's thread calls `on_cancel(force=…)` repeatedly. `attempt`
        is the number of a launcher's attempt. With `is_leased`, something else reports
        that this process was killed. With `is_quiet` a whole delivery prints nothing.
        Raises OSError if no folder can be written to.
        """
        writer = cls(
            client,
            run_id,
            root=root,
            user=user,
            heartbeats=heartbeats,
            offline=offline,
            begins_run=begins_run,
            watches_run=watches_run,
            on_cancel=on_cancel,
            is_launcher=is_launcher,
            attempt=attempt,
            is_leased=is_leased,
            is_quiet=is_quiet,
        )
        writer._open_sender()
        shutdown.register(writer)
        return writer

    @property
    def sender(self) -> Sender:
        return self._sender or self._open_sender()

    @property
    def cancel_requested(self) -> bool:
        """Whether a cancellation was requested, as of the last heartbeat."""
        return self._sender is not None and self._sender.cancel_requested

    @property
    def waiting(self) -> int:
        """How many records have not been delivered."""
        return 0 if self._sender is None else self._sender.waiting

    def add_point(
        self,
        name: str,
        value: float | int | str | bool | None,
        step: int | None = None,
        time_ms: int | None = None,
    ) -> None:
        """Append a value to the series `name`. Raises InvalidValue, InvalidState.

        Without a step the server counts 0, 1, 2 … per name. The default time is now, in
        milliseconds since 1970, UTC.
        """
        prefix = self._row_prefixes.get(name) or self._row_prefix(name)
        kind = type(value)
        # This is the hot path: `repr` is valid JSON for finite floats and for integers
        # of 64 bits. The difference is 0 for finite floats only.
        if (kind is float and value - value == 0.0) or (  # type: ignore[operator]
            kind is int and -(2**63) <= value < 2**63  # type: ignore[operator]
        ):
            value_json = repr(value)
        else:
            value_json = encode_scalar(value)
        if step is None:
            step_json = "null"
        else:
            is_plain = type(step) is int and -(2**63) <= step < 2**63
            step_json = repr(step) if is_plain else str(check_step(step, name))
        time_ms = int(_now() * 1000) if time_ms is None else time_ms
        # A machine with a wrong clock can still log.
        if not 0 <= time_ms <= names.MAX_TIME:
            time_ms = min(max(0, time_ms), names.MAX_TIME)
        if not self._append(f"{prefix}{value_json},{step_json},{time_ms}]".encode()):
            self._disk_notice.print(self.sender)

    def add_item(
        self, name: str, kind: str, value: object, step: int | None = None
    ) -> None:
        """Append a value that is not a scalar: a kind of `runs.models.MetricKind`.

        Elements of a list and rows of a table become points of their own. So `value` of
        kind list is a sequence of scalars, and of kind table one row (an object) or a
        sequence of rows. Raises InvalidValue.
        """
        prefix = self._row_prefixes.get(name) or self._row_prefix(name)
        is_many = kind == "list" or (
            kind == "table" and isinstance(value, (list, tuple))
        )
        values = value if is_many else (value,)
        step_json = "null" if step is None else str(check_step(step, name))
        time_ms = min(max(0, int(_now() * 1000)), names.MAX_TIME)
        tail = f',{step_json},{time_ms},"{kind}"]'
        for one in values:  # type: ignore[attr-defined]
            if not self._append(f"{prefix}{encode_item(one)}{tail}".encode()):
                self._disk_notice.print(self.sender)

    def append_log(self, path: str, data: bytes | LogBuffer) -> None:
        """Append bytes to a run's log file. Raises InvalidName for a bad path."""
        if not self._log_offsets.has(path):
            names.check_path(path)
        buffer = data if isinstance(data, LogBuffer) else LogBuffer(data)
        with self._lock:
            sender = self.sender
            if not self._log_offsets.append(
                sender.queues, self._append_record, path, buffer
            ):
                self._disk_notice.print(sender)

    def add_file(self, local: str | Path, path: str) -> None:
        """Upload a local file as `path`, in the background.

        Raises InvalidName, and OSError if the file cannot be read.
        """
        names.check_path(path)
        with self._lock:
            sender = self.sender
            file = stage_file(sender.folder.path, Path(local), path)
            if not self._append_record(sender.files.append, pack_file(file)):
                delete_staged(sender.folder.path, file.held)
                self._disk_notice.print(sender)

    def record_request(
        self, method: str, path: str, body: object, *, essential: bool = False
    ) -> None:
        """Keep a request for later (offline). It is sent before all points."""
        self._append_request(RecordedRequest(method, path, body, essential))

    def add_snapshot(self, folder: Path) -> None:
        """Keep the sources below `folder` for later (offline), as they are now.

        Raises TooLarge, and OSError if there is no room for the archive.
        """
        # Packing takes long: without the lock it does not delay what the script prints.
        name = stage_snapshot(self.sender.folder.path, folder)
        path = f"runs/{self.run_id}/snapshot"
        self._append_request(RecordedRequest("PUT", path, None, held=name))

    def _append_request(self, request: RecordedRequest) -> None:
        with self._lock:
            payload = pack_request(request)
            if not self._append_record(self.sender.requests.append, payload):
                self._disk_notice.print(self.sender)

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything logged so far is delivered; whether it is.

        Gives up after `timeout` seconds, or when the server accepted nothing for
        `STUDIO_DRAIN_SECONDS` (30).
        """
        sender = self._sender
        if sender is None or self.offline or self._is_closed:
            return not self.waiting
        # What is logged during the wait is not waited for.
        goals = [(spool, spool.appended) for spool in sender.queues.spools]
        return shutdown.drain(
            sender,
            lambda: all(spool.delivered >= goal for spool, goal in goals),
            timeout,
        )

    def watch_run(self) -> None:
        """Read from now on whether the run is canceled. Can be repeated."""
        if self.watches_run or self.offline or self.is_child:
            return
        self.watches_run = True
        shutdown.background_delivery().add(
            self.sender, heartbeats=self.heartbeats, watches=True
        )

    def note_end(self, status: str, message: str = "") -> None:
        """Write to the spool how the run ends, in case the process is killed now."""
        if self._sender is not None:
            shutdown.record_run_end(self, self._sender, status, message)
            self._sender.save_end_record()

    def close(
        self,
        status: str | None = None,
        timeout: float | None = None,
        *,
        message: str = "",
        in_background: bool = False,
    ) -> Receipt:
        """Deliver the rest, then the status; returns what became of everything.

        What cannot be delivered now stays in the spool, with the status. With
        `in_background` this process goes on delivering it while it lives. A second call
        returns the same, or continues what was interrupted.
        """
        if self._receipt is None:
            sender = self._sender
            if sender is not None:
                shutdown.record_run_end(self, sender, status, message)
            with self._lock:
                if sender is not None and not self._is_closed:
                    # An interrupt or a signal can leave bytes behind.
                    self._log_offsets.append(
                        sender.queues, self._append_record, "", LogBuffer()
                    )
                self._is_closed, self._append = True, self._refuse_append
                if sender is not None:
                    self._log_offsets.count_last_piece(sender.queues)
            self._receipt = (
                Receipt(self.run_id)
                if sender is None
                else shutdown.finish_writer(
                    self, sender, timeout, in_background=in_background
                )
            )
        shutdown.unregister(self)
        return self._receipt

    def _open_sender(self) -> Sender:
        with self._lock:
            if self._sender is None:
                sender = Sender(self._create_folder(), self.client, is_live=True)
                sender.attempt = self.attempt
                if not self.is_child:
                    sender.on_cancel = self._on_cancel
                if not self.offline:
                    shutdown.background_delivery().add(
                        sender,
                        heartbeats=self.heartbeats,
                        watches=self.watches_run and not self.is_child,
                    )
                # Last, so that an interrupt leaves no sender without a thread.
                self._sender, self._append = sender, sender.rows.append
            return self._sender

    def _create_folder(self) -> SpoolFolder:
        user, identity = self._user, ""
        if not user and not self.offline:
            account = read_account_if_reachable(self.client)
            user, identity = (account.user, account.server) if account else ("", "")
        owner = (self.client.url, self.client.workspace, user, self.run_id)
        if self._root:
            folder = SpoolFolder.create(*owner, self._root, identity=identity)
        else:
            folder = create_spool_folder(*owner, identity=identity)
        ends_with_process = self._begins_run or self.is_launcher
        if ends_with_process and not self.is_leased and not self.is_child:
            folder.mark_as_beginner(is_launcher=self.is_launcher)
        return folder

    def become_child(self) -> None:
        """Forget what belongs to the parent process; called after a fork."""
        self._lock = threading.RLock()
        if self._sender is not None:
            self._sender.close_inherited()
        self._sender, self._log_offsets = None, LogOffsets()
        self.is_child, self.heartbeats = True, False
        if not self._is_closed:
            self._append = self._append_first_record

    def _append_first_record(self, payload: bytes) -> bool:
        sender = self._open_sender()
        shutdown.register_child_exit(self)
        return sender.rows.append(payload)

    def _refuse_append(self, _payload: bytes) -> bool:
        raise InvalidState(f"Run {self.run_id} was closed: it takes no more.")

    def _append_record(self, append: Callable[[bytes], bool], payload: bytes) -> bool:
        if self._is_closed:
            return self._refuse_append(payload)
        return append(payload)

    def _row_prefix(self, name: str) -> str:
        names.check_key(name, "name")
        prefix = f"[{json.dumps(name)},"
        if len(self._row_prefixes) >= MAX_CACHED_NAMES:
            self._row_prefixes.clear()
        self._row_prefixes[name] = prefix
        return prefix

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


class FullDiskNotice:
    """Reports a full disk once, and again a minute later if it is still full."""

    def __init__(self) -> None:
        self._next = 0.0

    def print(self, sender: Sender) -> None:
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + REPEAT_NOTICE_SECONDS
        failures = (spool.failure for spool in sender.queues.spools)
        reason = next((str(one.strerror) for one in failures if one), "no room")
        print_notice(
            f"{sender.folder.path} takes no more ({reason}): what is logged now is "
            "lost until there is room. The script goes on."
        )
