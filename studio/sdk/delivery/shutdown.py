"""The end of things: draining, receipts, interpreter exit, forks, and lost writers.

Nothing waits for ever: when the server took nothing for `STUDIO_DRAIN_SECONDS` (30),
what is left stays in the spool for the next run on this machine, or `studio sync`.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.sdk.delivery import notices
from studio.sdk.delivery.background import Sender, adopt
from studio.sdk.delivery.notices import tell
from studio.sdk.delivery.receipts import Receipt, counted
from studio.sdk.delivery.sender import Courier

if TYPE_CHECKING:
    from studio.sdk.delivery.sender import Courier
    from studio.sdk.delivery.writer import Writer


#: What a script ends with if it would end well but something it logged was lost.
EXIT_LOST = 74
PATIENCE_SECONDS = 30.0
#: Where the server has been away for longer than that already.
LAST_TRY_SECONDS = 3.0


class _Here:
    """Of this process: its sender, its open writers, and how much each of them lost."""

    lock = threading.RLock()
    sender: Sender | None = None
    open: list[Writer] = []  # noqa: RUF012
    lost: dict[str, int] = {}  # noqa: RUF012


def sender() -> Sender:
    """This process's sender."""
    with _Here.lock:
        if _Here.sender is None:
            _Here.sender = Sender()
        return _Here.sender


def register(writer: Writer) -> None:
    """Have what the writer has not delivered at exit delivered then."""
    _Here.open.append(writer)
    if not writer.offline:
        sender().look_for_leftovers(writer.client)


def unregister(writer: Writer) -> None:
    with contextlib.suppress(ValueError):
        _Here.open.remove(writer)


def patience() -> float:
    """`STUDIO_DRAIN_SECONDS`: how long to wait for a server that takes nothing."""
    with contextlib.suppress(KeyError, ValueError):
        return max(0.0, float(os.environ["STUDIO_DRAIN_SECONDS"]))
    return PATIENCE_SECONDS


def drain(
    courier: Courier, done: Callable[[], bool], timeout: float | None = None
) -> bool:
    """Wait until `done`; gives up after `timeout`, or when nothing moves any more."""
    now = time.monotonic()
    end = float("inf") if timeout is None else now + timeout
    stalls = now + _patience_with(courier)
    moved = courier.progress
    courier.hurry()
    show = Progress(courier)
    sender().hurry()
    try:
        while not done():
            now = time.monotonic()
            if now >= min(end, stalls) or courier.is_blocked:
                return False
            sender().wait(done, min(0.5, end - now, stalls - now))
            if courier.progress != moved:
                moved, stalls = courier.progress, time.monotonic() + patience()
            show.update()
        return True
    finally:
        courier.hurried = False
        show.end()


def note(writer: Writer, courier: Courier, status: str | None, message: str) -> None:
    """Remember how the run ends. Of an end that is repeated the last word counts."""
    if writer.is_child or (courier.ending is not None and status is None):
        return
    before = courier.ending or {"ended": int(time.time() * 1000)}
    courier.ending = {**before, "status": status, "message": message}


def close(writer: Writer, courier: Courier, timeout: float | None) -> Receipt:
    """Deliver what is left, the receipt and the status; say what became of it.

    It may have been interrupted at any step before: what was done then stays done.
    """
    if not courier.is_closing:
        courier.keep_ending()
    if writer.offline:
        courier.release()
        return _tell_offline(writer, courier)
    if not courier.is_left:
        _deliver(writer, courier, timeout)
    sender().remove(courier)
    if courier.receipt is None:
        courier.keep_ending()
        courier.release()
    receipt = courier.tally()
    _tell(writer, courier, receipt)
    return receipt


def _deliver(writer: Writer, courier: Courier, timeout: float | None) -> None:
    here = sender()
    here.add(courier, heartbeats=writer.heartbeats)
    adopt(here, courier)
    for other in here.leftovers():
        if other.place.owner.is_of_run(courier.place.owner):
            drain(other, lambda other=other: other.receipt is not None, timeout)  # type: ignore[misc]
    courier.is_closing = True
    drain(courier, lambda: courier.receipt is not None, timeout)


