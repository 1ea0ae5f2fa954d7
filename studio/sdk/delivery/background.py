"""The background threads of a process: one sends rows and logs, one uploads files.

They serve all writers of the process in turn, and what earlier processes left. While a
server cannot be reached its writers pause, longer each time, without delaying others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from studio.core.cancel_signals import HEARTBEAT_SECONDS
from studio.core.errors import StudioError
from studio.core.statuses import RunStatus
from studio.sdk.client import Client
from studio.sdk.delivery.account import read_account_if_reachable
from studio.sdk.delivery.notices import print_notice
from studio.sdk.delivery.retry_policy import DELIVERY_ERRORS, TIMEOUT_SECONDS
from studio.sdk.delivery.sender import Sender
from studio.sdk.delivery.spool_folder import SpoolFolder, list_abandoned_folders
from studio.sdk.delivery.writer_queues import WriterQueues
from studio.sdk.responses import Unreachable, is_temporary

#: How often to look for new records: a log call does not wake the threads.
POLL_SECONDS = 0.2
#: With many open runs in a process, each sends fewer heartbeats. The server calls a run
#: silent after 120 seconds.
MAX_HEARTBEATS_PER_SECOND = 10
SYNC_SECONDS = 5.0
CANCELED_STATUSES = (RunStatus.CANCEL_REQUESTED.value, RunStatus.CANCELED.value)
#: How soon to ask the server again for the token's user.
USER_RETRY_SECONDS = 5.0


class Wakeup:
    """Wakes one thread that waits. A wakeup before the wait is kept.

    `threading.Event` and `Condition` take their locks in Python: an interrupt between
    two steps would leave them locked forever. A lock of the interpreter itself is
    either taken or not.
    """

    def __init__(self) -> None:
        # Taken while there was no wakeup since the last wait.
        self._lock = threading.Lock()

    def set(self) -> None:
        try:
            self._lock.release()
        except RuntimeError:
            # It is set already.
            return

    def wait(self, seconds: float) -> None:
        """Until it is set, or the time is over."""
        self._lock.acquire(timeout=max(0.0, seconds))


class WakeupGroup:
    """Wakes all threads that wait."""

    def __init__(self) -> None:
        self._wakeups: dict[int, Wakeup] = {}

    def set_all(self) -> None:
        for wakeup in list(self._wakeups.values()):
            wakeup.set()

    def for_this_thread(self) -> Wakeup:
        """The wakeup of this thread, which `set_all` sets from now on."""
        return self._wakeups.setdefault(threading.get_ident(), Wakeup())


class BackgroundDelivery:
    """The senders of this process, and the threads that drive them."""

    def __init__(self) -> None:
        self._senders: list[Sender] = []
        # When each sender's next heartbeat is due, by the monotonic clock.
        self._next_heartbeats: dict[int, float] = {}
        # Those that read the status instead.
        self._watching: set[int] = set()
        self._lock = threading.RLock()
        self._wakeup = Wakeup()
        self._threads = (
            threading.Thread(
                target=self._run_send_thread, name="run-studio-sender", daemon=True
            ),
            threading.Thread(
                target=self._run_upload_thread, name="run-studio-files", daemon=True
            ),
        )
        self._synced_at = 0.0
        self._known_clients: set[tuple[str, str]] = set()
        self._clients_to_check: list[Client] = []
        self._check_at = 0.0
        self._progress = WakeupGroup()

    def add(self, sender: Sender, *, heartbeats: bool, watches: bool = False) -> None:
        """Deliver what the sender has. Can be repeated.

        With `watches`, read the run's status as often as heartbeats are sent.
        """
        with self._lock:
            if sender not in self._senders:
                self._senders.append(sender)
            if watches:
                self._watching.add(id(sender))
            if heartbeats or watches:
                self._next_heartbeats.setdefault(id(sender), 0.0)
            for thread in self._threads:
                if thread.ident is None:
                    thread.start()
        self.wake_up()

    def deliver_leftovers_of(self, client: Client) -> None:
        """Deliver what earlier processes left, once per server and workspace."""
        key = (client.url, client.workspace)
        with self._lock:
            if key not in self._known_clients:
                self._known_clients.add(key)
                self._clients_to_check.append(client)

    def remove(self, sender: Sender) -> None:
        with self._lock:
            if sender in self._senders:
                self._senders.remove(sender)
            self._next_heartbeats.pop(id(sender), None)
            self._watching.discard(id(sender))

    @property
    def has_checked_leftovers(self) -> bool:
        """Whether all leftovers are known, or the server does not name the user."""
        return not self._clients_to_check or bool(self._check_at)

    def stop_heartbeats(self, sender: Sender) -> None:
        """Only deliver what the sender has: its run has ended."""
        self._next_heartbeats.pop(id(sender), None)

    def is_unreachable(self, url: str) -> bool:
        """Whether that server cannot be reached now."""
        errors = [
            one.last_error for one in list(self._senders) if one.client.url == url
        ]
        return any(error is not None and is_temporary(error) for error in errors)

    def leftover_senders(self) -> list[Sender]:
        """What earlier processes left and this process delivers."""
        return [sender for sender in list(self._senders) if not sender.is_live]

    def wake_up(self) -> None:
        """Look for records now, without waiting for the next poll."""
        self._wakeup.set()

    def wait(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Wait until `is_done` or the time is over; whether it is done."""
        end, wakeup = time.monotonic() + seconds, self._progress.for_this_thread()
        while not is_done():
            left = end - time.monotonic()
            if left <= 0:
                return False
            wakeup.wait(min(left, 0.5))
        return True

    def _run_send_thread(self) -> None:
        while True:
            self._send_heartbeats()
            has_sent = self._run_all_senders(Sender.send_due)
            self._remove_finished_leftovers()
            if not has_sent:
                self._check_leftovers()
                self._sync_growing_spools()
                self._wakeup.wait(POLL_SECONDS)

    def _run_upload_thread(self) -> None:
        while True:
            if not self._run_all_senders(Sender.upload_next):
                time.sleep(POLL_SECONDS)

    def _run_all_senders(self, act: Callable[[Sender], bool]) -> bool:
        has_acted = False
        # Other threads add and remove senders, so this is a copy.
        for sender in list(self._senders):
            if act(sender):
                has_acted = True
        if has_acted:
            self._progress.set_all()
        return has_acted

    def _check_leftovers(self) -> None:
        now = time.monotonic()
        if now < self._check_at:
            return
        for client in list(self._clients_to_check):
            found = find_leftovers(client)
            if found is None:
                self._check_at = now + USER_RETRY_SECONDS
                continue
            for sender in found:
                self.add(sender, heartbeats=False)
            self._clients_to_check.remove(client)
            self._progress.set_all()

    def _remove_finished_leftovers(self) -> None:
        """Remove what is delivered, and what is blocked: that stays on the disk."""
        for sender in list(self._senders):
            if sender.receipt is not None:
                self.remove(sender)
            elif not sender.is_live and sender.is_blocked:
                self.remove(sender)
                sender.leave_to_later_process()

    def _send_heartbeats(self) -> None:
        now = time.monotonic()
        count = len(self._next_heartbeats)
        pause = max(HEARTBEAT_SECONDS, count / MAX_HEARTBEATS_PER_SECOND)
        unreachable: set[str] = set()
        for sender in list(self._senders):
            due = self._next_heartbeats.get(id(sender))
            # The server does not know a run whose creation waits.
            if due is None or now < due or sender.is_waiting_for_run:
                continue
            self._next_heartbeats[id(sender)] = now + pause
            sender.folder.note_heartbeat()
            # A silent server would delay each of many runs.
            if sender.client.url in unreachable:
                continue
            try:
                if id(sender) in self._watching:
                    reply = _read_cancel_request(sender)
                else:
                    reply = _send_heartbeat(sender)
                sender.answered_at = time.monotonic()
                sender.read_cancel_request(reply)
            except DELIVERY_ERRORS as error:
                if is_answer(error):
                    sender.answered_at = time.monotonic()
                # The next one can arrive; deliveries report what is wrong.
                if isinstance(error, Unreachable):
                    unreachable.add(sender.client.url)

    def _sync_growing_spools(self) -> None:
        """Force a backlog to the disk that grows while the server is away."""
        now = time.monotonic()
        if now - self._synced_at < SYNC_SECONDS:
            return
        self._synced_at = now
        for sender in list(self._senders):
            if sender.last_error is not None:
                sender.rows.sync()
                sender.logs.sync()


