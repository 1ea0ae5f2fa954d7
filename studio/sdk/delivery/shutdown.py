"""The end of a writer or of the process: drains, receipts, exit, forks.

No wait is endless: if the server accepts nothing for `STUDIO_DRAIN_SECONDS` (30), the
rest stays in the spool for the next run on this machine, or for `studio sync`. All runs
of a process wait these seconds once, not each of them.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from studio.sdk.client import Client
from studio.sdk.delivery.background import (
    BackgroundDelivery,
    deliver_spools_of_child_processes,
)
from studio.sdk.delivery.notices import print_notice, replace_lock_after_fork
from studio.sdk.delivery.receipts import Receipt, pluralize
from studio.sdk.delivery.sender import Sender
from studio.sdk.process import run_at_exit

#: Set to `off` where only this process's own data is to be delivered.
LEFTOVERS_VARIABLE = "STUDIO_LEFTOVERS"
#: The exit status of a script that succeeded but lost something it logged.
EXIT_LOST = 74
DEFAULT_DRAIN_SECONDS = 30.0
#: For a server that has been away for longer than the drain already.
LAST_TRY_SECONDS = 3.0
#: For each further run, once the process has waited long enough.
RETRY_SECONDS = 0.5
#: When a drain first reports its progress, and how often it repeats that.
FIRST_REPORT_SECONDS, REPEAT_REPORT_SECONDS = 2.0, 5.0


class OpenWriter(Protocol):
    """What the end of a process needs of a `Writer`."""

    client: Client
    run_id: str
    heartbeats: bool
    offline: bool
    is_child: bool
    is_launcher: bool
    is_quiet: bool
    watches_run: bool

    def close(self) -> object: ...

    def become_child(self) -> None: ...


class _ProcessState:
    """State of this process."""

    lock = threading.RLock()
    delivery: BackgroundDelivery | None = None
    open_writers: list[OpenWriter] = []  # noqa: RUF012
    #: The writers of ended runs, which this process still delivers.
    unfinished: list[Sender] = []  # noqa: RUF012
    #: How many seconds this process has waited for each server in vain.
    waited: dict[str, float] = {}  # noqa: RUF012
    #: How much each writer lost.
    lost: dict[str, int] = {}  # noqa: RUF012


def background_delivery() -> BackgroundDelivery:
    """This process's background threads."""
    with _ProcessState.lock:
        if _ProcessState.delivery is None:
            _ProcessState.delivery = BackgroundDelivery()
        return _ProcessState.delivery


def register(writer: OpenWriter) -> None:
    """Deliver at exit what the writer has not delivered by then."""
    _ProcessState.open_writers.append(writer)
    # The token of a submitted run is for that run alone: others' would be refused, or
    # become its children.
    is_allowed = os.environ.get(LEFTOVERS_VARIABLE, "") != "off"
    if is_allowed and not writer.offline:
        background_delivery().deliver_leftovers_of(writer.client)


def unregister(writer: OpenWriter) -> None:
    with contextlib.suppress(ValueError):
        _ProcessState.open_writers.remove(writer)


def drain_seconds() -> float:
    """`STUDIO_DRAIN_SECONDS`: how long to wait for a server that accepts nothing."""
    with contextlib.suppress(KeyError, ValueError):
        return max(0.0, float(os.environ["STUDIO_DRAIN_SECONDS"]))
    return DEFAULT_DRAIN_SECONDS


def drain(
    sender: Sender,
    is_done: Callable[[], bool],
    timeout: float | None = None,
    *,
    in_background: bool = False,
) -> bool:
    """Wait until `is_done`; whether it is.

    Gives up after `timeout` seconds, or when nothing was delivered for a while; with
    `in_background` as soon as the server cannot be reached.
    """
    now = since = time.monotonic()
    end = float("inf") if timeout is None else now + timeout
    stalled_at = now + _drain_seconds_for(sender)
    progress, url = sender.progress, sender.client.url
    sender.send_without_delay()
    report = DrainProgress(sender)
    background_delivery().wake_up()
    try:
        while not is_done():
            now = time.monotonic()
            if now >= min(end, stalled_at) or sender.is_blocked:
                waited = _ProcessState.waited.get(url, 0.0)
                _ProcessState.waited[url] = waited + now - since
                return False
            if in_background and background_delivery().is_unreachable(url):
                return False
            background_delivery().wait(is_done, min(0.5, end - now, stalled_at - now))
            if sender.progress != progress:
                progress, since = sender.progress, time.monotonic()
                _ProcessState.waited.pop(url, None)
                stalled_at = since + drain_seconds()
            report.update()
        return True
    finally:
        sender.is_hurried = False
        report.finish()