def _tell_offline(writer: Writer, courier: Courier) -> Receipt:
    notices.tell(
        f"Run {writer.run_id} was logged offline: it lies in "
        f"{courier.place.folder} until `studio sync` delivers it."
    )
    receipt = courier.tally()
    if receipt.gone.total:
        _count(courier, receipt.gone.total)
        notices.tell(f"The disk was full; lost: {receipt.gone.words()}.")
    return receipt


def _tell(writer: Writer, courier: Courier, receipt: Receipt) -> None:
    _count(courier, receipt.lost)
    if writer.is_child and receipt.is_whole:
        return
    notices.tell(receipt.line())
    if courier.receipt is None:
        why = courier.trouble.message if courier.trouble else "there was no time"
        rest = f"It waits in {courier.place.folder}; the next run on this machine "
        rest += "delivers it, or `studio sync`."
        is_left = receipt.waiting or courier.place.read("end.json")
        why = why.rstrip(".")
        notices.tell(f"Not all is delivered: {why}. {rest if is_left else ''}".rstrip())


def _count(courier: Courier, lost: int) -> None:
    if lost:
        _Here.lost[courier.place.owner.writer] = lost


def _patience_with(courier: Courier) -> float:
    """Short with a server that has been away for long already."""
    given = patience()
    away = courier.trouble_since and time.monotonic() - courier.trouble_since
    return min(given, LAST_TRY_SECONDS) if away and away > given else given


@atexit.register
def _at_exit() -> None:
    """Deliver what is left; end with a status of its own where something was lost."""
    try:
        while _Here.open:
            _Here.open[0].close()
        _deliver_leftovers()
    except KeyboardInterrupt:
        notices.tell("Interrupted: what is not delivered waits in the spool.")
    if _Here.lost and not hasattr(sys, "ps1"):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(EXIT_LOST)


def _deliver_leftovers() -> None:
    """What earlier processes left goes along, as long as the server takes it."""
    here = _Here.sender
    if here is None:
        return
    here.hurry()
    here.wait(lambda: here.has_looked, LAST_TRY_SECONDS)
    for one in here.leftovers():
        drain(one, lambda one=one: one.receipt is not None or one.trouble is not None)  # type: ignore[misc]


def drain_child(writer: Writer) -> None:
    """Children of `multiprocessing` end without `atexit`: use its own way."""
    if not writer.is_child:
        return
    if writer not in _Here.open:
        _Here.open.append(writer)
    module: Any = sys.modules.get("multiprocessing.util")
    if module is not None:
        module.Finalize(None, writer.close, exitpriority=10)


def _after_fork() -> None:
    writers, _Here.open = _Here.open, []
    _Here.lock, _Here.sender, _Here.lost = threading.RLock(), None, {}
    notices.renew_lock()
    for writer in writers:
        writer.become_child()


os.register_at_fork(after_in_child=_after_fork)


FIRST_SECONDS, EACH_SECONDS = 2.0, 5.0


class Progress:
    """Says every few seconds how much is left, from the second second on."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._next = time.monotonic() + FIRST_SECONDS
        self._said = False

    def update(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + EACH_SECONDS
        self._said = True
        courier = self._courier
        parts = [
            counted(spool.waiting, name)
            for spool, name in (
                (courier.rows, "point"),
                (courier.logs, "log piece"),
                (courier.files, "file"),
            )
            if spool.waiting
        ]
        what = f"{', '.join(parts) or 'the end'} of run {courier.place.owner.run_id}"
        if courier.trouble is not None:
            tell(f"waiting to deliver {what}: {courier.trouble.message}")
        else:
            tell(f"delivering {what} …")

    def end(self) -> None:
        if self._said and self._courier.is_drained:
            tell("delivered.")