def _send_heartbeat(sender: Sender) -> Any:
    path = f"{sender.run_path}/heartbeat"
    body = {"attempt": sender.attempt} if sender.attempt else None
    return sender.client.json("POST", path, body, timeout=TIMEOUT_SECONDS, attempts=1)


def is_answer(error: Exception) -> bool:
    """Whether the error shows that the server responded, or does not run now.

    Without a server no other machine can get the run, so a launcher continues it.
    """
    if isinstance(error, Unreachable):
        return isinstance(error.__cause__, ConnectionRefusedError)
    return isinstance(error, StudioError)


def _read_cancel_request(sender: Sender) -> dict[str, bool]:
    """Whether the run is canceled, for a process that does not keep it alive."""
    run = sender.client.json(
        "GET", sender.run_path, timeout=TIMEOUT_SECONDS, attempts=1
    )
    return {"cancel": run["status"] in CANCELED_STATUSES}


def find_leftovers(client: Client) -> list[Sender] | None:
    """Senders for all leftovers that this client can deliver; others stay untouched.

    None while the token's user is not known.
    """
    account = read_account_if_reachable(client)
    if account is None:
        return None
    found = []
    for folder in list_abandoned_folders():
        is_mine = folder.owner.is_for(client, account)
        sender = open_sender(folder, client) if is_mine else None
        if sender is None:
            folder.unlock()
        else:
            found.append(sender)
    return found


def open_sender(folder: SpoolFolder, client: Client) -> Sender | None:
    """A sender for an existing folder; None, with a notice, if it cannot be read."""
    try:
        return Sender(folder, client, is_live=False)
    except DELIVERY_ERRORS as error:
        _print_unreadable(folder, error)
        return None


def _print_unreadable(folder: SpoolFolder, error: Exception) -> None:
    print_notice(
        f"{folder.path} cannot be read ({error}): it stays as it is.", once=True
    )


def count_waiting(folder: SpoolFolder) -> int | None:
    """How many records wait in a folder; None, with a notice, if it is damaged."""
    try:
        return WriterQueues(folder, is_live=False).waiting
    except DELIVERY_ERRORS as error:
        _print_unreadable(folder, error)
        return None


def deliver_spools_of_child_processes(
    delivery: BackgroundDelivery, parent: Sender
) -> None:
    """Deliver what child processes left that logged to the same run."""
    for folder in list_abandoned_folders():
        is_same = folder.owner.is_same_run(parent.folder.owner)
        sender = open_sender(folder, parent.client) if is_same else None
        if sender is None:
            folder.unlock()
        else:
            delivery.add(sender, heartbeats=False)