def record_run_end(
    writer: OpenWriter, sender: Sender, status: str | None, message: str
) -> None:
    """Remember how the run ends. If it ends repeatedly, the last status counts."""
    if writer.is_child or (sender.end_record is not None and status is None):
        return
    before = sender.end_record or {"ended": int(time.time() * 1000)}
    sender.end_record = {**before, "status": status, "message": message}
    if writer.is_launcher:
        sender.end_record["launcher"] = True
        sender.end_record["attempt"] = sender.attempt


def finish_writer(
    writer: OpenWriter,
    sender: Sender,
    timeout: float | None,
    *,
    in_background: bool = False,
) -> Receipt:
    """Deliver the rest, the receipt and the status; print what became of it.

    With `in_background` a server that cannot be reached is not waited for: this process
    goes on to deliver the rest.

    An earlier call can have been interrupted at any step: its finished steps count.
    """
    if not sender.is_closing:
        sender.save_end_record()
    if writer.offline:
        sender.leave_to_later_process()
        return _report_offline(writer, sender)
    if not sender.is_released:
        _deliver_until_timeout(writer, sender, timeout, in_background=in_background)
    if in_background and sender.receipt is None and not sender.is_blocked:
        sender.save_end_record()
        background_delivery().stop_heartbeats(sender)
        if sender not in _ProcessState.unfinished:
            _ProcessState.unfinished.append(sender)
        return sender.current_delivery_report()
    background_delivery().remove(sender)
    if sender.receipt is None:
        sender.save_end_record()
        sender.leave_to_later_process()
    receipt = sender.current_delivery_report()
    _print_delivery_report(writer, sender, receipt)
    return receipt


def _deliver_until_timeout(
    writer: OpenWriter, sender: Sender, timeout: float | None, *, in_background: bool
) -> None:
    delivery = background_delivery()
    delivery.add(sender, heartbeats=writer.heartbeats, watches=writer.watches_run)
    deliver_spools_of_child_processes(delivery, sender)
    for other in delivery.leftover_senders():
        if other.folder.owner.is_same_run(sender.folder.owner):
            drain(
                other,
                lambda other=other: other.receipt is not None,  # type: ignore[misc]
                timeout,
                in_background=in_background,
            )
    sender.is_closing = True
    drain(
        sender,
        lambda: sender.receipt is not None,
        timeout,
        in_background=in_background,
    )


def _report_offline(writer: OpenWriter, sender: Sender) -> Receipt:
    print_notice(
        f"Run {writer.run_id} was logged offline: it lies in "
        f"{sender.folder.path} until `studio sync` delivers it."
    )
    receipt = sender.current_delivery_report()
    if receipt.gone.total:
        _count_lost_data(sender, receipt.gone.total)
        print_notice(f"The disk was full; lost: {receipt.gone.describe()}.")
    return receipt


def _print_delivery_report(
    writer: OpenWriter, sender: Sender, receipt: Receipt
) -> None:
    _count_lost_data(sender, receipt.lost)
    if (writer.is_child or writer.is_quiet) and receipt.is_whole:
        return
    # Many processes join a run, and not all of them log.
    if writer.watches_run and receipt == Receipt(writer.run_id):
        return
    print_notice(receipt.line())
    if sender.receipt is None:
        error = sender.last_error
        reason = (error.message if error else "there was no time").rstrip(".")
        rest = f"It waits in {sender.folder.path}; the next run on this machine "
        rest += "delivers it, or `studio sync`."
        has_rest = receipt.waiting or sender.folder.read("end.json")
        print_notice(
            f"Not all is delivered: {reason}. {rest if has_rest else ''}".rstrip()
        )


def _count_lost_data(sender: Sender, lost: int) -> None:
    if lost:
        _ProcessState.lost[sender.folder.owner.writer] = lost


def _drain_seconds_for(sender: Sender) -> float:
    """Short for a server that has been away for long already."""
    seconds = drain_seconds()
    waited = _ProcessState.waited.get(sender.client.url, 0.0)
    if waited:
        return max(seconds - waited, min(seconds, RETRY_SECONDS))
    failing_seconds = sender.failing_since and time.monotonic() - sender.failing_since
    return (
        min(seconds, LAST_TRY_SECONDS)
        if failing_seconds and failing_seconds > seconds
        else seconds
    )


def _deliver_at_exit() -> None:
    """Deliver the rest; exit with a special status if something was lost."""
    try:
        # `close` removes the writer from the list.
        while _ProcessState.open_writers:
            _ProcessState.open_writers[0].close()
        _deliver_unfinished()
        _deliver_leftovers()
    except KeyboardInterrupt:
        print_notice("Interrupted: what is not delivered waits in the spool.")
    # An interactive session is no script whose exit status counts.
    if _ProcessState.lost and not hasattr(sys, "ps1"):
        # `sys.exit` has no effect in an exit handler, and `os._exit` flushes nothing.
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(EXIT_LOST)


run_at_exit(_deliver_at_exit)


def _deliver_unfinished() -> None:
    """Deliver what ended runs left to this process, else leave it to a later one."""
    senders, _ProcessState.unfinished = _ProcessState.unfinished, []
    left = 0
    for sender in senders:
        if not drain(sender, lambda one=sender: one.receipt is not None):  # type: ignore[misc]
            background_delivery().remove(sender)
            sender.leave_to_later_process()
            left += 1
        report = sender.current_delivery_report()
        _count_lost_data(sender, report.lost)
        if sender.receipt is not None and not report.is_whole:
            print_notice(report.line())
    if left:
        print_notice(
            f"Not all is delivered: {pluralize(left, 'ended run')} wait in the spool; "
            "the next run on this machine delivers them, or `studio sync`."
        )


def _deliver_leftovers() -> None:
    """Deliver what earlier processes left, as long as the server accepts it."""
    delivery = _ProcessState.delivery
    if delivery is None:
        return
    delivery.wake_up()
    delivery.wait(lambda: delivery.has_checked_leftovers, LAST_TRY_SECONDS)
    for sender in delivery.leftover_senders():
        drain(
            sender,
            lambda one=sender: one.receipt is not None or one.last_error is not None,  # type: ignore[misc]
        )


def register_child_exit(writer: OpenWriter) -> None:
    """Close the writer when a child of `multiprocessing` ends.

    Such a process ends without `atexit`.
    """
    if not writer.is_child:
        return
    if writer not in _ProcessState.open_writers:
        _ProcessState.open_writers.append(writer)
    module: Any = sys.modules.get("multiprocessing.util")
    if module is not None:
        module.Finalize(None, writer.close, exitpriority=10)


def _reset_after_fork() -> None:
    writers, _ProcessState.open_writers = _ProcessState.open_writers, []
    _ProcessState.lock, _ProcessState.delivery, _ProcessState.lost = (
        threading.RLock(),
        None,
        {},
    )
    _ProcessState.unfinished, _ProcessState.waited = [], {}
    replace_lock_after_fork()
    for writer in writers:
        writer.become_child()


os.register_at_fork(after_in_child=_reset_after_fork)


class DrainProgress:
    """Prints how much of a long drain is left, every few seconds."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._next = time.monotonic() + FIRST_REPORT_SECONDS
        self._has_printed = False

    def update(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + REPEAT_REPORT_SECONDS
        self._has_printed = True
        sender = self._sender
        counts = [
            pluralize(spool.waiting, noun)
            for spool, noun in (
                (sender.rows, "point"),
                (sender.logs, "log piece"),
                (sender.files, "file"),
            )
            if spool.waiting
        ]
        rest = f"{', '.join(counts) or 'the end'} of run {sender.folder.owner.run_id}"
        if sender.last_error is not None:
            print_notice(f"waiting to deliver {rest}: {sender.last_error.message}")
        else:
            print_notice(f"delivering {rest} …")

    def finish(self) -> None:
        if self._has_printed and self._sender.is_drained:
            print_notice("delivered.")
